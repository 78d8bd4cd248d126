#include "resolver/daemon/control/control_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "resolver/base/log.h"

namespace vouch {

ControlConnection::ControlConnection(const Parts& parts, Socket socket, const ControlPeer& peer)
    : parts_(parts),
      socket_(std::move(socket)),
      peer_(peer),
      readable_(
          parts_.loop.base(), socket_.fd(), EV_READ, [](void* self) { static_cast<ControlConnection*>(self)->read(); },
          this),
      writable_(
          parts_.loop.base(), socket_.fd(), EV_WRITE, [](void* self) { static_cast<ControlConnection*>(self)->send(); },
          this),
      since_(parts_.loop.now()) {}

ControlConnection::~ControlConnection() {
  *alive_ = false;
  if (call_ != nullptr) { call_->hang_up(); }
}

void ControlConnection::close() {
  if (!socket_.is_open()) { return; }
  readable_.watch(false);
  writable_.watch(false);
  socket_.close();
  drained_ = nullptr;
  if (const CallPtr call = std::exchange(call_, nullptr)) { call->hang_up(); }
}

void ControlConnection::sweep(Instant now) {
  if (!is_open()) { return; }
  const bool is_deaf = unsent() != 0 && now - since_ >= parts_.limits.stall;
  if (is_deaf || (is_idle() && now - since_ >= parts_.limits.idle)) {
    ++parts_.traffic.overdue;
    close();
  } else if (call_ != nullptr && !call_->does_go_on() && unsent() == 0 && now >= deadline_) {
    const CallPtr call = call_;  // fail() lets go of ours
    call->fail(control_code::kTimeout, "the daemon has not come to an answer in time");
  }
}

void ControlConnection::read() {
  std::array<char, 16 << 10> room;
  const ssize_t got = ::recv(socket_.fd(), room.data(), room.size(), 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) { close(); }
    return;
  }
  if (got == 0) {  // it has said all, and may still listen
    has_ended_ = true;
    readable_.watch(false);
    finish();
    return;
  }
  input_.append(room.data(), static_cast<std::size_t>(got));
  take_requests();
}

void ControlConnection::take_requests() {
  if (is_taking_) { return; }
  is_taking_ = true;
  while (is_open() && call_ == nullptr && !closes_ && !is_full()) {
    const std::size_t end = input_.find('\n');
    if (std::min(end, input_.size()) > kMaxRequestOctets) {  // whether or not its end has come: that is chance
      input_.clear();
      closes_ = true;
      complain(control_code::kTooLarge, "a request is one line of at most 32 KiB");
      break;
    }
    if (end == std::string::npos) { break; }
    const std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    if (line.find_first_not_of(" \t\r") != std::string::npos) { begin(line); }
  }
  is_taking_ = false;
  if (!is_open()) { return; }
  if (has_ended_) {
    finish();
    return;
  }
  readable_.watch(!closes_ && input_.size() <= kMaxRequestOctets);
}

// The other side has said all. What it asked is answered; but what goes on until it hangs up would never end.
void ControlConnection::finish() {
  if (call_ != nullptr && call_->does_go_on()) {
    closes_ = true;  // when what was said before is sent
    drained_ = nullptr;
    std::exchange(call_, nullptr)->hang_up();
  }
  if (is_idle()) { close(); }
}

void ControlConnection::begin(std::string_view line) {
  ++parts_.traffic.requests;
  since_ = parts_.loop.now();
  auto request = parse_request(line);
  if (!request) {
    complain(control_code::kMalformed, request.error());
    return;
  }
  const CallPtr call = std::make_shared<Call>(std::move(*request), *this);
  call_ = call;
  const ControlCommand* command = parts_.registry.find(call->command());
  patience_ = command == nullptr ? Duration{} : command->patience;
  deadline_ = since_ + patience_;
  if (command != nullptr && command->changes) {
    log(LogLevel::notice, "control_command", {{"command", command->name}, {"uid", peer_.user}});
  }
  parts_.registry.run(call);
}

void ControlConnection::complain(std::string_view code, std::string_view sentence) {
  ++parts_.traffic.malformed;
  put(json_line(Json{{"ok", false}, {"code", code}, {"error", sentence}}), true);
}

void ControlConnection::turn_away(std::string_view code, std::string_view sentence) {
  const std::string line = json_line(Json{{"ok", false}, {"code", code}, {"error", sentence}});
  static_cast<void>(::send(socket_.fd(), line.data(), line.size(), MSG_NOSIGNAL));
  close();
}

void ControlConnection::put(std::string line, bool is_last) {
  if (!is_open()) { return; }
  const Instant now = parts_.loop.now();
  if (unsent() == 0) { since_ = now; }  // from now on it may be deaf
  deadline_ = now + patience_;
  output_.erase(0, std::exchange(sent_, 0));
  output_ += line;
  if (is_last) {
    call_ = nullptr;
    drained_ = nullptr;
  }
  if (unsent() > parts_.limits.unsent_most) {
    ++parts_.traffic.overdue;
    close();
    return;
  }
  writable_.watch(true);  // in the next turn: many lines are one system call
}

void ControlConnection::send() {
  const ssize_t sent = ::send(socket_.fd(), output_.data() + sent_, unsent(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) { close(); }
    return;
  }
  sent_ += static_cast<std::size_t>(sent);
  since_ = parts_.loop.now();
  if (unsent() == 0) {
    output_.clear();
    sent_ = 0;
    writable_.watch(false);
    if (closes_) {
      close();
      return;
    }
  }
  resume_if_drained();
  if (is_open() && call_ == nullptr) { take_requests(); }
}

void ControlConnection::when_drained(std::function<void()> work) {
  drained_ = std::move(work);
  resume_if_drained();
}

void ControlConnection::resume_if_drained() {
  if (drained_ == nullptr || unsent() > parts_.limits.unsent_low) { return; }
  // Later, so that others on this thread get their turn between two steps of a long answer.
  parts_.loop.post([this, alive = alive_, work = std::exchange(drained_, nullptr)] {
    if (*alive && is_open()) { work(); }
  });
}

}  // namespace vouch
