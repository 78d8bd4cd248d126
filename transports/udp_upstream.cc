#include "transports/udp_upstream.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#ifndef IPV6_RECVFRAGSIZE
#define IPV6_RECVFRAGSIZE 77  // linux/in6.h has it; that header and netinet/in.h cannot be included together
#endif
#ifndef IP_RECVFRAGSIZE
#define IP_RECVFRAGSIZE 25
#endif

namespace vouch {

namespace {

constexpr int kEventsPerWake = 64;
// Of one question's datagrams per turn, so that a flood at one port delays the other questions by microseconds only.
constexpr int kDatagramsPerTurn = 16;
// Ports drawn before the machine counts as full: with half of the range taken, 16 draws fail once in 65,536.
constexpr int kPortDraws = 16;

std::vector<std::uint16_t> allowed_ports(const OutgoingOptions& options) {
  std::vector<std::uint16_t> ports;
  for (std::uint32_t port = options.port_low; port <= options.port_high; ++port) {
    if (std::ranges::find(options.avoid_ports, port) == options.avoid_ports.end()) { ports.push_back(u16(port)); }
  }
  return ports;
}

bool is_fragment_note(const cmsghdr& note) noexcept {
  return (note.cmsg_level == IPPROTO_IP && note.cmsg_type == IP_RECVFRAGSIZE) ||
         (note.cmsg_level == IPPROTO_IPV6 && note.cmsg_type == IPV6_RECVFRAGSIZE);
}

struct Datagram {
  ssize_t octets = 0;  // negative: none, errno says why
  bool is_fragmented = false;
};

Datagram receive(int fd, MutableBytes room) noexcept {
  alignas(cmsghdr) std::array<Octet, CMSG_SPACE(sizeof(int))> control;
  iovec content{.iov_base = room.data(), .iov_len = room.size()};
  msghdr header{};
  header.msg_iov = &content;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t octets = recvmsg(fd, &header, MSG_DONTWAIT);
  if (octets < 0 || header.msg_controllen < sizeof(cmsghdr)) { return {octets, false}; }
  cmsghdr note;
  std::memcpy(&note, control.data(), sizeof note);
  return {octets, is_fragment_note(note)};
}

}  // namespace

// One question: lives in the frame of ask(), and takes socket, slot and timer with it when the Task is destroyed.
class UdpUpstream::Exchange {
 public:
  Exchange(UdpUpstream& upstream, const UpstreamQuestion& question)
      : upstream_(upstream),
        question_(question),
        timer_(
            upstream.loop_.base(),
            [](void* self) { static_cast<Exchange*>(self)->finish(UpstreamReply::Status::timeout, {}); }, this) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() {
    if (slot_ == kNoSlot) { return; }
    upstream_.slots_[slot_] = nullptr;
    upstream_.free_.push_back(slot_);
  }

  std::optional<UpstreamReply::Status> begin();  // false: it cannot be asked
  void on_readable();

  OneShot<UpstreamReply> done;

 private:
  static constexpr std::uint32_t kNoSlot = 0xffffffff;
  bool join_set();
  void finish(UpstreamReply::Status status, Bytes packet);

