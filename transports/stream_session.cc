#include "transports/stream_session.h"

#include <sys/socket.h>

#include <cerrno>

namespace vouch {

struct StreamSession::Link {
  StreamSession* session;
};

class StreamSession::Reply final : public ReplyHandle {
 public:
  Reply(std::shared_ptr<Link> link, Tag tag) : link_(std::move(link)), tag_(tag) { ++link_->session->in_flight_; }
  ~Reply() override {
    StreamSession* const session = link_->session;
    if (session == nullptr) { return; }
    --session->in_flight_;
    if (!sent_) { session->give_up(tag_); }
    session->wake_at_end_of_turn();  // it may go on reading, or be idle now
  }
  void send(Bytes message) override {
    sent_ = true;
    if (link_->session != nullptr) { link_->session->answer_late(tag_, message); }
  }

 private:
  std::shared_ptr<Link> link_;
  const Tag tag_;
  bool sent_ = false;
};

std::unique_ptr<ReplyHandle> StreamSession::Room::keep() {
  if (session_.is_closed_) { return nullptr; }
  if (session_.link_ == nullptr) { session_.link_ = std::make_shared<Link>(&session_); }
  was_kept_ = true;
  return std::make_unique<Reply>(session_.link_, tag_);
}

StreamSession::StreamSession(StreamSessionHome& home, std::unique_ptr<ByteStream> stream, const Ends& ends)
    : home_(home),
      ends_(ends),
      stream_(std::move(stream)),
      reads_(
          home.loop.base(), stream_->fd(), EV_READ,
          [](void* self) { static_cast<StreamSession*>(self)->on_readable(); }, this),
      writes_(
          home.loop.base(), stream_->fd(), EV_WRITE,
          [](void* self) { static_cast<StreamSession*>(self)->on_writable(); }, this) {}

StreamSession::~StreamSession() {
  if (link_ != nullptr) { link_->session = nullptr; }
  reads_.watch(false);  // before the stream closes the descriptor
  writes_.watch(false);
}

bool StreamSession::start(bool behind_proxy) {
  has_handshake_ = !stream_->is_established();
  if (behind_proxy) { proxy_header_ = std::make_unique<ProxyHeaderReader>(); }
  is_established_ = !behind_proxy && !has_handshake_;
  if (is_established_) {
    home_.limits.set_idle(*this, true);
  } else {
    home_.limits.set_handshaking(*this, true);
  }
  return reads_.watch(true);
}

void StreamSession::expire(End why) {
  if (is_closed_) { return; }
  if (why == End::idle || why == End::evicted) {
    home_.counters.closed_idle.add();
    before_close(why);
    close_in_order();
    return;
  }
  if (why == End::slow_handshake) { home_.counters.handshake_failures.add(); }
  if (proxy_header_ == nullptr) { home_.counters.closed_abuse.add(); }  // before that it was not accepted yet
  abort();
}

void StreamSession::read_proxy_header() {
  std::array<Octet, kMaxProxyHeader> octets;
  const std::size_t wanted = proxy_header_->wanted();
  const ssize_t got = recv(stream_->fd(), octets.data(), wanted, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) { return; }
  if (got <= 0 || !proxy_header_->add(Bytes(octets).first(static_cast<std::size_t>(got)))) {
    home_.counters.handshake_failures.add();
    abort();
    return;
  }
  if (proxy_header_->wanted() == 0) { greet(); }
}

// The proxy has said whom it speaks for: from here on that is our client, to every rule that we have.
void StreamSession::greet() {
  if (const auto& proxied = proxy_header_->ends()) { ends_ = {proxied->client, proxied->local}; }
  proxy_header_.reset();
  const IpAddress client = ends_.client.ip();
  const bool is_stranger = home_.protocol > ClientProtocol::tcp && !home_.sink.admits(client);
  if (is_stranger || !home_.limits.attribute(*this, client)) {
    home_.counters.refused.add();
    abort();
    return;
  }
  home_.counters.accepted.add();
  note_handshake();
  review({});  // who says nothing more is idle from now on
}

void StreamSession::note_handshake() {
  if (is_established_ || !stream_->is_established()) { return; }
  is_established_ = true;
  home_.limits.set_handshaking(*this, false);
  if (has_handshake_) { (stream_->was_resumed() ? home_.counters.resumed : home_.counters.handshakes).add(); }
}

void StreamSession::on_readable() {
  if (proxy_header_ != nullptr) {
    read_proxy_header();
    return;
  }
  if (is_established_ && has_work()) { return; }                        // end_of_turn() goes on with that first
  if (!is_established_ && !home_.limits.may_shake_hands()) { return; }  // we are called again in the next turn
  const ByteStream::Read read = stream_->read(home_.scratch.input);
  has_more_inside_ = read.may_have_more;
  note_handshake();
  if (read.octets != 0) {
    home_.counters.octets_received.add(read.octets);
    review(take(Bytes(home_.scratch.input).first(read.octets)));
    if (is_closed_) { return; }
  }
  if (read.status == ByteStream::Status::failed || read.status == ByteStream::Status::gone) {
    if (!is_established_) {
      home_.counters.handshake_failures.add();
    } else if (read.status == ByteStream::Status::failed) {
      home_.counters.closed_abuse.add();
    }
    stream_->flush();  // an alert tells an honest peer what was wrong
    close();
    return;
  }
  if (stream_->unsent() != 0 && !is_blocked_) { write({}); }  // the handshake's own octets, or a key update's
  at_end_ = at_end_ || read.status == ByteStream::Status::ended;
  if (is_closed_ || (read.octets != 0 && !at_end_)) { return; }
  if (at_end_ && !is_established_) {
    home_.counters.handshake_failures.add();
    close();
    return;
  }
  review({});
}

void StreamSession::on_writable() {
  write({});
  if (!is_closed_ && !is_blocked_) { wake_at_end_of_turn(); }  // answers may have come meanwhile
  review({});
}

bool StreamSession::may_take() const noexcept {
  return !is_closed_ && !is_blocked_ && in_flight_ < home_.options.max_in_flight;
}

void StreamSession::end_of_turn() {
  if (is_closed_) { return; }
  if (!is_blocked_) { send_late(); }
  if (is_established_ && may_take() && has_work()) {
    review(take({}));
  } else if (has_more_inside_ && (may_take() || !is_established_)) {
    on_readable();
  } else {
    review({});
  }
}

void StreamSession::write(Bytes octets) {
  if (is_closed_ || (octets.empty() && stream_->unsent() == 0)) { return; }
  home_.counters.octets_sent.add(octets.size());
  const auto sent = stream_->send(octets);
  if (!sent) {
    close();
    return;
  }
  const bool was_blocked = is_blocked_;
  is_blocked_ = stream_->unsent() != 0;
  if (!is_blocked_) {
    home_.limits.set_stalled(*this, false);
  } else if (!was_blocked || *sent > 0) {
    home_.limits.set_stalled(*this, true);
  }
}

bool StreamSession::has_no_room_for(std::size_t octets) {
  if (stream_->unsent() + octets <= home_.options.max_output) { return false; }
  write({});
  return stream_->unsent() + octets > home_.options.max_output;
}

// After anything has happened: what to wait for now.
void StreamSession::review(Taken taken) {
  if (is_closed_) { return; }
  if (!is_established_) {
    if (has_more_inside_) { wake_at_end_of_turn(); }
    if (!reads_.watch(!at_end_) || !writes_.watch(is_blocked_)) { close(); }
    return;
  }
  const bool has_more = has_work() || has_more_inside_;
  const bool is_quiet = in_flight_ == 0 && stream_->unsent() == 0 && !has_more && !is_busy();
  if (at_end_ && is_quiet) {
    close_in_order();
    return;
  }
  if (has_more && may_take()) { wake_at_end_of_turn(); }
  if (!reads_.watch(!at_end_ && may_take()) || !writes_.watch(is_blocked_)) {
    close();
    return;
  }
  // While it is we who do not read, a half message is no fault of the client's.
  const bool is_receiving = is_mid_anything() && may_take() && !at_end_;
  if (is_receiving != SessionLimits::is_receiving(*this) || (is_receiving && taken.oldest)) {
    home_.limits.set_receiving(*this, is_receiving);
  }
  // Only a message ends the silence: octets that make none, or parts of messages, must not buy a client more time.
  if (is_quiet != SessionLimits::is_idle(*this) || (is_quiet && taken.any)) { home_.limits.set_idle(*this, is_quiet); }
}

// Within a message, or within a record of TLS that may hold one. What is inside whole is ours to look at first.
bool StreamSession::is_mid_anything() const noexcept {
  return is_mid_message() || (!has_more_inside_ && stream_->is_mid_record());
}

void StreamSession::close() noexcept {
  if (is_closed_) { return; }
  is_closed_ = true;
  if (link_ != nullptr) { link_->session = nullptr; }
  home_.limits.leave(*this);
  reads_.watch(false);
  writes_.watch(false);
  stream_->close();
  home_.bury(*this);
}

void StreamSession::close_in_order() {
  if (is_closed_) { return; }
  stream_->say_goodbye();
  stream_->flush();
  close();
}

void StreamSession::abort() noexcept {
  if (is_closed_) { return; }
  reset_on_close(stream_->fd());
  close();
}

void StreamSession::abuse() {
  if (is_closed_) { return; }
  home_.counters.closed_abuse.add();
  abort();
}

}  // namespace vouch
