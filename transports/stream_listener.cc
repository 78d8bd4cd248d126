#include "transports/stream_listener.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "transports/dns_stream_session.h"
#include "transports/plain_stream.h"

namespace vouch {

namespace {

constexpr int kAcceptsPerWake = 32;

// What the kernel may hold of answers that are not even on their way yet; without a bound it is 4 MiB per connection.
constexpr int kUnsentInKernel = 128 * 1024;

void destroy_all(LinkedList<StreamSession, StreamSessions>& sessions) noexcept {
  while (StreamSession* const session = sessions.front()) { delete session; }  // leaves the list as it goes
}

}  // namespace

StreamService dns_over_tcp() {
  return {.protocol = ClientProtocol::tcp,
          .name = "TCP",
          .wrap = [](Socket socket) { return std::make_unique<PlainStream>(std::move(socket)); },
          .session =
              [](StreamSessionHome& home, std::unique_ptr<ByteStream> stream, const StreamSession::Ends& ends) {
                return std::make_unique<DnsStreamSession>(home, std::move(stream), ends);
              }};
}

std::expected<std::unique_ptr<StreamListener>, std::string> StreamListener::open(const Parts& parts,
                                                                                 const SocketAddress& address,
                                                                                 StreamService service) {
  Socket socket = open_socket(address.ip(), SOCK_STREAM);
  // Accepted sockets inherit the last two options.
  const bool ready =
      socket.is_open() && socket.set(SOL_SOCKET, SO_REUSEADDR, 1) && socket.set(SOL_SOCKET, SO_REUSEPORT, 1) &&
      (address.ip().is_v4() || socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1)) && socket.set(IPPROTO_TCP, TCP_NODELAY, 1) &&
      socket.set(IPPROTO_TCP, TCP_NOTSENT_LOWAT, kUnsentInKernel) &&
      // Inherited as well: what a client never acknowledges must not outlive its connection in the kernel.
      socket.set(IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(parts.limits.stall().count())) &&
      socket.bind(address) && listen(socket.fd(), parts.options.backlog) == 0;
  if (!ready) { return std::unexpected(listen_failure(address, service.name.c_str(), errno)); }
  const SocketAddress bound = socket.local_address();
  std::unique_ptr<StreamListener> listener(new StreamListener(parts, std::move(socket), bound, std::move(service)));
  if (!listener->watch_.watch(true)) {
    return std::unexpected(listen_failure(address, listener->service_.name.c_str(), errno));
  }
  return listener;
}

StreamListener::StreamListener(const Parts& parts, Socket socket, const SocketAddress& address, StreamService service)
    : StreamSessionHome(parts.loop, parts.limits, parts.sink, parts.counters, parts.options, service.protocol),
      address_(address),
      proxies_(parts.proxies),
      service_(std::move(service)),
      socket_(std::move(socket)),
      watch_(parts.loop.base(), socket_.fd(), EV_READ, &StreamListener::acceptable, this),
      resume_timer_(parts.loop.base(), &StreamListener::resume, this) {}

StreamListener::~StreamListener() {
  destroy_all(open_);
  destroy_all(closed_);
}

void StreamListener::adopt(const StreamListenerOptions& its_options, const std::vector<Prefix>& proxies) {
  options = its_options;
  proxies_ = proxies;
}

void StreamListener::acceptable(void* self) {
  auto& listener = *static_cast<StreamListener*>(self);
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    auto* const name = reinterpret_cast<sockaddr*>(&storage);
    Socket socket(accept4(listener.socket_.fd(), name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
      const auto client = SocketAddress::from(name);
      if (client) { listener.admit(std::move(socket), *client); }
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EINTR:
      case ECONNABORTED:  // it left while it stood in the queue; so for the network errors that accept(2) names
      case EPROTO:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case ENOPROTOOPT:
      case ENONET:
        continue;
      default:
        listener.pause();
        return;
    }
  }
}

bool StreamListener::is_proxy(const IpAddress& client) const noexcept {
  return std::ranges::any_of(proxies_, [&](const Prefix& prefix) { return prefix.contains(client); });
}

void StreamListener::admit(Socket socket, const SocketAddress& client) {
  const SocketAddress local = address_.ip().is_unspecified() ? socket.local_address() : address_;
  const int fd = socket.fd();
  const bool behind_proxy = is_proxy(client.ip());
  const bool is_stranger = protocol > ClientProtocol::tcp && !behind_proxy && !sink.admits(client.ip());
  std::unique_ptr<ByteStream> stream = is_stranger ? nullptr : service_.wrap(std::move(socket));
  if (stream == nullptr) {
    counters.refused.add();
    if (socket.is_open()) { reset_on_close(fd); }
    return;
  }
  StreamSessionHome& home = *this;
  std::unique_ptr<StreamSession> session = service_.session(home, std::move(stream), {client, local});
  const bool admitted = behind_proxy ? limits.admit_unattributed(*session) : limits.admit(*session, client.ip());
  if (!admitted) {
    counters.refused.add();
    reset_on_close(fd);
    return;
  }
  if (!session->start(behind_proxy)) { return; }
  if (!behind_proxy) { counters.accepted.add(); }  // else once it is known who comes
  open_.push_back(*session.release());
}

void StreamListener::pause() {
  limits.evict_one();  // gives back one descriptor
  watch_.watch(false);
  resume_timer_.arm(options.accept_pause);
}

void StreamListener::resume(void* self) {
  auto& listener = *static_cast<StreamListener*>(self);
  if (!listener.watch_.watch(true)) { listener.resume_timer_.arm(listener.options.accept_pause); }
}

void StreamListener::bury(StreamSession& session) {
  closed_.push_back(session);
  loop.at_end_of_turn(*this);
}

void StreamListener::end_of_turn() { destroy_all(closed_); }

}  // namespace vouch
