#include "transports/udp_batch.h"

#include <algorithm>
#include <cerrno>

namespace vouch {

UdpBatch::UdpBatch() : area_(std::make_unique_for_overwrite<Octet[]>(kArea)) {
  for (std::size_t i = 0; i < kMessages; ++i) {
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &peers_[i].name;
    header.msg_iov = &contents_[i];
    header.msg_iovlen = 1;
  }
}

void UdpBatch::add(std::size_t octets, const UdpPeer& to) noexcept {
  UdpPeer& peer = peers_[count_];
  msghdr& header = headers_[count_].msg_hdr;
  peer.name = to.name;
  header.msg_namelen = to.name_length;
  header.msg_controllen = to.control_length;
  header.msg_control = nullptr;
  if (to.control_length != 0) {
    peer.control = to.control;
    header.msg_control = peer.control.data();
  }
  contents_[count_] = {.iov_base = area_.get() + used_, .iov_len = octets};
  used_ += octets;
  ++count_;
}

void UdpBatch::add(Bytes message, const UdpPeer& to) noexcept {
  std::copy(message.begin(), message.end(), area_.get() + used_);
  add(message.size(), to);
}

void UdpBatch::flush(int fd, TransportCounters& counters) noexcept {
  unsigned at = 0;
  unsigned failed = 0;
  while (at < count_) {
    const int sent = sendmmsg(fd, headers_.data() + at, count_ - at, MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<unsigned>(sent);
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      failed += count_ - at;  // the kernel's buffer is full: waiting would only make everyone's answer late
      at = count_;
    } else {
      ++failed;  // this one cannot go where it wants to; the others can
      ++at;
    }
  }
  counters.udp_sent.add(count_ - failed);
  if (failed != 0) { counters.udp_send_failed.add(failed); }
  count_ = 0;
  used_ = 0;
}

}  // namespace vouch
