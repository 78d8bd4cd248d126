#include "transports/upstream_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "transports/stream_upstream.h"

namespace vouch {

TlsPeer peer_of(const UpstreamQuestion& question) {
  return {.address = question.server,
          .name = std::string(question.tls_name),
          .pins = {question.tls_pins.begin(), question.tls_pins.end()}};
}

bool is_peer_of(const TlsPeer& peer, const UpstreamQuestion& question) noexcept {
  return peer.address == question.server && peer.name == question.tls_name &&
         std::ranges::equal(peer.pins, question.tls_pins);
}

UpstreamExchange::UpstreamExchange(StreamUpstream& upstream, const UpstreamQuestion& question)
    : upstream_(upstream), question_(question), timer_(upstream.loop_.base(), &UpstreamExchange::expired, this) {}

UpstreamExchange::~UpstreamExchange() {
  if (connection_ != nullptr) { connection_->leave(*this, false); }
}

bool UpstreamExchange::begin(bool on_fresh_connection) {
  UpstreamConnection* const connection = upstream_.connection_for(question_, on_fresh_connection);
  if (connection == nullptr) { return false; }
  sent_at_ = upstream_.loop_.now();
  timer_.arm(question_.deadline - sent_at_);
  connection->join(*this);
  return true;
}

ReplyFit UpstreamExchange::judge(Bytes message) const {
  return question_.check != nullptr ? (*question_.check)(message) : ReplyFit::accept;
}

void UpstreamExchange::expired(void* self) {
  auto& exchange = *static_cast<UpstreamExchange*>(self);
  if (exchange.connection_ != nullptr) { exchange.connection_->leave(exchange, true); }
  exchange.finish(UpstreamReply::Status::timeout, {}, false);
}

// Resumes whoever waits, who destroys this: nothing of ours may be touched afterwards.
void UpstreamExchange::finish(UpstreamReply::Status status, Bytes packet, bool may_retry, std::string_view why) {
  if (done.is_set()) { return; }
  timer_.disarm();
  StreamOutcome outcome;
  outcome.may_retry = may_retry;
  outcome.reply.status = status;
  outcome.reply.rtt = upstream_.loop_.now() - sent_at_;
  outcome.reply.packet.assign(packet.begin(), packet.end());
  outcome.reply.why = why;
  done.set(std::move(outcome));
}

UpstreamConnection::UpstreamConnection(StreamUpstream& upstream, std::unique_ptr<ByteStream> stream, TlsStream* tls,
                                       TlsPeer peer)
    : upstream_(upstream),
      stream_(std::move(stream)),
      tls_(tls),
      peer_(std::move(peer)),
      reads_(
          upstream.loop_.base(), stream_->fd(), EV_READ,
          [](void* self) { static_cast<UpstreamConnection*>(self)->on_readable(); }, this),
      writes_(
          upstream.loop_.base(), stream_->fd(), EV_WRITE,
          [](void* self) { static_cast<UpstreamConnection*>(self)->on_writable(); }, this) {}

UpstreamConnection::~UpstreamConnection() {
  while (UpstreamExchange* const exchange = waiting_.front()) { let_go(*exchange); }
}

bool UpstreamConnection::start() { return reads_.watch(true) && writes_.watch(true); }

bool UpstreamConnection::leads_to_peer_of(const UpstreamQuestion& question) const noexcept {
  if (is_tls() != (question.protocol == UpstreamProtocol::tls)) { return false; }
  return is_peer_of(peer_, question);
}

void UpstreamConnection::let_go(UpstreamExchange& exchange) noexcept {
  exchange.unlink();
  exchange.connection_ = nullptr;
  --waiting_count_;
}

void UpstreamConnection::join(UpstreamExchange& exchange) {
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

// Who hears others answered knows that the connection lives and the one question is slow: it is left open for them. A
// forwarder that is asked for dead zones would otherwise cost a handshake for each.
void UpstreamConnection::leave(UpstreamExchange& exchange, bool has_timed_out) noexcept {
  const bool is_silent = heard_at_ <= exchange.sent_at_;
  let_go(exchange);
  ++owed_;
  retired_ = retired_ || (has_timed_out && is_silent);
  review();
}

// What to do when nobody waits any more.
void UpstreamConnection::review() noexcept {
  if (closed_ || waiting_count_ != 0) { return; }
  if (retired_ || !connected_ || !stream_->is_established()) {
    close(UpstreamReply::Status::unreachable);
  } else if (!Linked<IdleConnections>::is_linked()) {
    upstream_.set_idle(*this);
  }
}

void UpstreamConnection::on_writable() {
  if (!connected_) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(stream_->fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      close(UpstreamReply::Status::unreachable);
      return;
    }
    connected_ = true;
    if (!stream_->is_established()) {
      on_readable();  // the handshake's first words are ours
      return;
    }
  }
  flush();
}

void UpstreamConnection::end_of_turn() {
  if (closed_) { return; }
  if (more_to_read_) {
    on_readable();
  } else {
    flush();
  }
}

void UpstreamConnection::flush() {
  if (closed_ || !connected_) { return; }
  const bool may_ask = stream_->is_established() && !output_.empty();
  const auto sent = may_ask ? stream_->send(output_) : stream_->flush();
  if (!sent) {
    close(UpstreamReply::Status::unreachable);
    return;
  }
  if (may_ask) { output_ = Buffer(); }
  if (!writes_.watch(stream_->unsent() != 0)) { close(UpstreamReply::Status::unreachable); }
}

// The stream is broken. Before the handshake is over that may be because the server is not whom we want to ask, and
// then nothing has been said to it but the handshake's own.
void UpstreamConnection::fail() {
  static_cast<void>(stream_->flush());  // an alert, for whoever reads the other side's log
  const bool is_hurt = tls_ == nullptr || tls_->is_established() || tls_->failure() == TlsFailure::gone;
  if (is_hurt) {
    close(UpstreamReply::Status::unreachable);
    return;
  }
  const std::string why = tls_->failure_text();
  upstream_.distrust(peer_, why);
  close(UpstreamReply::Status::untrusted, why);
}

void UpstreamConnection::on_readable() {
  if (!connected_) { return; }  // an error: on_writable() is told as well, and finds out which
  auto& scratch = *upstream_.scratch_;
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    const ByteStream::Read got = stream_->read(scratch);
    more_to_read_ = got.may_have_more;
    if (got.octets != 0) { take_all(Bytes(scratch).first(got.octets)); }
    if (closed_) { return; }
    if (got.status == ByteStream::Status::failed || got.status == ByteStream::Status::gone) {
      fail();
      return;
    }
    if (got.status == ByteStream::Status::ended) {
      close(UpstreamReply::Status::unreachable);
      return;
    }
    if (!more_to_read_) { break; }
  }
  flush();
  if (more_to_read_ && !closed_) { upstream_.loop_.at_end_of_turn(*this); }
}

