// `reload`: the configuration is read again (resolver/daemon/reloader.h). It may take seconds where there are large
// lists to be read, so it has a thread of its own while it lasts; there is one at a time.
#include <memory>
#include <thread>

#include "resolver/daemon/control/commands.h"
#include "resolver/daemon/control/control_server.h"
#include "resolver/daemon/reloader.h"

namespace vouch {

namespace {

Json json_of(const ReloadReport& report) {
  Json out = {{"ok", report.ok()}};
  if (!report.ok()) {
    out["code"] = control_code::kFailed;
    out["error"] = "the configuration has not been taken: what was running goes on";
    Json& errors = out["errors"] = Json::array();
    for (const ConfigError& error : report.errors) {
      errors.push_back({{"file", error.file},
                        {"line", error.line},
                        {"column", error.column},
                        {"message", error.problem},
                        {"remedy", error.remedy}});
    }
    return out;
  }
  out["changed"] = report.changed;
  out["needs_restart"] = report.need_restart;
  return out;
}

// The thread of a reload, joined before the next begins and before the commands go.
class ReloadThread {
 public:
  ReloadThread(ControlServer& server, Reloader& reloader) : server_(server), reloader_(reloader) {}

  // On the control thread.
  void run(const CallPtr& call) {
    if (is_busy_) {
      call->fail(control_code::kBusy, "a reload is under way already");
      return;
    }
    is_busy_ = true;
    thread_ = std::jthread([this, call] {
      // The call itself is the control thread's: it only travels along.
      auto report = std::make_shared<const ReloadReport>(reloader_.reload());
      server_.post([this, call, report] {
        is_busy_ = false;
        call->done(json_of(*report));
      });
    });
  }

 private:
  ControlServer& server_;
  Reloader& reloader_;
  bool is_busy_ = false;  // the control thread's
  std::jthread thread_;
};

}  // namespace

void add_reload_command(ControlServer& server, Reloader& reloader) {
  auto thread = std::make_shared<ReloadThread>(server, reloader);
  server.registry().add({.name = "reload",
                         .arguments = {},
                         .run = [thread](const CallPtr& call) { thread->run(call); },
                         .changes = true,
                         .patience = std::chrono::minutes(5)});
}

}  // namespace vouch
