#include "resolver/daemon/control/registry.h"

#include <algorithm>
#include <cassert>
#include <exception>

#include "resolver/base/log.h"

namespace vouch {

namespace {

std::string shown(std::string_view text) {
  constexpr std::size_t kMostShown = 100;
  return "`" + log_escaped(text.substr(0, kMostShown)) + "`";
}

}  // namespace

std::optional<std::string> Call::text(std::string_view argument) {
  const auto found = request_.arguments.find(argument);
  if (found != request_.arguments.end() && found->is_string()) { return found->get<std::string>(); }
  fail(control_code::kBadArgument, shown(command()) + " needs the argument " + shown(argument) + ", a string");
  return std::nullopt;
}

std::optional<Name> Call::name(std::string_view argument) {
  const auto given = text(argument);
  if (!given) { return std::nullopt; }
  auto name = Name::parse(*given);
  if (!name) { fail(control_code::kBadArgument, shown(*given) + " is no domain name"); }
  return name;
}

std::optional<Type> Call::type(std::string_view argument, Type standard) {
  if (!has(argument)) { return standard; }
  const auto given = text(argument);
  if (!given) { return std::nullopt; }
  auto type = parse_type(*given);
  if (!type) { fail(control_code::kBadArgument, shown(*given) + " is no record type: write A, MX or TYPE65400"); }
  return type;
}

std::optional<bool> Call::flag(std::string_view argument) {
  const auto found = request_.arguments.find(argument);
  if (found == request_.arguments.end()) { return false; }
  if (found->is_boolean()) { return found->get<bool>(); }
  fail(control_code::kBadArgument, "the argument " + shown(argument) + " is true or false");
  return std::nullopt;
}

std::optional<std::uint64_t> Call::number(std::string_view argument, std::uint64_t standard, std::uint64_t least,
                                          std::uint64_t most) {
  const auto found = request_.arguments.find(argument);
  if (found == request_.arguments.end()) { return standard; }
  if (found->is_number_unsigned()) {
    const auto number = found->get<std::uint64_t>();
    if (number >= least && number <= most) { return number; }
  }
  fail(control_code::kBadArgument, "the argument " + shown(argument) + " is a number from " + std::to_string(least) +
                                       " to " + std::to_string(most));
  return std::nullopt;
}

void Call::item(const Json& object) {
  if (replies_ != nullptr) { replies_->put(json_line(object), false); }
}

void Call::done(Json object) {
  if (is_over()) { return; }
  if (object.contains("ok")) {
    end(json_line(object));
    return;
  }
  Json whole{{"ok", true}};
  whole.update(object);
  end(json_line(whole));
}

void Call::fail(std::string_view code, std::string_view sentence) {
  if (!is_over()) { end(json_line(Json{{"ok", false}, {"code", code}, {"error", sentence}})); }
}

void Call::end(std::string line) {
  CallReplies& replies = *std::exchange(replies_, nullptr);
  gone_ = nullptr;
  replies.put(std::move(line), true);  // may let go of this call
}

void Call::when_drained(std::function<void()> work) {
  if (replies_ != nullptr) { replies_->when_drained(std::move(work)); }
}

void Call::hang_up() {
  if (std::exchange(replies_, nullptr) == nullptr) { return; }
  const auto gone = std::exchange(gone_, nullptr);
  if (gone) { gone(); }
}

ControlRegistry::ControlRegistry() {
  add({.name = "commands", .arguments = {}, .run = [this](const CallPtr& call) {
         Json names = Json::array();
         for (const auto& [name, command] : commands_) { names.push_back(name); }
         call->done({{"commands", std::move(names)}});
       }});
}

void ControlRegistry::add(ControlCommand command) {
  const std::string_view name = command.name;
  [[maybe_unused]] const bool is_new = commands_.emplace(name, std::move(command)).second;
  assert(is_new);
}

const ControlCommand* ControlRegistry::find(std::string_view name) const {
  const auto found = commands_.find(name);
  return found == commands_.end() ? nullptr : &found->second;
}

void ControlRegistry::run(const CallPtr& call) const {
  const ControlCommand* command = find(call->command());
  if (command == nullptr) {
    call->fail(control_code::kNoSuchCommand,
               "this vouchd has no command " + shown(call->command()) + "; `commands` lists what it has");
    return;
  }
  for (const auto& [argument, value] : call->arguments().items()) {
    if (std::ranges::find(command->arguments, argument) != command->arguments.end()) { continue; }
    call->fail(control_code::kBadArgument, shown(call->command()) + " takes no argument " + shown(argument));
    return;
  }
  try {
    command->run(call);
  } catch (const std::exception& why) {
    call->fail(control_code::kFailed, std::string("it failed within: ") + log_escaped(why.what()));
  }
}

}  // namespace vouch
