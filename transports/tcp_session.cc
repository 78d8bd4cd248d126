#include "transports/tcp_session.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

namespace vouch {

namespace {

// A hundred connections that all send without pause then still leave UDP a turn every few milliseconds.
constexpr int kMessagesPerTurn = 32;

// A client that was slow once keeps no buffer for it.
constexpr std::size_t kKeptOutput = 4096;

}  // namespace

struct TcpSession::Link {
  TcpSession* session;
};

class TcpSession::Reply final : public ReplyHandle {
 public:
  explicit Reply(std::shared_ptr<Link> link) : link_(std::move(link)) { ++link_->session->in_flight_; }
  ~Reply() override {
    TcpSession* const session = link_->session;
    if (session == nullptr) { return; }
    --session->in_flight_;
    session->home_.loop.at_end_of_turn(*session);  // it may go on reading, or be idle now
  }
  void send(Bytes message) override {
    if (link_->session != nullptr) { link_->session->answer_later(message); }
  }

 private:
  std::shared_ptr<Link> link_;
};

class TcpSession::Room final : public ReplyRoom {
 public:
  Room(TcpSession& session, MutableBytes buffer) : session_(session), buffer_(buffer) {}
  MutableBytes buffer() override { return buffer_; }
  std::unique_ptr<ReplyHandle> keep() override {
    if (session_.is_closed_) { return nullptr; }
    if (session_.link_ == nullptr) { session_.link_ = std::make_shared<Link>(&session_); }
    return std::make_unique<Reply>(session_.link_);
  }

