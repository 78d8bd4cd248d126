#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/authority.h"
#include "tests/lab/event_loop.h"
#include "tests/lab/outcome.h"
#include "tests/lab/socket.h"

namespace vouch::lab {

// The UDP half of the lab's authority: a socket on every public address, one to each back end. A question goes to the
// back end under an id of ours, which leads its reply back to who asked. One thread; lives no longer than its
// arguments.
class UdpProxy {
 public:
  UdpProxy(event_base* base, Authority& authority, DelayLine& delays);
  ~UdpProxy();

  Outcome<void> bind(std::uint16_t port);
  // `ports` are the back ends' ports, in the order of Authority::backends().
  Outcome<void> connect(const std::string& address, const std::vector<std::uint16_t>& ports);

 private:
  struct Listener;
  struct Backend;
  struct Client {
    std::size_t server = 0;
    sockaddr_storage address{};
    socklen_t length = 0;
  };
  // A question that a back end has. The index in Backend::asked is the id it was sent with.
  struct Asked {
    Client client;
    std::uint16_t id = 0;
    std::chrono::steady_clock::time_point since{};  // zero when free
    std::unique_ptr<Actions> actions;               // null for the many that nothing happens to
  };

  static void on_question(evutil_socket_t, short, void* listener);
  static void on_reply(evutil_socket_t, short, void* backend);
  void take_question(const Client& client, std::string_view packet);
  void forward(const Client& client, Decision decision);
  void take_reply(Backend& backend, std::string_view packet);
  void send(const Client& client, std::string genuine, const Actions& actions);
  void send_now(const Client& client, const std::string& packet);

  event_base* base_;
  Authority& authority_;
  DelayLine& delays_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // by server index
  std::vector<std::unique_ptr<Backend>> backends_;
};

}  // namespace vouch::lab
