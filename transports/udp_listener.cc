#include "transports/udp_listener.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "transports/proxy_header.h"

namespace vouch {

namespace {

constexpr unsigned kBatch = UdpBatch::kMessages;
// Four full batches are some 250 queries, about a millisecond: then TCP, servers' replies and timers get their turn.
constexpr int kBatchesPerWake = 4;
// No query needs more; a longer one is cut by the kernel, seen by MSG_TRUNC, and dropped. The odd line keeps the
// buffers' first lines from sharing one set of the first-level cache.
constexpr std::size_t kQueryRoom = 2048 + 64;
static_assert(kQueryRoom > kMaxProxyHeader + 512);

// The address that was asked, from the kernel's note; and the note made ready to be the answer's source. Nothing when
// it is not one address of ours alone: a broadcast or a multicast group is never answered for.
std::optional<IpAddress> asked_address(UdpPeer& peer) {
  cmsghdr note;
  if (peer.control_length < sizeof note) { return std::nullopt; }
  std::memcpy(&note, peer.control.data(), sizeof note);
  Octet* const data = peer.control.data() + CMSG_LEN(0);
  if (note.cmsg_level == IPPROTO_IP && note.cmsg_type == IP_PKTINFO && note.cmsg_len >= CMSG_LEN(sizeof(in_pktinfo))) {
    in_pktinfo info;
    std::memcpy(&info, data, sizeof info);
    if (info.ipi_addr.s_addr != info.ipi_spec_dst.s_addr) { return std::nullopt; }
    info.ipi_ifindex = 0;  // the way back is the routing table's to choose
    std::memcpy(data, &info, sizeof info);
    return IpAddress::v4({reinterpret_cast<const Octet*>(&info.ipi_spec_dst), 4});
  }
  if (note.cmsg_level == IPPROTO_IPV6 && note.cmsg_type == IPV6_PKTINFO &&
      note.cmsg_len >= CMSG_LEN(sizeof(in6_pktinfo))) {
    in6_pktinfo info;
    std::memcpy(&info, data, sizeof info);
    const IpAddress asked = IpAddress::v6({info.ipi6_addr.s6_addr, 16});
    if (asked.is_multicast()) { return std::nullopt; }
    if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) { info.ipi6_ifindex = 0; }  // a link-local source needs its link
    std::memcpy(data, &info, sizeof info);
    return asked;
  }
  return std::nullopt;
}

// No one host has these addresses.
bool is_nobody(const IpAddress& client) { return client.is_unspecified() || client.is_multicast(); }

// Nobody can be answered there: nothing listens on port 0, either.
bool is_bogus_client(const SocketAddress& client) { return client.port() == 0 || is_nobody(client.ip()); }

// Takes the PROXY header off; the answer goes back to the proxy all the same, so that a client's port that the proxy
// does not care to tell (0) is no fault. False: there is no header.
bool unwrap(ClientQuery& query) {
  const auto header = parse_proxy_header(query.packet);
  if (!header || (header->ends && is_nobody(header->ends->client.ip()))) { return false; }
  query.packet = query.packet.subspan(header->size);
  if (header->ends) {
    query.client = header->ends->client;
    query.local = header->ends->local;
  }
  return true;
}

}  // namespace

struct UdpListener::Link {
  UdpListener* listener;
};

struct UdpListener::Incoming {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> contents{};
  std::array<UdpPeer, kBatch> peers;
  std::array<std::array<Octet, kQueryRoom>, kBatch> octets;
};

class UdpListener::Reply final : public ReplyHandle {
 public:
  Reply(std::shared_ptr<Link> link, const UdpPeer& to) : link_(std::move(link)), to_(to) {
    ++link_->listener->unanswered_;
  }
  ~Reply() override {
    if (link_->listener != nullptr) { --link_->listener->unanswered_; }
  }
  void send(Bytes message) override {
    if (link_->listener != nullptr) { link_->listener->send_later(message, to_); }
  }

 private:
  std::shared_ptr<Link> link_;
  UdpPeer to_;
};

class UdpListener::Room final : public ReplyRoom {
 public:
  Room(UdpListener& listener, const UdpPeer& peer) : listener_(listener), peer_(peer) {}
  MutableBytes buffer() override { return listener_.ready_.room(); }
  std::unique_ptr<ReplyHandle> keep() override {
    if (listener_.unanswered_ >= listener_.max_unanswered_) { return nullptr; }
    return std::make_unique<Reply>(listener_.link_, peer_);
  }

 private:
  UdpListener& listener_;
  const UdpPeer& peer_;
};

std::expected<std::unique_ptr<UdpListener>, std::string> UdpListener::open(EventLoop& loop,
                                                                           const SocketAddress& address,
                                                                           const UdpListenerOptions& options,
                                                                           QuerySink& sink, TransportCounters& counters,
                                                                           const std::vector<Prefix>& proxies) {
  Socket socket = open_socket(address.ip(), SOCK_DGRAM);
  const bool is_v4 = address.ip().is_v4();
  const bool ready = socket.is_open() && socket.set(SOL_SOCKET, SO_REUSEPORT, 1) &&
                     (is_v4 || socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
                     (!address.ip().is_unspecified() || (is_v4 ? socket.set(IPPROTO_IP, IP_PKTINFO, 1)
                                                               : socket.set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1))) &&
                     (options.largest_answer <= kUnfragmented ? forbid_fragments(socket, address.ip().family())
                                                              : ignore_path_mtu(socket, address.ip().family())) &&
                     socket.bind(address);
  if (!ready) { return std::unexpected(listen_failure(address, "UDP", errno)); }
  set_buffers(socket, options.socket_buffer);
  const SocketAddress bound = socket.local_address();
  std::unique_ptr<UdpListener> listener(
      new UdpListener(loop, std::move(socket), bound, options, sink, counters, proxies));
  if (!listener->watch_.watch(true)) { return std::unexpected(listen_failure(address, "UDP", errno)); }
  return listener;
}

