// Datagrams on their way out, gathered so that one sendmmsg(2) sends them all. Contents lie packed behind each other:
// an answer is a tenth of the room that it may take, and a batch then stays in the first-level cache. Owner: one
// listener. Limit: kMessages datagrams or the area, whichever is full first. Allocates when constructed only.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>

#include "resolver/base/bytes.h"
#include "telemetry/counters.h"

namespace vouch {

// Where a datagram came from and where it was sent to, as the kernel tells it and wants it back.
struct UdpPeer {
  static constexpr std::size_t kControl = CMSG_SPACE(sizeof(in6_pktinfo));  // the larger of the two families'
  sockaddr_in6 name{};                                                      // or a sockaddr_in
  alignas(cmsghdr) std::array<Octet, kControl> control{};
  std::uint32_t name_length = 0;
  std::uint32_t control_length = 0;  // 0: the kernel chooses the source address
};

class UdpBatch {
 public:
  static constexpr std::size_t kMessages = 64;  // udpecho's batch; larger ones gained nothing
  static constexpr std::size_t kRoom = 4096;    // what a ReplyRoom for UDP must offer
  static constexpr std::size_t kArea = kMessages * kRoom;

  UdpBatch();
  bool empty() const noexcept { return count_ == 0; }
  bool has_room_for(std::size_t octets) const noexcept { return count_ < kMessages && octets <= kArea - used_; }
  MutableBytes room() noexcept { return {area_.get() + used_, kRoom}; }  // has_room_for(kRoom)
  void add(std::size_t octets, const UdpPeer& to) noexcept;              // what was written to room()
  void add(Bytes message, const UdpPeer& to) noexcept;                   // has_room_for(message.size())
  void flush(int fd, TransportCounters& counters) noexcept;              // what the kernel does not take is lost

 private:
  std::unique_ptr<Octet[]> area_;
  std::array<mmsghdr, kMessages> headers_{};
  std::array<iovec, kMessages> contents_{};
  std::array<UdpPeer, kMessages> peers_;
  std::size_t used_ = 0;
  unsigned count_ = 0;
};

}  // namespace vouch