 private:
  TcpSession& session_;
  MutableBytes buffer_;
};

TcpSession::TcpSession(TcpSessionHome& home, Socket socket, const SocketAddress& client, const SocketAddress& local)
    : home_(home),
      client_(client),
      local_(local),
      socket_(std::move(socket)),
      reads_(
          home.loop.base(), socket_.fd(), EV_READ, [](void* self) { static_cast<TcpSession*>(self)->on_readable(); },
          this),
      writes_(
          home.loop.base(), socket_.fd(), EV_WRITE,
          [](void* self) {
            auto& session = *static_cast<TcpSession*>(self);
            session.write({});
            session.review(false);
          },
          this) {}

TcpSession::~TcpSession() {
  if (link_ != nullptr) { link_->session = nullptr; }
}

bool TcpSession::start() {
  home_.limits.set_idle(*this, true);
  return reads_.watch(true);
}

void TcpSession::expire(End why) {
  if (why == End::idle || why == End::evicted) {
    home_.counters.tcp_closed_idle.add();
    close();
  } else {
    home_.counters.tcp_closed_abuse.add();
    abort();
  }
}

void TcpSession::on_readable() {
  if (framer_.has_whole_message()) { return; }  // end_of_turn() goes on with those first
  const ssize_t got = recv(socket_.fd(), home_.scratch.input.data(), TcpScratch::kRead, 0);
  if (got > 0) {
    take({home_.scratch.input.data(), static_cast<std::size_t>(got)});
  } else if (got == 0) {
    at_end_ = true;  // a client may close its half and wait for its answers
    review(false);
  } else if (errno != EAGAIN && errno != EINTR) {
    close();
  }
}

bool TcpSession::may_take() const noexcept {
  return !is_closed_ && !is_blocked_ && in_flight_ < home_.options.max_in_flight;
}

void TcpSession::take(Bytes fresh) {
  std::size_t used = 0;
  bool has_completed = false;
  bool is_abuse = false;
  framer_.add(fresh);
  for (int left = kMessagesPerTurn; left > 0 && !is_abuse && may_take(); --left) {
    const auto message = framer_.next();
    if (!message) { break; }
    has_completed = true;
    is_abuse = message->empty();  // 32,767 of them fit in one read, and no protocol of ours sends one
    if (!is_abuse) { used = serve(*message, used); }
  }
  framer_.settle();
  write({home_.scratch.output.data(), used});
  if (is_abuse && !is_closed_) {
    home_.counters.tcp_closed_abuse.add();
    abort();
  }
  review(has_completed);
}

// Returns how much of the scratch output is used now.
std::size_t TcpSession::serve(Bytes message, std::size_t used) {
  auto& output = home_.scratch.output;
  if (output.size() - used < TcpScratch::kAnswer) {
    write({output.data(), used});
    used = 0;
  }
  Octet* const frame = output.data() + used;
  Room room(*this, {frame + LengthFramer::kPrefix, LengthFramer::kMaxMessage});
  const std::size_t octets = home_.sink.answer({message, client_, local_, ClientProtocol::tcp}, room);
  if (octets == 0 || octets > LengthFramer::kMaxMessage) { return used; }
  store16(frame, u16(octets));
  return used + LengthFramer::kPrefix + octets;
}

void TcpSession::answer_later(Bytes message) {
  if (message.size() > LengthFramer::kMaxMessage) { return; }
  const std::size_t frame = LengthFramer::kPrefix + message.size();
  if (output_.size() + frame > home_.options.max_output) { write({}); }
  if (is_closed_) { return; }
  if (output_.size() + frame > home_.options.max_output) {
    home_.counters.tcp_closed_abuse.add();  // it asked for all this and reads none of it
    abort();
    return;
  }
  append_frame(output_, message);
  home_.loop.at_end_of_turn(*this);
}

void TcpSession::end_of_turn() {
  if (!is_blocked_) { write({}); }
  if (may_take() && framer_.has_whole_message()) {
    take({});
  } else {
    review(false);
  }
}

void TcpSession::write(Bytes fresh) {
  if (is_closed_ || (output_.empty() && fresh.empty())) { return; }
  iovec parts[] = {{.iov_base = output_.data(), .iov_len = output_.size()},
                   {.iov_base = const_cast<Octet*>(fresh.data()), .iov_len = fresh.size()}};
  const msghdr header{.msg_name = nullptr,
                      .msg_namelen = 0,
                      .msg_iov = parts,
                      .msg_iovlen = 2,
                      .msg_control = nullptr,
                      .msg_controllen = 0,
                      .msg_flags = 0};
  const ssize_t sent = sendmsg(socket_.fd(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    close();
    return;
  }
  keep_unsent(sent > 0 ? static_cast<std::size_t>(sent) : 0, fresh);
  const bool was_blocked = is_blocked_;
  is_blocked_ = !output_.empty();
  if (!is_blocked_) {
    home_.limits.set_stalled(*this, false);
  } else if (!was_blocked || sent > 0) {
    home_.limits.set_stalled(*this, true);
  }
}

void TcpSession::keep_unsent(std::size_t sent, Bytes fresh) {
  const std::size_t old = std::min(sent, output_.size());
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(old));
  const Bytes unsent = fresh.subspan(sent - old);
  output_.insert(output_.end(), unsent.begin(), unsent.end());
  if (output_.empty() && output_.capacity() > kKeptOutput) { output_ = Buffer(); }
}

// After anything has happened: what to wait for now.
void TcpSession::review(bool has_completed_message) {
  if (is_closed_) { return; }
  const bool has_work = framer_.has_whole_message();
  const bool is_quiet = in_flight_ == 0 && output_.empty() && !has_work;
  if (at_end_ && is_quiet) {
    close();
    return;
  }
  if (has_work && may_take()) { home_.loop.at_end_of_turn(*this); }
  if (!reads_.watch(!at_end_ && may_take()) || !writes_.watch(is_blocked_)) {
    close();
    return;
  }
  // While it is we who do not read, a half message is no fault of the client's.
  const bool is_receiving = framer_.is_mid_message() && may_take() && !at_end_;
  if (is_receiving != SessionLimits::is_receiving(*this) || (is_receiving && has_completed_message)) {
    home_.limits.set_receiving(*this, is_receiving);
  }
  home_.limits.set_idle(*this, is_quiet && !framer_.is_mid_message());
}

void TcpSession::close() noexcept {
  if (is_closed_) { return; }
  is_closed_ = true;
  if (link_ != nullptr) { link_->session = nullptr; }
  home_.limits.leave(*this);
  reads_.watch(false);
  writes_.watch(false);
  socket_.close();
  home_.bury(*this);
}

void TcpSession::abort() noexcept {
  if (is_closed_) { return; }
  reset_on_close(socket_.fd());
  close();
}

}  // namespace vouch
