#include "resolver/daemon/control/control.h"

namespace vouch {

void with_figures(const ControlParts& parts, const CallPtr& call, ControlParts::WithFigures work) {
  if (parts.take_figures == nullptr) {
    call->fail(control_code::kUnavailable, "this vouchd takes no figures: it had no descriptor left when it started");
    return;
  }
  parts.take_figures(std::move(work));
}

std::unique_ptr<Control> Control::create(const ControlParts& parts) {
  auto server = ControlServer::create();
  if (server == nullptr) {
    log(LogLevel::error, "no_control", {{"problem", "descriptors have run out (RLIMIT_NOFILE)"}});
    return nullptr;
  }
  add_status_command(*server, parts);
  add_stats_commands(server->registry(), parts);
  add_flush_commands(server->registry(), parts);
  add_cache_commands(server->registry(), parts);
  add_lookup_command(server->registry(), parts);
  add_watch_commands(server->registry(), server->executor(), parts);
  return std::unique_ptr<Control>(new Control(std::move(server)));
}

void Control::open(const std::string& path) {
  if (path.empty()) { return; }
  const auto opened = server_->open(path);
  is_open_ = opened.has_value();
  if (is_open_) { return; }
  log(LogLevel::warning, "no_control",
      {{"problem", opened.error()}, {"remedy", "set control.socket to a path that vouchd can make, or to \"\""}});
}

void Control::start() {
  if (is_open_) { server_->start(); }
}

void Control::stop() { server_->stop(); }

}  // namespace vouch
