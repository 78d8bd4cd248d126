// QUIC's datagrams on their way in and out, many with one system call: recvmmsg(2) and sendmmsg(2), with what UDP alone
// does not tell: the address of ours that was written to, and the ECN bits (RFC 9000 section 13.4). Allocate when
// constructed only. Owner: one listener.
#pragma once

#include <netinet/in.h>
#include <ngtcp2/ngtcp2.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <optional>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"

namespace vouch {

// A socket address in the form that the kernel and ngtcp2 share.
struct RawAddress {
  sockaddr_in6 storage{};  // or a sockaddr_in
  socklen_t length = 0;

  static RawAddress of(const SocketAddress& address) noexcept;
  SocketAddress value() const noexcept;
  const sockaddr* raw() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  // The library reads through it and never writes.
  ngtcp2_addr ref() const noexcept { return {.addr = const_cast<sockaddr*>(raw()), .addrlen = length}; }
};

// Octets of control data: the address of ours (of the larger family), and the ECN bits.
inline constexpr std::size_t kQuicControl = CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int));

class QuicInbox {
 public:
  static constexpr unsigned kBatch = 64;
  // The longest that we say we take (max_udp_payload_size): what fits into an Ethernet frame. The odd line keeps the
  // buffers' first lines from sharing one set of the first-level cache.
  static constexpr std::size_t kLongest = 1472;
  static constexpr std::size_t kRoom = kLongest + 64 + 64;

  struct Datagram {
    Bytes octets;
    const RawAddress* client = nullptr;
    RawAddress local;
    std::uint8_t ecn = 0;
  };
  explicit QuicInbox(const SocketAddress& bound);
  ~QuicInbox();
  unsigned receive(int fd) noexcept;  // how many are there now; at most kBatch
  // Nothing: one that nobody can be answered for (cut, from port 0, to a broadcast address, from ourselves).
  std::optional<Datagram> at(unsigned index) noexcept;

 private:
  struct Buffers;
  const SocketAddress bound_;
  const RawAddress bound_raw_;
  std::unique_ptr<Buffers> buffers_;
};

class QuicOutbox {
 public:
  // What every path carries (RFC 9000 section 14). Answers are shorter anyway, so longer packets would only have to be
  // searched for.
  static constexpr std::size_t kPacket = NGTCP2_MAX_UDP_PAYLOAD_SIZE;
  static constexpr unsigned kBatch = 64;

  explicit QuicOutbox(bool is_wildcard);
  ~QuicOutbox();
  bool empty() const noexcept { return count_ == 0; }
  bool is_full() const noexcept { return count_ == kBatch; }
  MutableBytes room() noexcept;                                                      // kPacket octets; not when full
  void add(std::size_t octets, const ngtcp2_path& path, std::uint8_t ecn) noexcept;  // what was written to room()
  // What the kernel does not take is lost, as on any other link. Returns how many that were.
  unsigned flush(int fd) noexcept;

 private:
  struct Buffers;
  const bool is_wildcard_;
  std::unique_ptr<Buffers> buffers_;
  unsigned count_ = 0;
};

}  // namespace vouch
