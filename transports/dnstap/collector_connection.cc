#include "transports/dnstap/collector_connection.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace vouch {

namespace {

std::unexpected<std::string> failure(int error) { return std::unexpected(std::generic_category().message(error)); }

// Whether a call that has ended like this is to be made again.
bool is_interruption(int error) noexcept { return error == EINTR || error == EAGAIN || error == EWOULDBLOCK; }

// Calls on it return after a tick at the latest, connect() included.
bool set_tick(const Socket& socket) noexcept {
  using std::chrono::microseconds;
  const timeval tick{.tv_sec = 0, .tv_usec = microseconds(CollectorConnection::kTick).count()};
  return ::setsockopt(socket.fd(), SOL_SOCKET, SO_SNDTIMEO, &tick, sizeof tick) == 0 &&
         ::setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &tick, sizeof tick) == 0;
}

}  // namespace

std::expected<CollectorConnection, std::string> CollectorConnection::open(const std::string& path,
                                                                          const IsGivenUp& is_given_up) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) { return failure(ENAMETOOLONG); }
  std::memcpy(address.sun_path, path.data(), path.size());
  CollectorConnection made(Socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
  if (!made.socket_.is_open() || !set_tick(made.socket_) ||
      ::connect(made.socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return failure(errno);
  }
  if (!made.send(control_frame(FrameControl::ready), is_given_up) || !made.hear(FrameControl::accept, is_given_up) ||
      !made.send(control_frame(FrameControl::start), is_given_up)) {
    return std::unexpected("whoever listens there does not take " + std::string(kDnstapContent));
  }
  return made;
}

bool CollectorConnection::send(Bytes octets, const IsGivenUp& is_given_up) const noexcept {
  while (!octets.empty()) {
    const ssize_t sent = ::send(socket_.fd(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent < 0 && !is_interruption(errno)) { return false; }
    if (sent > 0) { octets = octets.subspan(static_cast<std::size_t>(sent)); }
    if (!octets.empty() && is_given_up()) { return false; }
  }
  return true;
}

bool CollectorConnection::receive(MutableBytes octets, const IsGivenUp& is_given_up) const noexcept {
  while (!octets.empty()) {
    const ssize_t got = ::recv(socket_.fd(), octets.data(), octets.size(), 0);
    if (got == 0 || (got < 0 && !is_interruption(errno))) { return false; }
    if (got > 0) { octets = octets.subspan(static_cast<std::size_t>(got)); }
    if (!octets.empty() && is_given_up()) { return false; }
  }
  return true;
}

bool CollectorConnection::hear(FrameControl control, const IsGivenUp& is_given_up) const noexcept {
  std::array<Octet, kControlHead> head{};
  if (!receive(head, is_given_up)) { return false; }
  std::array<Octet, kMaxControl> room{};
  const MutableBytes frame(room.data(), control_length(head));
  return receive(frame, is_given_up) && is_control(frame, control);
}

bool CollectorConnection::is_alive() const noexcept {
  Octet unasked = 0;
  return ::recv(socket_.fd(), &unasked, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && is_interruption(errno);
}

void CollectorConnection::finish(const IsGivenUp& is_given_up) const noexcept {
  if (send(control_frame(FrameControl::stop), is_given_up)) { hear(FrameControl::finish, is_given_up); }
}

}  // namespace vouch
