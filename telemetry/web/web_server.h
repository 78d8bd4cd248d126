// A small HTTP/1.1 server for the pages, /metrics and the API: GET and HEAD, no bodies, one request of a connection at
// a time. It is built on libevent's listeners and buffered sockets and not on its evhttp, which (2.1, as Debian has it)
// tells nobody when a connection is accepted, so that they cannot be bounded; has a time limit on silence alone; and
// answers errors itself, without our security headers (docs/decisions/0010).
//
// Everything has a limit (WebLimits). Together they bound memory: 64 connections of at most 16 KiB unread, and 2 MiB of
// responses that clients have not taken yet, plus the one that went beyond.
// One thread: the one that runs `base`. Must be destroyed before `base`, and `handler` after it.
#pragma once

#include <event2/event.h>
#include <event2/listener.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "resolver/base/log.h"
#include "telemetry/web/web_request.h"
#include "telemetry/web/web_response.h"

namespace vouch {

struct WebPeer {
  IpAddress remote, local;
};

// Called once, on the server's thread, maybe before handle() returns. May be called when the connection, or the server,
// is gone.
using WebDone = std::function<void(WebResponse)>;

class WebHandler {
 public:
  virtual ~WebHandler() = default;
  // `head` is valid during the call alone. What the head says of methods, hosts and bodies is the handler's to judge.
  virtual void handle(const WebHead& head, const WebPeer& peer, WebDone done) = 0;
};

// The defaults are what runs; tests shorten the times.
struct WebLimits {
  std::size_t connections = 64;
  // A quarter of them, so that one client in the LAN cannot hold all; browsers open six. Does not count on loopback,
  // where a proxy or a tunnel may stand for many.
  std::size_t per_source = 16;
  // From beyond this machine in all: whoever has many addresses (an IPv6 host has a /64) must not shut out its
  // operator.
  std::size_t strangers = 48;
  std::size_t requests = 100;            // on one connection; then a new one has to be made, and others get their turn
  std::size_t unread = 16'384;           // octets taken from a socket ahead of being looked at; kMaxWebHead fits
  std::size_t response = 1024 * 1024;    // the largest body; the largest page has a tenth
  std::size_t unsent = 2 * 1024 * 1024;  // of all connections; beyond it requests are refused with 503
  Duration idle = std::chrono::seconds(5);       // without a request
  Duration request = std::chrono::seconds(5);    // from the first octet of a head to its last, however they dribble
  Duration handling = std::chrono::seconds(15);  // a site check: beyond the patience of a resolution
  Duration stall = std::chrono::seconds(5);      // without a response's next octet being taken
  Duration sending = std::chrono::seconds(30);   // a whole response: 1 MiB over a line of 280 kbit/s
  Duration linger = std::chrono::seconds(1);     // for what a refused client still sends: a reset would eat our answer
  Duration grace = std::chrono::milliseconds(500);  // to begin a request, before another client is given the place
  Duration sweep = std::chrono::milliseconds(500);  // how often these are looked at
};

struct WebTraffic {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // connections beyond the limits
  std::uint64_t evicted = 0;  // idle ones that made room
  std::uint64_t requests = 0;
  std::uint64_t overdue = 0;  // cut by one of the time limits
};

class WebConnection;

// What a server and its connections share.
struct WebTable {
  WebHandler& handler;
  const WebLimits limits;
  WebTraffic traffic{};
  std::size_t unsent = 0;
  std::list<std::shared_ptr<WebConnection>> connections{};

  void remove(const WebConnection& connection);  // destroys it
};

class WebServer {
 public:
  // Serves nowhere yet. Null: no memory.
  static std::unique_ptr<WebServer> create(event_base* base, WebHandler& handler, WebLimits limits = {});
  // One more address; the limits are for all of them together. The error is a sentence for the operator.
  std::expected<void, std::string> listen_on(const SocketAddress& address);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  std::vector<SocketAddress> addresses() const;  // that it listens on, with the ports the kernel chose for 0
  std::size_t connections() const noexcept { return table_.connections.size(); }
  const WebTraffic& traffic() const noexcept { return table_.traffic; }

 private:
  struct ListenerFree {
    void operator()(evconnlistener* listener) const noexcept { evconnlistener_free(listener); }
  };
  struct EventFree {
    void operator()(event* event) const noexcept { event_free(event); }
  };
  WebServer(event_base* base, WebHandler& handler, WebLimits limits);
  bool start_sweeping();
  bool has_room_for(const IpAddress& source);
  void accept(int fd, const SocketAddress& from);
  void sweep();
  static void accepted(evconnlistener* listener, evutil_socket_t fd, sockaddr* from, int length, void* self);
  static void accept_failed(evconnlistener* listener, void* self);
  static void sweep_due(evutil_socket_t, short, void* self);

  event_base* base_;
  WebTable table_;
  LogLimiter refusals_{std::chrono::minutes(1)};
  std::vector<std::unique_ptr<evconnlistener, ListenerFree>> listeners_;
  std::unique_ptr<event, EventFree> sweep_event_;
};

}  // namespace vouch
