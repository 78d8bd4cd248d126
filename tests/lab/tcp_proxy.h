#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/lab/authority.h"
#include "tests/lab/event_loop.h"
#include "tests/lab/outcome.h"
#include "tests/lab/socket.h"

namespace vouch::lab {

// The TCP half of the lab's authority. Each client connection has a connection of its own to every back end it needs;
// NSD answers in order, so a queue per back end connection tells which reply is whose. One thread; lives no longer than
// its arguments.
class TcpProxy {
 public:
  TcpProxy(event_base* base, Authority& authority, DelayLine& delays);
  ~TcpProxy();

  Outcome<void> bind(std::uint16_t port);
  void connect(const std::string& address, const std::vector<std::uint16_t>& ports);

 private:
  struct Listener;
  struct Upstream;
  struct Session;

  static void on_connection(evutil_socket_t, short, void* listener);
  static void on_client_data(bufferevent*, void* session);
  static void on_client_event(bufferevent*, short, void* session);
  static void on_client_sent(bufferevent*, void* session);
  static void on_upstream_data(bufferevent*, void* upstream);
  static void on_upstream_event(bufferevent*, short, void* upstream);

  void open_session(std::size_t server, int fd);
  void take_question(Session& session, std::string packet);
  Upstream* upstream_for(Session& session, std::size_t backend);
  void take_reply(Session& session, std::string genuine, const Actions& actions);
  void send_now(Session& session, const std::vector<std::string>& packets, const Actions& actions);
  void end(Session& session, bool rudely);

  event_base* base_;
  Authority& authority_;
  DelayLine& delays_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<Endpoint> backends_;
  std::map<std::uint64_t, std::unique_ptr<Session>> sessions_;
  std::uint64_t next_session_ = 1;
};

}  // namespace vouch::lab
