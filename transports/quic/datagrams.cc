#include "transports/quic/datagrams.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace vouch {

namespace {

constexpr std::uint8_t kEcnBits = 0x03;

struct Notes {
  std::optional<IpAddress> asked;
  std::uint32_t link = 0;  // the interface, when the address is link-local
  std::uint8_t ecn = 0;
};

// What the kernel noted beside a datagram. A broadcast or multicast address is no address of ours alone.
Notes notes_of(msghdr& header) noexcept {
  Notes notes;
  for (cmsghdr* note = CMSG_FIRSTHDR(&header); note != nullptr; note = CMSG_NXTHDR(&header, note)) {
    const Octet* const data = CMSG_DATA(note);
    const std::size_t size = note->cmsg_len - CMSG_LEN(0);
    if (note->cmsg_level == IPPROTO_IP && note->cmsg_type == IP_PKTINFO && size >= sizeof(in_pktinfo)) {
      in_pktinfo info;
      std::memcpy(&info, data, sizeof info);
      if (info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr) {
        notes.asked = IpAddress::v4({reinterpret_cast<const Octet*>(&info.ipi_addr), 4});
      }
    } else if (note->cmsg_level == IPPROTO_IPV6 && note->cmsg_type == IPV6_PKTINFO && size >= sizeof(in6_pktinfo)) {
      in6_pktinfo info;
      std::memcpy(&info, data, sizeof info);
      const IpAddress asked = IpAddress::v6({info.ipi6_addr.s6_addr, 16});
      if (!asked.is_multicast()) { notes.asked = asked; }
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) { notes.link = static_cast<std::uint32_t>(info.ipi6_ifindex); }
    } else if (note->cmsg_level == IPPROTO_IP && note->cmsg_type == IP_TOS && size >= 1) {
      notes.ecn = *data & kEcnBits;
    } else if (note->cmsg_level == IPPROTO_IPV6 && note->cmsg_type == IPV6_TCLASS && size >= sizeof(int)) {
      int traffic_class = 0;
      std::memcpy(&traffic_class, data, sizeof traffic_class);
      notes.ecn = static_cast<std::uint8_t>(traffic_class) & kEcnBits;
    }
  }
  return notes;
}

// Nobody can be answered there: nothing listens on port 0, and no one host has these addresses.
bool is_bogus_client(const SocketAddress& client) noexcept {
  return client.port() == 0 || client.ip().is_unspecified() || client.ip().is_multicast();
}

class ControlWriter {
 public:
  explicit ControlWriter(Octet* at) noexcept : at_(at) {}
  template <typename T>
  void add(int level, int type, const T& value) noexcept {
    const cmsghdr head{.cmsg_len = CMSG_LEN(sizeof value), .cmsg_level = level, .cmsg_type = type};
    std::memcpy(at_ + used_, &head, sizeof head);
    std::memcpy(at_ + used_ + CMSG_LEN(0), &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
  }
  std::size_t used() const noexcept { return used_; }

 private:
  Octet* at_;
  std::size_t used_ = 0;
};

}  // namespace

RawAddress RawAddress::of(const SocketAddress& address) noexcept {
  sockaddr_storage storage{};
  RawAddress raw;
  raw.length = address.to(storage);
  std::memcpy(&raw.storage, &storage, raw.length);
  return raw;
}

SocketAddress RawAddress::value() const noexcept { return SocketAddress::from(raw()).value_or(SocketAddress{}); }

struct QuicInbox::Buffers {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> contents{};
  std::array<RawAddress, kBatch> peers{};
  std::array<std::array<Octet, kRoom>, kBatch> octets;
  struct alignas(cmsghdr) Control {
    std::array<Octet, kQuicControl> octets;
  };
  std::array<Control, kBatch> control;
};

QuicInbox::QuicInbox(const SocketAddress& bound)
    : bound_(bound), bound_raw_(RawAddress::of(bound)), buffers_(new Buffers) {
  for (unsigned i = 0; i < kBatch; ++i) {
    buffers_->contents[i] = {.iov_base = buffers_->octets[i].data(), .iov_len = kLongest};
    msghdr& header = buffers_->headers[i].msg_hdr;
    header.msg_name = &buffers_->peers[i].storage;
    header.msg_namelen = sizeof(sockaddr_in6);
    header.msg_iov = &buffers_->contents[i];
    header.msg_iovlen = 1;
    header.msg_control = buffers_->control[i].octets.data();
    header.msg_controllen = kQuicControl;
  }
}

QuicInbox::~QuicInbox() = default;

unsigned QuicInbox::receive(int fd) noexcept {
  const int got = recvmmsg(fd, buffers_->headers.data(), kBatch, MSG_DONTWAIT, nullptr);
  return got > 0 ? static_cast<unsigned>(got) : 0;
}

