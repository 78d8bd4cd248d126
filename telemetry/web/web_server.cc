#include "telemetry/web/web_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "telemetry/web/web_connection.h"

namespace vouch {
namespace {

constexpr int kBacklog = 128;  // connections that wait to be accepted or refused; a turn of the loop takes them all

// Of each connection, inherited from the listener. By itself the kernel would take megabytes from us for a client that
// reads nothing, past all our own limits.
constexpr int kKernelBuffer = 64 * 1024;

std::string failure(const SocketAddress& address, int error) {
  return "cannot serve the pages on " + address.text() + " (HTTP): " + std::generic_category().message(error);
}

SocketAddress local_address_of(int fd) {
  sockaddr_storage local{};
  socklen_t length = sizeof local;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &length) != 0) { return {}; }
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&local)).value_or(SocketAddress());
}

// -1, with errno, when it cannot be had.
int listening_socket(const SocketAddress& address) {
  const int family = address.ip().is_v4() ? AF_INET : AF_INET6;
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) { return -1; }
  const int on = 1;
  sockaddr_storage to{};
  const socklen_t length = address.to(to);
  const bool is_set = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                      setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kKernelBuffer, sizeof kKernelBuffer) == 0 &&
                      // Inherited, too. Responses go out in several writes; Nagle's wait made each 44 ms longer.
                      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
                      (family == AF_INET || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0);
  if (is_set && bind(fd, reinterpret_cast<const sockaddr*>(&to), length) == 0) { return fd; }
  const int error = errno;
  evutil_closesocket(fd);
  errno = error;
  return -1;
}

}  // namespace

void WebTable::remove(const WebConnection& connection) {
  std::erase_if(connections, [&](const auto& entry) { return entry.get() == &connection; });
}

std::unique_ptr<WebServer> WebServer::create(event_base* base, WebHandler& handler, WebLimits limits) {
  std::unique_ptr<WebServer> server(new WebServer(base, handler, limits));
  return server->start_sweeping() ? std::move(server) : nullptr;
}

WebServer::WebServer(event_base* base, WebHandler& handler, WebLimits limits)
    : base_(base), table_{.handler = handler, .limits = limits} {}

WebServer::~WebServer() = default;

std::expected<void, std::string> WebServer::listen_on(const SocketAddress& address) {
  const int fd = listening_socket(address);
  if (fd < 0) { return std::unexpected(failure(address, errno)); }
  evconnlistener* listener = evconnlistener_new(base_, &WebServer::accepted, this,
                                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, kBacklog, fd);
  if (listener == nullptr) {
    const int error = errno;
    evutil_closesocket(fd);
    return std::unexpected(failure(address, error));
  }
  listeners_.emplace_back(listener);
  evconnlistener_set_error_cb(listener, &WebServer::accept_failed);
  return {};
}

bool WebServer::start_sweeping() {
  sweep_event_.reset(event_new(base_, -1, EV_PERSIST, &WebServer::sweep_due, this));
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(table_.limits.sweep).count();
  const timeval period{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
  return sweep_event_ != nullptr && event_add(sweep_event_.get(), &period) == 0;
}

std::vector<SocketAddress> WebServer::addresses() const {
  std::vector<SocketAddress> addresses;
  for (const auto& listener : listeners_) {
    addresses.push_back(local_address_of(evconnlistener_get_fd(listener.get())));
  }
  return addresses;
}

bool WebServer::has_room_for(const IpAddress& source) {
  auto& connections = table_.connections;
  if (!source.is_loopback()) {
    const auto same = std::ranges::count(connections, source, [](const auto& entry) { return entry->source(); });
    if (static_cast<std::size_t>(same) >= table_.limits.per_source) { return false; }
    const auto strangers =
        std::ranges::count_if(connections, [](const auto& entry) { return !entry->source().is_loopback(); });
    if (static_cast<std::size_t>(strangers) >= table_.limits.strangers) { return false; }
  }
  if (connections.size() < table_.limits.connections) { return true; }
  // Whoever keeps a connection without using it gives it up for one who asks.
  const auto longest = std::ranges::min_element(
      connections, {}, [](const auto& entry) { return std::pair(!entry->is_idle(), entry->since()); });
  if (!(*longest)->is_idle()) { return false; }
  if (std::chrono::steady_clock::now() - (*longest)->since() < table_.limits.grace) { return false; }
  ++table_.traffic.evicted;
  connections.erase(longest);
  return true;
}

void WebServer::accept(int fd, const SocketAddress& from) {
  if (has_room_for(from.ip())) {
    const WebPeer peer{.remote = from.ip(), .local = local_address_of(fd).ip()};
    if (auto connection = WebConnection::create(base_, fd, peer, table_)) {
      ++table_.traffic.accepted;
      table_.connections.push_back(std::move(connection));
    }
    return;
  }
  ++table_.traffic.refused;
  evutil_closesocket(fd);
  if (const auto silenced = refusals_.allow(std::chrono::steady_clock::now())) {
    log(LogLevel::warning, "web_connection_refused",
        {{"connections", table_.connections.size()}, {"more_since_last", *silenced}});
  }
}

void WebServer::sweep() {
  const Instant now = std::chrono::steady_clock::now();
  auto& connections = table_.connections;
  for (auto next = connections.begin(); next != connections.end();) {
    const std::shared_ptr<WebConnection> connection = *next++;  // it may remove itself
    if (!connection->is_overdue(now)) { continue; }
    ++table_.traffic.overdue;
    connection->expire();
  }
  // After accept_failed() descriptors may be there again.
  for (const auto& listener : listeners_) { evconnlistener_enable(listener.get()); }
}

void WebServer::accepted(evconnlistener*, evutil_socket_t fd, sockaddr* from, int, void* self) {
  const auto address = SocketAddress::from(from);
  if (!address) {
    evutil_closesocket(fd);
    return;
  }
  static_cast<WebServer*>(self)->accept(fd, *address);
}

// No descriptors: the connection stays in the queue and would be reported without end.
void WebServer::accept_failed(evconnlistener* listener, void*) { evconnlistener_disable(listener); }

void WebServer::sweep_due(evutil_socket_t, short, void* self) {
  survive_lack_of_memory([self] { static_cast<WebServer*>(self)->sweep(); });
}

}  // namespace vouch
