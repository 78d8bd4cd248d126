#include "transports/socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

namespace vouch {

void Socket::close() noexcept {
  if (fd_ >= 0) { ::close(std::exchange(fd_, -1)); }
}

bool Socket::set(int level, int option, int value) const noexcept {
  return setsockopt(fd_, level, option, &value, sizeof value) == 0;
}

bool Socket::bind(const SocketAddress& address) const noexcept {
  sockaddr_storage storage;
  const socklen_t length = address.to(storage);
  return ::bind(fd_, reinterpret_cast<const sockaddr*>(&storage), length) == 0;
}

bool Socket::connect(const SocketAddress& address) const noexcept {
  sockaddr_storage storage;
  const socklen_t length = address.to(storage);
  return ::connect(fd_, reinterpret_cast<const sockaddr*>(&storage), length) == 0;
}

SocketAddress Socket::local_address() const noexcept {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &length) != 0) { return {}; }
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage)).value_or(SocketAddress{});
}

int domain_of(const IpAddress& address) noexcept { return address.is_v4() ? AF_INET : AF_INET6; }

Socket open_socket(const IpAddress& like, int type) noexcept {
  return Socket(::socket(domain_of(like), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool ignore_path_mtu(const Socket& socket, Family family) noexcept {
  if (family == Family::v4) { return socket.set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT); }
  return socket.set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
}

bool forbid_fragments(const Socket& socket, Family family) noexcept {
  if (family == Family::v4) { return socket.set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE); }
  return socket.set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
}

void set_buffers(const Socket& socket, std::size_t octets) noexcept {
  const int size = static_cast<int>(std::min<std::size_t>(octets, std::numeric_limits<int>::max() / 2));
  // The forcing options want CAP_NET_ADMIN; without it net.core.*mem_max is the bound, and a smaller buffer will do.
  if (!socket.set(SOL_SOCKET, SO_RCVBUFFORCE, size)) { socket.set(SOL_SOCKET, SO_RCVBUF, size); }
  if (!socket.set(SOL_SOCKET, SO_SNDBUFFORCE, size)) { socket.set(SOL_SOCKET, SO_SNDBUF, size); }
}

void reset_on_close(int fd) noexcept {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

std::string listen_failure(const SocketAddress& address, const char* protocol, int error) {
  return "cannot listen on " + address.text() + " (" + protocol + "): " + std::generic_category().message(error);
}

bool is_exhaustion(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace vouch
