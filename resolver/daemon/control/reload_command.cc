// `reload`: the configuration is read again (resolver/daemon/reloader.h). It may take seconds where there are large
// lists to be read, so it has a thread of its own while it lasts; there is one at a time.
#include <atomic>
#include <memory>
#include <thread>

#include "resolver/base/lack_of_memory.h"
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
  ReloadThread(ControlServer& server, std::function<ReloadReport()> reload)
      : server_(server), reload_(std::move(reload)) {}

  // On the control thread.
  void run(const CallPtr& call) {
    if (is_busy_ && !ended_in_silence_) {
      call->fail(control_code::kBusy, "a reload is under way already");
      return;
    }
    is_busy_ = ended_in_silence_ = false;
    // The call itself is the control thread's: it only travels along.
    thread_ = std::jthread([this, call] { reload(call); });  // throws where no thread is to be had
    is_busy_ = true;                                         // until it is told, in a later turn of this thread
  }

 private:
  // On its thread, which nothing may be thrown out of.
  void reload(const CallPtr& call) noexcept {
    try {
      server_.post([this, call, told = told()]() mutable {
        is_busy_ = false;
        call->done(std::move(told));
      });
    } catch (const std::bad_alloc&) {  // the call runs out of patience
      note_lack_of_memory();
      ended_in_silence_ = true;
    }
  }
  Json told() {
    try {
      return json_of(reload_());
    } catch (const std::exception& why) {
      return {{"ok", false},
              {"code", control_code::kFailed},
              {"error", std::string("it failed within: ") + log_escaped(why.what())}};
    }
  }

  ControlServer& server_;
  const std::function<ReloadReport()> reload_;
  bool is_busy_ = false;                       // the control thread's
  std::atomic<bool> ended_in_silence_{false};  // memory ran out before the end could be told
  std::jthread thread_;
};

}  // namespace

void add_reload_command(ControlServer& server, std::function<ReloadReport()> reload) {
  auto thread = std::make_shared<ReloadThread>(server, std::move(reload));
  server.registry().add({.name = "reload",
                         .arguments = {},
                         .run = [thread](const CallPtr& call) { thread->run(call); },
                         .changes = true,
                         .patience = std::chrono::minutes(5)});
}

}  // namespace vouch