std::optional<QuicInbox::Datagram> QuicInbox::at(unsigned index) noexcept {
  mmsghdr& received = buffers_->headers[index];
  msghdr& header = received.msg_hdr;
  RawAddress& peer = buffers_->peers[index];
  const int flags = header.msg_flags;
  const Notes notes = notes_of(header);
  peer.length = header.msg_namelen;
  header.msg_namelen = sizeof(sockaddr_in6);  // as the next recvmmsg wants it
  header.msg_controllen = kQuicControl;

  if ((flags & MSG_TRUNC) != 0 || received.msg_len == 0) { return std::nullopt; }
  const auto client = SocketAddress::from(peer.raw());
  if (!client || is_bogus_client(*client)) { return std::nullopt; }
  Datagram datagram{.octets = {buffers_->octets[index].data(), received.msg_len},
                    .client = &peer,
                    .local = bound_raw_,
                    .ecn = notes.ecn};
  if (bound_.ip().is_unspecified()) {
    if (!notes.asked) { return std::nullopt; }
    datagram.local = RawAddress::of(SocketAddress(*notes.asked, bound_.port()));
    if (!notes.asked->is_v4()) { datagram.local.storage.sin6_scope_id = notes.link; }
  }
  if (client->port() == bound_.port() && *client == datagram.local.value()) { return std::nullopt; }  // a forged one
  return datagram;
}

struct QuicOutbox::Buffers {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> contents{};
  std::array<RawAddress, kBatch> peers{};
  std::array<std::array<Octet, kPacket>, kBatch> octets;
  struct alignas(cmsghdr) Control {
    std::array<Octet, kQuicControl> octets;
  };
  std::array<Control, kBatch> control;
};

QuicOutbox::QuicOutbox(bool is_wildcard) : is_wildcard_(is_wildcard), buffers_(new Buffers) {
  for (unsigned i = 0; i < kBatch; ++i) {
    msghdr& header = buffers_->headers[i].msg_hdr;
    header.msg_name = &buffers_->peers[i].storage;
    header.msg_iov = &buffers_->contents[i];
    header.msg_iovlen = 1;
  }
}

QuicOutbox::~QuicOutbox() = default;

MutableBytes QuicOutbox::room() noexcept { return buffers_->octets[count_]; }

void QuicOutbox::add(std::size_t octets, const ngtcp2_path& path, std::uint8_t ecn) noexcept {
  RawAddress& peer = buffers_->peers[count_];
  peer.length = std::min<socklen_t>(path.remote.addrlen, sizeof peer.storage);
  std::memcpy(&peer.storage, path.remote.addr, peer.length);
  msghdr& header = buffers_->headers[count_].msg_hdr;
  header.msg_namelen = peer.length;
  buffers_->contents[count_] = {.iov_base = buffers_->octets[count_].data(), .iov_len = octets};

  ControlWriter control(buffers_->control[count_].octets.data());
  const bool is_v4 = path.local.addr->sa_family == AF_INET;
  if (is_wildcard_ && is_v4) {
    sockaddr_in local;
    std::memcpy(&local, path.local.addr, sizeof local);
    control.add(IPPROTO_IP, IP_PKTINFO, in_pktinfo{.ipi_ifindex = 0, .ipi_spec_dst = local.sin_addr, .ipi_addr = {}});
  } else if (is_wildcard_) {
    sockaddr_in6 local;
    std::memcpy(&local, path.local.addr, sizeof local);
    control.add(IPPROTO_IPV6, IPV6_PKTINFO,
                in6_pktinfo{.ipi6_addr = local.sin6_addr, .ipi6_ifindex = local.sin6_scope_id});
  }
  if (ecn != 0) { control.add(is_v4 ? IPPROTO_IP : IPPROTO_IPV6, is_v4 ? IP_TOS : IPV6_TCLASS, int{ecn}); }
  header.msg_controllen = control.used();
  header.msg_control = control.used() != 0 ? buffers_->control[count_].octets.data() : nullptr;
  ++count_;
}

unsigned QuicOutbox::flush(int fd) noexcept {
  unsigned at = 0;
  unsigned lost = 0;
  while (at < count_) {
    const int sent = sendmmsg(fd, buffers_->headers.data() + at, count_ - at, MSG_DONTWAIT);
    if (sent > 0) {
      at += static_cast<unsigned>(sent);
    } else if (errno == EAGAIN || errno == ENOBUFS) {
      lost += count_ - at;  // the kernel's buffer is full
      at = count_;
    } else if (errno != EINTR) {
      ++lost;  // this one cannot go where it wants to; the others can
      ++at;
    }
  }
  count_ = 0;
  return lost;
}

}  // namespace vouch
