#include "resolver/daemon/control/explain_commands.h"

#include <algorithm>
#include <charconv>

#include "resolver/explain/render.h"

namespace vouch {

namespace {

// Longer than an explanation may take: two budgets, where a negative anchor stands in the way.
constexpr Duration kExplainPatience = std::chrono::seconds(20);

void explain_command(const ExplainCommandParts& parts, const CallPtr& call) {
  const auto name = call->name();
  if (!name) { return; }
  const auto type = call->type("type", Type::A);
  if (!type) { return; }
  const bool begun =
      parts.explaining.explain({*name, *type}, [post = parts.post, call](const ExplanationPtr& explanation) mutable {
        post([call, explanation] {
          if (explanation == nullptr) { return call->fail(control_code::kFailed, "no memory is left to explain with"); }
          call->done({{"text", explanation_text(*explanation)}, {"explanation", explanation_json(*explanation)}});
        });
      });
  if (!begun) {
    call->fail(control_code::kBusy,
               std::to_string(Explaining::kAtOnce) + " explanations are under way: try again in a few seconds");
  }
}

Json anchor_json(const TemporaryNegativeAnchor& anchor) {
  return {{"zone", anchor.zone.text()}, {"source", "run time"},  {"reason", anchor.reason},
          {"added", anchor.added},      {"until", anchor.until}, {"stays", anchor.stays}};
}

// On disk before the operator is told so.
void tell_saved(const ExplainCommandParts& parts, const CallPtr& call, Json object) {
  if (parts.file == nullptr) {
    object["saved"] = false;
    object["problem"] = "dnssec.state_directory names no writable folder: it holds until vouchd ends";
  } else if (const auto saved = parts.file->wait(); !saved) {
    object["saved"] = false;
    object["problem"] = saved.error() + ": it holds until vouchd ends";
  } else {
    object["saved"] = true;
  }
  call->done(std::move(object));
}

void add_command(const ExplainCommandParts& parts, const CallPtr& call) {
  if (!parts.validates()) {
    return call->fail(control_code::kUnavailable,
                      "dnssec.mode is off: nothing is validated, so nothing can be excepted");
  }
  const auto zone = call->name("zone");
  if (!zone) { return; }
  const auto span = call->text("for");
  if (!span) { return; }
  const auto reason = call->text("reason");
  if (!reason) { return; }
  const auto stays = call->flag("stays");
  if (!stays) { return; }
  const auto seconds = parse_span(*span);
  if (!seconds) { return call->fail(control_code::kBadArgument, "how long is written like 90s, 45m, 2h or 7d"); }
  const auto added = parts.negatives.add(*zone, *seconds, *reason, *stays);
  if (!added) { return call->fail(control_code::kBadArgument, added.error()); }
  tell_saved(parts, call, anchor_json(*added));
}

void remove_command(const ExplainCommandParts& parts, const CallPtr& call) {
  const auto zone = call->name("zone");
  if (!zone) { return; }
  if (const auto removed = parts.negatives.remove(*zone); !removed) {
    return call->fail(control_code::kBadArgument, removed.error());
  }
  tell_saved(parts, call, {{"zone", zone->text()}});
}

void list_command(const ExplainCommandParts& parts, const CallPtr& call) {
  const std::vector<NegativeAnchorKeeper::Listed> listed = parts.negatives.list();
  for (const NegativeAnchorKeeper::Listed& one : listed) {
    Json json = anchor_json(one.anchor);
    json["last_check"] = one.last_check ? Json(*one.last_check) : Json(nullptr);
    json["holds"] = one.last_check ? Json(one.held) : Json(nullptr);
    json["verdict"] = one.verdict.empty() ? Json(nullptr) : Json(one.verdict);
    call->item(json);
  }
  std::size_t count = listed.size();
  for (const NegativeAnchor& anchor : parts.explaining.negatives_in_force()) {
    const auto is_it = [&](const auto& one) { return one.anchor.zone == anchor.name; };
    if (std::ranges::any_of(listed, is_it)) { continue; }
    ++count;
    call->item({{"zone", anchor.name.text()},
                {"source", "configuration"},
                {"reason", anchor.reason},
                {"until", anchor.until == 0 ? Json(nullptr) : Json(anchor.until)}});
  }
  call->done({{"count", count}});
}

}  // namespace

std::optional<std::int64_t> parse_span(std::string_view text) noexcept {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || at + 1 != end || number < 0) { return std::nullopt; }
  constexpr std::int64_t kMost = std::int64_t{1} << 32U;  // far beyond what any anchor may have, and no overflow
  if (number > kMost) { return std::nullopt; }
  switch (*at) {
    case 's':
      return number;
    case 'm':
      return number * 60;
    case 'h':
      return number * 3600;
    case 'd':
      return number * 86400;
    default:
      return std::nullopt;
  }
}

void add_explain_commands(ControlRegistry& registry, const ExplainCommandParts& parts) {
  registry.add({.name = "explain",
                .arguments = {"name", "type"},
                .run = [parts](const CallPtr& call) { explain_command(parts, call); },
                .patience = kExplainPatience});
  registry.add({.name = "nta add",
                .arguments = {"zone", "for", "reason", "stays"},
                .run = [parts](const CallPtr& call) { add_command(parts, call); },
                .changes = true});
  registry.add({.name = "nta remove",
                .arguments = {"zone"},
                .run = [parts](const CallPtr& call) { remove_command(parts, call); },
                .changes = true});
  registry.add(
      {.name = "nta list", .arguments = {}, .run = [parts](const CallPtr& call) { list_command(parts, call); }});
}

}  // namespace vouch
