#include "tests/lab/socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace vouch::lab {

namespace {

// A burst from a benchmark must not be lost in the kernel, where no log would show it.
constexpr int kUdpBuffer = 4 * 1024 * 1024;
constexpr int kListenBacklog = 256;

std::string text_of(const Endpoint& where) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (where.storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(where.storage);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return fmt::format("{} port {}", text.data(), ntohs(v4.sin_port));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(where.storage);
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return fmt::format("{} port {}", text.data(), ntohs(v6.sin6_port));
}

std::unexpected<std::string> failed(const char* doing, const Endpoint& where) {
  return failure(fmt::format("cannot {} {}: {}", doing, text_of(where), std::strerror(errno)));
}

Socket open_socket(const Endpoint& where, int type) {
  Socket socket(::socket(where.storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  if (where.storage.ss_family == AF_INET6) { setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)); }
  if (type == SOCK_DGRAM) {
    setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &kUdpBuffer, sizeof(kUdpBuffer));
    setsockopt(socket.fd(), SOL_SOCKET, SO_SNDBUF, &kUdpBuffer, sizeof(kUdpBuffer));
  } else {
    setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));  // connections of an earlier lab in TIME_WAIT
  }
  return socket;
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(const std::string& address, std::uint16_t port) {
  Endpoint out;
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    out.length = sizeof(v4);
    return out;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
  out.storage = {};
  if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.length = sizeof(v6);
    return out;
  }
  return std::nullopt;
}

Socket::~Socket() {
  if (fd_ >= 0) { close(fd_); }
}

Outcome<Socket> bind_udp(const Endpoint& where) {
  Socket socket = open_socket(where, SOCK_DGRAM);
  if (socket.fd() < 0 || bind(socket.fd(), where.get(), where.length) != 0) { return failed("bind UDP", where); }
  return socket;
}

Outcome<Socket> connect_udp(const Endpoint& where) {
  Socket socket = open_socket(where, SOCK_DGRAM);
  if (socket.fd() < 0 || connect(socket.fd(), where.get(), where.length) != 0) { return failed("reach UDP", where); }
  return socket;
}

Outcome<Socket> listen_tcp(const Endpoint& where) {
  Socket socket = open_socket(where, SOCK_STREAM);
  if (socket.fd() < 0 || bind(socket.fd(), where.get(), where.length) != 0 ||
      listen(socket.fd(), kListenBacklog) != 0) {
    return failed("listen on TCP", where);
  }
  return socket;
}

}  // namespace vouch::lab
