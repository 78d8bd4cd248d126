// The control channel of a daemon: the server with all commands that need no more than the daemon's common parts.
//
// Lifetime: create() once the parts are there; others add their commands to registry(); open() as the user that the
// process has become; start() last; stop() before the workers end. Destroyed after all who may post to it have ended.
#pragma once

#include <memory>

#include "resolver/daemon/control/commands.h"
#include "resolver/daemon/control/control_server.h"

namespace vouch {

class Control {
 public:
  // Null, and told in the log, when the kernel has no descriptor left for an event loop.
  static std::unique_ptr<Control> create(const ControlParts& parts);

  ControlServer& server() noexcept { return *server_; }
  ControlRegistry& registry() noexcept { return server_->registry(); }
  // Runs `work` on the control thread, later. Any thread.
  void post(std::move_only_function<void()> work) { server_->post(std::move(work)); }

  // That there is no socket is told in the log and keeps nobody from resolving. Empty: none is wanted.
  void open(const std::string& path);
  bool is_open() const noexcept { return is_open_; }
  void start();  // unless there is no socket
  void stop();

 private:
  explicit Control(std::unique_ptr<ControlServer> server) : server_(std::move(server)) {}
  std::unique_ptr<ControlServer> server_;
  bool is_open_ = false;
};

}  // namespace vouch