  UdpUpstream& upstream_;
  const UpstreamQuestion& question_;
  Socket socket_;
  LoopTimer timer_;
  Instant sent_at_{};
  std::uint32_t slot_ = kNoSlot;
  int seen_ = 0;
};

// Nothing: under way. Else why not.
std::optional<UpstreamReply::Status> UdpUpstream::Exchange::begin() {
  using Status = UpstreamReply::Status;
  if (upstream_.free_.empty()) { return Status::no_room; }
  socket_ = upstream_.open_bound(question_.server.ip());
  // A family that this machine does not have is the server's distance, not our want of sockets.
  const bool connected = socket_.is_open() && socket_.connect(question_.server);
  if (!connected) { return is_exhaustion(errno) || errno == EADDRINUSE ? Status::no_room : Status::unreachable; }
  if (!join_set()) { return Status::no_room; }
  sent_at_ = upstream_.loop_.now();
  const ssize_t sent = send(socket_.fd(), question_.packet.data(), question_.packet.size(), MSG_NOSIGNAL);
  if (sent < 0) { return is_exhaustion(errno) || errno == EAGAIN ? Status::no_room : Status::unreachable; }
  timer_.arm(question_.deadline - sent_at_);
  return std::nullopt;
}

bool UdpUpstream::Exchange::join_set() {
  slot_ = upstream_.free_.back();
  upstream_.free_.pop_back();
  upstream_.slots_[slot_] = this;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = slot_;
  return epoll_ctl(upstream_.set_.fd(), EPOLL_CTL_ADD, socket_.fd(), &event) == 0;
}

void UdpUpstream::Exchange::on_readable() {
  using Status = UpstreamReply::Status;
  for (int i = 0; i < kDatagramsPerTurn; ++i) {
    const Datagram datagram = receive(socket_.fd(), {upstream_.reply_room_.get(), kReplyRoom});
    if (datagram.octets < 0) {
      if (errno != EAGAIN && errno != EINTR) { finish(Status::unreachable, {}); }
      return;
    }
    const Bytes packet(upstream_.reply_room_.get(), static_cast<std::size_t>(datagram.octets));
    const bool is_flood = ++seen_ > kMaxDatagrams;
    const ReplyFit fit = is_flood || datagram.is_fragmented ? ReplyFit::forgery
                         : question_.check != nullptr       ? (*question_.check)(packet)
                                                            : ReplyFit::accept;
    if (fit == ReplyFit::ignore) { continue; }
    finish(fit == ReplyFit::accept ? Status::ok : Status::forgery, packet);
    return;
  }
}

// Resumes whoever waits, who destroys this: nothing of ours may be touched afterwards.
void UdpUpstream::Exchange::finish(UpstreamReply::Status status, Bytes packet) {
  if (done.is_set()) { return; }
  UpstreamReply reply{.status = status, .packet = {}, .rtt = upstream_.loop_.now() - sent_at_};
  if (status == UpstreamReply::Status::ok) { reply.packet.assign(packet.begin(), packet.end()); }
  done.set(std::move(reply));
}

UdpUpstream::UdpUpstream(EventLoop& loop, const OutgoingOptions& options, Random& random)
    : loop_(loop),
      random_(random),
      sources_(options.source_addresses),
      ports_(allowed_ports(options)),
      slots_(options.max_udp_sockets),
      reply_room_(std::make_unique_for_overwrite<Octet[]>(kReplyRoom)),
      set_(epoll_create1(EPOLL_CLOEXEC)),
      watch_(loop.base(), set_.fd(), EV_READ, &UdpUpstream::readable, this) {
  free_.reserve(slots_.size());
  if (ports_.empty() || !set_.is_open() || !watch_.watch(true)) { return; }  // no slot: every server is unreachable
  for (std::size_t i = slots_.size(); i > 0; --i) { free_.push_back(u32(i - 1)); }
}

UdpUpstream::~UdpUpstream() = default;

Task<UpstreamReply> UdpUpstream::ask(UpstreamQuestion question) {
  if (question.deadline <= loop_.now()) { co_return UpstreamReply{}; }
  Exchange exchange(*this, question);
  if (const auto failure = exchange.begin()) { co_return UpstreamReply{*failure, {}, {}}; }
  UpstreamReply reply = co_await exchange.done;
  co_return reply;
}

void UdpUpstream::readable(void* self) {
  auto& upstream = *static_cast<UdpUpstream*>(self);
  std::array<epoll_event, kEventsPerWake> events;
  const int got = epoll_wait(upstream.set_.fd(), events.data(), kEventsPerWake, 0);
  for (int i = 0; i < got; ++i) {
    // An earlier event of this batch may have ended the question, and another may have its slot: it will find nothing
    // to read, and wait on.
    Exchange* const exchange = upstream.slots_[events[static_cast<std::size_t>(i)].data.u32];
    if (exchange != nullptr) { exchange->on_readable(); }
  }
}

std::uint16_t UdpUpstream::draw_port() { return ports_[random_.below(static_cast<std::uint32_t>(ports_.size()))]; }

Socket UdpUpstream::open_bound(const IpAddress& server) {
  Socket socket = open_socket(server, SOCK_DGRAM);
  if (!socket.is_open() || !ignore_path_mtu(socket, server.family())) { return {}; }
  const bool tells_fragments =
      server.is_v4() ? socket.set(IPPROTO_IP, IP_RECVFRAGSIZE, 1) : socket.set(IPPROTO_IPV6, IPV6_RECVFRAGSIZE, 1);
  if (!tells_fragments) { return {}; }
  const IpAddress source = sources_.draw(server, random_);
  for (int i = 0; i < kPortDraws; ++i) {
    const SocketAddress local(source, draw_port());
    if (socket.bind(local)) { return socket; }
    if (errno != EADDRINUSE && errno != EACCES) { return {}; }  // EACCES: a privileged port in the operator's range
  }
  return {};
}

}  // namespace vouch
