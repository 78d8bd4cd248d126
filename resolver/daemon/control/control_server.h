// The control channel: a thread of its own with an event loop, the socket and who speaks over it. DNS never waits for
// it: the workers are only posted to, and what is shared with them (caches, anchors) is locked for moments.
//
// Lifetime: create() on the main thread, and the commands put into the registry; open() when the process has become who
// it will be, so that the socket is that user's; start(). stop() before what the commands lean on ends; post() may be
// called until the destructor, and after stop() does nothing.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <thread>

#include "resolver/base/log.h"
#include "resolver/daemon/control/control_connection.h"
#include "resolver/daemon/control/control_options.h"
#include "resolver/daemon/control/registry.h"

namespace vouch {

class ControlServer {
 public:
  // Null: the kernel has no descriptor left for an event loop.
  static std::unique_ptr<ControlServer> create(ControlLimits limits = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  ControlRegistry& registry() noexcept { return registry_; }
  Executor& executor() noexcept { return *loop_; }                     // the thread's; post() is for any thread
  const ControlTraffic& traffic() const noexcept { return traffic_; }  // on the thread

  std::expected<void, std::string> open(const std::string& path);  // the error is a sentence for the operator
  void start();
  void stop();
  void post(std::move_only_function<void()> work) { loop_->post(std::move(work)); }

 private:
  ControlServer(std::unique_ptr<EventLoop> loop, const ControlLimits& limits);
  void accept_some();
  void admit(Socket socket);
  bool make_room();
  void sweep();

  std::unique_ptr<EventLoop> loop_;  // first in, last out: others post to it
  const ControlLimits limits_;
  ControlRegistry registry_;
  ControlTraffic traffic_;
  LogLimiter refusals_{std::chrono::minutes(1)};
  std::unique_ptr<ControlSocket> socket_;
  std::unique_ptr<LoopWatch> acceptable_;
  LoopTimer sweeper_;
  std::list<ControlConnection> connections_;
  std::thread thread_;
};

}  // namespace vouch
