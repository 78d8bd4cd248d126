#include "transports/tcp_connection.h"

#include <sys/socket.h>

#include <cerrno>

#include "transports/tcp_upstream.h"

namespace vouch {

TcpExchange::TcpExchange(TcpUpstream& upstream, const UpstreamQuestion& question)
    : upstream_(upstream), question_(question), timer_(upstream.loop_.base(), &TcpExchange::expired, this) {}

TcpExchange::~TcpExchange() {
  if (connection_ != nullptr) { connection_->leave(*this, false); }
}

bool TcpExchange::begin(bool on_fresh_connection) {
  TcpConnection* const connection = upstream_.connection_to(question_.server, on_fresh_connection);
  if (connection == nullptr) { return false; }
  sent_at_ = upstream_.loop_.now();
  timer_.arm(question_.deadline - sent_at_);
  connection->join(*this);
  return true;
}

ReplyFit TcpExchange::judge(Bytes message) const {
  return question_.check != nullptr ? (*question_.check)(message) : ReplyFit::accept;
}

void TcpExchange::expired(void* self) {
  auto& exchange = *static_cast<TcpExchange*>(self);
  if (exchange.connection_ != nullptr) { exchange.connection_->leave(exchange, true); }
  exchange.finish(UpstreamReply::Status::timeout, {}, false);
}

// Resumes whoever waits, who destroys this: nothing of ours may be touched afterwards.
void TcpExchange::finish(UpstreamReply::Status status, Bytes packet, bool may_retry) {
  if (done.is_set()) { return; }
  timer_.disarm();
  TcpOutcome outcome;
  outcome.may_retry = may_retry;
  outcome.reply.status = status;
  outcome.reply.rtt = upstream_.loop_.now() - sent_at_;
  outcome.reply.packet.assign(packet.begin(), packet.end());
  done.set(std::move(outcome));
}

TcpConnection::TcpConnection(TcpUpstream& upstream, Socket socket, const SocketAddress& server)
    : upstream_(upstream),
      server_(server),
      socket_(std::move(socket)),
      reads_(
          upstream.loop_.base(), socket_.fd(), EV_READ,
          [](void* self) { static_cast<TcpConnection*>(self)->on_readable(); }, this),
      writes_(
          upstream.loop_.base(), socket_.fd(), EV_WRITE,
          [](void* self) { static_cast<TcpConnection*>(self)->on_writable(); }, this) {}

TcpConnection::~TcpConnection() {
  while (TcpExchange* const exchange = waiting_.front()) { let_go(*exchange); }
}

bool TcpConnection::start() { return reads_.watch(true) && writes_.watch(true); }

void TcpConnection::let_go(TcpExchange& exchange) noexcept {
  exchange.unlink();
  exchange.connection_ = nullptr;
  --waiting_count_;
}

void TcpConnection::join(TcpExchange& exchange) {
  if (Linked<IdleConnections>::is_linked()) {
    Linked<IdleConnections>::unlink();
    --upstream_.idle_count_;
  }
  waiting_.push_back(exchange);
  ++waiting_count_;
  exchange.connection_ = this;
  exchange.on_used_connection_ = used_;
  append_frame(output_, exchange.question_.packet);
  // Not sent from here: a failure would end a question that is not waiting yet, and its neighbours may join it.
  if (connected_) { upstream_.loop_.at_end_of_turn(*this); }
}

void TcpConnection::leave(TcpExchange& exchange, bool has_timed_out) noexcept {
  let_go(exchange);
  ++owed_;
  retired_ = retired_ || has_timed_out;
  review();
}

// What to do when nobody waits any more.
void TcpConnection::review() noexcept {
  if (closed_ || waiting_count_ != 0) { return; }
  if (retired_ || !connected_) {
    close(UpstreamReply::Status::unreachable);
  } else if (!Linked<IdleConnections>::is_linked()) {
    upstream_.set_idle(*this);
  }
}

void TcpConnection::on_writable() {
  if (!connected_) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(socket_.fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      close(UpstreamReply::Status::unreachable);
      return;
    }
    connected_ = true;
  }
  flush();
}

void TcpConnection::flush() {
  if (closed_) { return; }
  if (!output_.empty()) {
    const ssize_t sent = send(socket_.fd(), output_.data(), output_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      close(UpstreamReply::Status::unreachable);
      return;
    }
    if (sent > 0) { output_.erase(output_.begin(), output_.begin() + sent); }
  }
  if (output_.empty()) { output_ = Buffer(); }
  if (!writes_.watch(!output_.empty())) { close(UpstreamReply::Status::unreachable); }
}

void TcpConnection::on_readable() {
  auto& scratch = *upstream_.scratch_;
  const ssize_t got = recv(socket_.fd(), scratch.data(), scratch.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) { return; }
  if (got <= 0) {
    close(UpstreamReply::Status::unreachable);
    return;
  }
  // What take() resumes may ask again, on this connection too, but reads nothing: the scratch is ours until settle().
  framer_.add({scratch.data(), static_cast<std::size_t>(got)});
  while (!closed_) {
    const auto message = framer_.next();
    if (!message) { break; }
    take(*message);
  }
  framer_.settle();
}

TcpExchange* TcpConnection::find_match(Bytes message, bool& is_rejected) const {
  for (TcpExchange* exchange = waiting_.front(); exchange != nullptr; exchange = waiting_.after(*exchange)) {
    const ReplyFit fit = exchange->judge(message);
    if (fit == ReplyFit::accept) { return exchange; }
    is_rejected = is_rejected || fit == ReplyFit::forgery;
  }
  return nullptr;
}

void TcpConnection::take(Bytes message) {
  bool is_rejected = false;
  TcpExchange* const match = find_match(message, is_rejected);
  if (match != nullptr) {
    used_ = true;
    let_go(*match);
    review();
    match->finish(UpstreamReply::Status::ok, message, false);
    return;
  }
  if (owed_ != 0) {
    --owed_;
    return;
  }
  close(is_rejected ? UpstreamReply::Status::forgery : UpstreamReply::Status::unreachable);
}

void TcpConnection::close(UpstreamReply::Status status) noexcept {
  if (closed_) { return; }
  closed_ = true;
  reads_.watch(false);
  writes_.watch(false);
  socket_.close();
  upstream_.bury(*this);
  while (TcpExchange* const exchange = waiting_.front()) {
    const bool may_retry = status == UpstreamReply::Status::unreachable && exchange->on_used_connection_;
    let_go(*exchange);
    exchange->finish(status, {}, may_retry);
  }
}

}  // namespace vouch