UdpListener::UdpListener(EventLoop& loop, Socket socket, const SocketAddress& address,
                         const UdpListenerOptions& options, QuerySink& sink, TransportCounters& counters,
                         const std::vector<Prefix>& proxies)
    : loop_(loop),
      sink_(sink),
      counters_(counters),
      address_(address),
      proxies_(proxies),
      is_wildcard_(address.ip().is_unspecified()),
      max_unanswered_(options.max_unanswered),
      socket_(std::move(socket)),
      link_(std::make_shared<Link>(this)),
      incoming_(std::make_unique_for_overwrite<Incoming>()),
      watch_(loop.base(), socket_.fd(), EV_READ, &UdpListener::readable, this) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    incoming_->contents[i] = {.iov_base = incoming_->octets[i].data(), .iov_len = kQueryRoom};
    msghdr& header = incoming_->headers[i].msg_hdr;
    header = {};
    header.msg_name = &incoming_->peers[i].name;
    header.msg_iov = &incoming_->contents[i];
    header.msg_iovlen = 1;
    header.msg_control = is_wildcard_ ? incoming_->peers[i].control.data() : nullptr;
    header.msg_namelen = sizeof(sockaddr_in6);
    header.msg_controllen = is_wildcard_ ? UdpPeer::kControl : 0;
  }
}

UdpListener::~UdpListener() {
  late_.flush(socket_.fd(), counters_);
  link_->listener = nullptr;
}

void UdpListener::readable(void* self) {
  auto& listener = *static_cast<UdpListener*>(self);
  for (int batch = 0; batch < kBatchesPerWake; ++batch) {
    const unsigned got = listener.receive();
    for (unsigned i = 0; i < got; ++i) { listener.expect(i); }
    for (unsigned i = 0; i < got; ++i) { listener.serve(i); }
    if (!listener.ready_.empty()) { listener.ready_.flush(listener.socket_.fd(), listener.counters_); }
    if (got < kBatch) {  // the queue is empty: asking again would be a call for nothing
      listener.is_backlogged_ = false;
      return;
    }
  }
  listener.is_backlogged_ = true;
}

void UdpListener::adopt(const UdpListenerOptions& options, const std::vector<Prefix>& proxies) {
  max_unanswered_ = options.max_unanswered;
  proxies_ = proxies;
}

void UdpListener::drain() {
  for (unsigned left = kMaxDrained / kBatch; left > 0; --left) {
    const unsigned got = receive();
    for (unsigned i = 0; i < got; ++i) { serve(i); }
    if (!ready_.empty()) { ready_.flush(socket_.fd(), counters_); }
    if (got < kBatch) { return; }
  }
}

unsigned UdpListener::receive() noexcept {
  const int got = recvmmsg(socket_.fd(), incoming_->headers.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (got <= 0) { return 0; }
  counters_.udp_received.add(static_cast<std::uint64_t>(got));
  return static_cast<unsigned>(got);
}

void UdpListener::expect(std::size_t index) const noexcept {
  sink_.expect(Bytes(incoming_->octets[index].data(), incoming_->headers[index].msg_len));
}

bool UdpListener::is_proxy(const IpAddress& client) const noexcept {
  return std::ranges::any_of(proxies_, [&](const Prefix& prefix) { return prefix.contains(client); });
}

void UdpListener::serve(std::size_t index) {
  mmsghdr& received = incoming_->headers[index];
  msghdr& header = received.msg_hdr;
  UdpPeer& peer = incoming_->peers[index];
  peer.name_length = header.msg_namelen;
  peer.control_length = static_cast<std::uint32_t>(header.msg_controllen);
  const int flags = header.msg_flags;
  header.msg_namelen = sizeof(sockaddr_in6);  // as the next recvmmsg wants it
  header.msg_controllen = is_wildcard_ ? UdpPeer::kControl : 0;

  const auto client = SocketAddress::from(reinterpret_cast<const sockaddr*>(&peer.name));
  if ((flags & MSG_TRUNC) != 0 || !client || is_bogus_client(*client)) { return; }
  SocketAddress local = address_;
  if (is_wildcard_) {
    const auto asked = asked_address(peer);
    if (!asked) { return; }
    local = SocketAddress(*asked, address_.port());
  }
  if (*client == local) { return; }  // a forged one, to make us talk to ourselves
  ClientQuery query{.packet = Bytes(incoming_->octets[index].data(), received.msg_len),
                    .client = *client,
                    .local = local,
                    .protocol = ClientProtocol::udp,
                    .is_backlogged = is_backlogged_};
  if (is_proxy(client->ip()) && !unwrap(query)) { return; }

  if (!ready_.has_room_for(UdpBatch::kRoom)) { ready_.flush(socket_.fd(), counters_); }
  Room room(*this, peer);
  const std::size_t octets = sink_.answer(query, room);
  if (octets != 0 && octets <= UdpBatch::kRoom) { ready_.add(octets, peer); }
}

void UdpListener::send_later(Bytes message, const UdpPeer& to) noexcept {
  if (message.size() > UdpBatch::kArea) {
    counters_.udp_send_failed.add();
    return;
  }
  if (!late_.has_room_for(message.size())) { late_.flush(socket_.fd(), counters_); }
  late_.add(message, to);
  loop_.at_end_of_turn(*this);
}

void UdpListener::end_of_turn() { late_.flush(socket_.fd(), counters_); }

}  // namespace vouch
