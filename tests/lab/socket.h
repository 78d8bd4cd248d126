#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "tests/lab/outcome.h"

namespace vouch::lab {

// An IP address and port in the kernel's form.
struct Endpoint {
  sockaddr_storage storage{};
  socklen_t length = 0;

  static std::optional<Endpoint> parse(const std::string& address, std::uint16_t port);
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// An owned file descriptor. Move only.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket();

  int fd() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

// All non-blocking and closed on exec. The error text names the endpoint and the cause.
Outcome<Socket> bind_udp(const Endpoint& where);
Outcome<Socket> connect_udp(const Endpoint& where);
Outcome<Socket> listen_tcp(const Endpoint& where);

}  // namespace vouch::lab