void UpstreamConnection::take_all(Bytes octets) {
  // What take() resumes may ask again, on this connection too, but reads nothing: the scratch is ours until settle().
  framer_.add(octets);
  while (!closed_) {
    const auto message = framer_.next();
    if (!message) { break; }
    take(*message);
  }
  framer_.settle();
}

UpstreamExchange* UpstreamConnection::find_match(Bytes message, bool& is_rejected) const {
  for (UpstreamExchange* exchange = waiting_.front(); exchange != nullptr; exchange = waiting_.after(*exchange)) {
    const ReplyFit fit = exchange->judge(message);
    if (fit == ReplyFit::accept) { return exchange; }
    is_rejected = is_rejected || fit == ReplyFit::forgery;
  }
  return nullptr;
}

void UpstreamConnection::take(Bytes message) {
  bool is_rejected = false;
  UpstreamExchange* const match = find_match(message, is_rejected);
  if (match != nullptr) {
    used_ = true;
    heard_at_ = upstream_.loop_.now();
    let_go(*match);
    review();
    match->finish(UpstreamReply::Status::ok, message, false);
    return;
  }
  if (owed_ != 0) {
    --owed_;
    heard_at_ = upstream_.loop_.now();
    return;
  }
  close(is_rejected ? UpstreamReply::Status::forgery : UpstreamReply::Status::unreachable);
}

void UpstreamConnection::close(UpstreamReply::Status status, std::string_view why) noexcept {
  if (closed_) { return; }
  closed_ = true;
  reads_.watch(false);
  writes_.watch(false);
  if (connected_) {
    stream_->say_goodbye();
    static_cast<void>(stream_->flush());
  }
  stream_->close();
  upstream_.bury(*this);
  while (UpstreamExchange* const exchange = waiting_.front()) {
    const bool may_retry = status == UpstreamReply::Status::unreachable && exchange->on_used_connection_;
    let_go(*exchange);
    exchange->finish(status, {}, may_retry, why);
  }
}

}  // namespace vouch
