// A socket (or another descriptor) with an owner, and the few calls on it that every transport needs.
#pragma once

#include <netinet/in.h>

#include <string>
#include <utility>

#include "resolver/base/address.h"

namespace vouch {

// Owns a descriptor; closed with it.
class Socket {
 public:
  Socket() noexcept = default;
  explicit Socket(int fd) noexcept : fd_(fd) {}  // negative: none
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() { close(); }

  int fd() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }
  void close() noexcept;
  bool set(int level, int option, int value) const noexcept;
  bool bind(const SocketAddress& address) const noexcept;     // errno says why not
  bool connect(const SocketAddress& address) const noexcept;  // errno says why not, or EINPROGRESS
  SocketAddress local_address() const noexcept;               // 0.0.0.0@0 when there is none

 private:
  int fd_ = -1;
};

int domain_of(const IpAddress& address) noexcept;  // AF_INET or AF_INET6

// Non-blocking and closed on exec; errno says why there is none. `type` is SOCK_DGRAM or SOCK_STREAM.
Socket open_socket(const IpAddress& like, int type) noexcept;

// Sends datagrams without the don't-fragment bit and believes no path MTU from ICMP (RFC 9715 section 3.1, R1; spoofed
// ICMP would otherwise make us fragment, which opens the door to forged fragments).
bool ignore_path_mtu(const Socket& socket, Family family) noexcept;

// For datagrams that fit into every path of the Internet that is (kUnfragmented): with the don't-fragment bit, and no
// belief in ICMP either (RFC 9715 section 3.1, R2). Nobody on the way can then cut them into pieces that could be
// forged, and the kernel has no identification to draw for each.
bool forbid_fragments(const Socket& socket, Family family) noexcept;
constexpr std::size_t kUnfragmented = 1232;  // octets of UDP, which with the headers of IPv6 make its least MTU of 1280

// Buffers of the kernel, past its soft limit where we may.
void set_buffers(const Socket& socket, std::size_t octets) noexcept;

// Closing this TCP socket will drop what is unsent and reset the connection: no memory is left waiting for the peer.
void reset_on_close(int fd) noexcept;

// "cannot listen on 127.0.0.1@53 (UDP): Permission denied", from `error`, an errno.
std::string listen_failure(const SocketAddress& address, const char* protocol, int error);

// Whether the errno says that descriptors or kernel memory have run out.
bool is_exhaustion(int error) noexcept;

}  // namespace vouch
