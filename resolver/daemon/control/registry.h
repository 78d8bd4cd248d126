// What can be asked over the control socket, and the hand that a command answers with.
//
// A command is a row: a name, what it takes, and a function that is called on the control thread with a Call. It may
// answer at once, or keep the Call and answer later, from that thread alone: what comes back from a worker goes through
// ControlServer::post(). While a command runs the control thread serves nobody else, so what takes long is done in
// steps (Call::when_drained()); DNS never waits for any of it.
//
//   registry.add({.name = "version",
//                 .arguments = {},
//                 .run = [](const CallPtr& call) { call->done({{"version", kVersion}}); }});
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/daemon/control/protocol.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

// Where a Call's answer goes: a connection, or a test.
class CallReplies {
 public:
  virtual ~CallReplies() = default;
  virtual void put(std::string line, bool is_last) = 0;
  virtual bool is_full() const = 0;  // more is waiting to be taken than should
  // Calls `work` once, in a later turn, when what waits has become little.
  virtual void when_drained(std::function<void()> work) = 0;
};

// One request, from its arrival to its last line. Used on the control thread; held by as many as like.
class Call {
 public:
  Call(ControlRequest request, CallReplies& replies) : request_(std::move(request)), replies_(&replies) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const std::string& command() const noexcept { return request_.command; }
  const Json& arguments() const noexcept { return request_.arguments; }  // an object

  // The arguments by name. Nothing: it is missing or no such thing, and the call has been failed with a sentence.
  std::optional<std::string> text(std::string_view argument);
  std::optional<Name> name(std::string_view argument = "name");
  // With a default for what is not given.
  std::optional<Type> type(std::string_view argument, Type standard);
  std::optional<bool> flag(std::string_view argument);  // not given: false
  std::optional<std::uint64_t> number(std::string_view argument, std::uint64_t standard, std::uint64_t least,
                                      std::uint64_t most);
  bool has(std::string_view argument) const { return request_.arguments.contains(argument); }

  // A line that is not the last. After the last, or when nobody listens any more, it goes nowhere.
  void item(const Json& object);
  // The last line: `object` with "ok": true before it; or as it is, where it says `ok` itself.
  void done(Json object = Json::object());
  void fail(std::string_view code, std::string_view sentence);

  // No more lines are wanted: all is said, or who asked has gone.
  bool is_over() const noexcept { return replies_ == nullptr; }
  // The reader is slower than the command: go on in when_drained().
  bool is_full() const { return replies_ != nullptr && replies_->is_full(); }
  // Calls `work` once in a later turn of the thread, when the reader has taken what was said; never, when he has gone.
  void when_drained(std::function<void()> work);
  // Called once when it is over by the asker's own doing, on the control thread. One for each call.
  void when_gone(std::function<void()> work) { gone_ = std::move(work); }
  // It goes on until the asker hangs up, and may be silent for long.
  void goes_on() noexcept { goes_on_ = true; }
  bool does_go_on() const noexcept { return goes_on_; }

  void hang_up();  // by the connection: who asked has gone

 private:
  void end(std::string line);

  ControlRequest request_;
  CallReplies* replies_;  // null: it is over
  std::function<void()> gone_;
  bool goes_on_ = false;
};
using CallPtr = std::shared_ptr<Call>;

struct ControlCommand {
  std::string_view name;  // "flush name": words, as vouchctl takes them
  // That it takes; any other is refused, since a misspelt one would else be a default without a word.
  std::vector<std::string_view> arguments;
  std::function<void(const CallPtr& call)> run;
  bool changes = false;  // something of the daemon's, or shows what people ask: it is told in the log
  // How long it may be silent before its last line (unless it goes_on()): then it is failed.
  Duration patience = std::chrono::seconds(30);
};

class ControlRegistry {
 public:
  ControlRegistry();  // with the command "commands", which lists them all
  ControlRegistry(const ControlRegistry&) = delete;
  ControlRegistry& operator=(const ControlRegistry&) = delete;

  void add(ControlCommand command);  // before the thread starts; the name is a new one
  // Null: there is none of this name.
  const ControlCommand* find(std::string_view name) const;
  // Runs the call's command, or fails the call: no such command, an argument that it does not take. A command that
  // throws has failed.
  void run(const CallPtr& call) const;

 private:
  std::map<std::string_view, ControlCommand> commands_;
};

}  // namespace vouch
