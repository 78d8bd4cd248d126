#include "resolver/daemon/control/negative_anchor_commands.h"

#include <algorithm>

#include "conf/values.h"
#include "telemetry/web/figures_json.h"

namespace vouch {

namespace {

Json anchor_json(const TemporaryNegativeAnchor& anchor) {
  return {{"zone", anchor.zone.text()}, {"source", "run time"},  {"reason", anchor.reason},
          {"added", anchor.added},      {"until", anchor.until}, {"stays", anchor.stays}};
}

// "90s", "45m", "2h", "7d", in seconds; nothing when it is no such time.
std::optional<std::int64_t> parse_span(std::string_view text) {
  constexpr std::string_view kUnits = "smhd";               // "2" alone would be a guess
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32U;  // far beyond what the keeper takes
  constexpr Shape kShape{.unit = Unit::seconds, .least = 0, .most = kMost};
  if (text.empty() || !kUnits.contains(text.back())) { return std::nullopt; }
  const auto seconds = parse_number(text, kShape);
  if (!seconds) { return std::nullopt; }
  return static_cast<std::int64_t>(*seconds);
}

// On disk before the operator is told so. The thread of chores may have a lot to do first: nobody waits for it.
void tell_saved(const NegativeAnchorCommandParts& parts, const CallPtr& call, Json object) {
  if (parts.file == nullptr) {
    object["saved"] = false;
    object["problem"] = "dnssec.state_directory names no writable folder: it holds until vouchd ends";
    call->done(std::move(object));
    return;
  }
  parts.file->after_writing([call, post = parts.post, object = std::move(object)](const auto& saved) mutable {
    object["saved"] = saved.has_value();
    if (!saved) { object["problem"] = saved.error() + ": it holds until vouchd ends"; }
    post([call, object = std::move(object)]() mutable { call->done(std::move(object)); });
  });
}

void add_command(const NegativeAnchorCommandParts& parts, const CallPtr& call) {
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

void remove_command(const NegativeAnchorCommandParts& parts, const CallPtr& call) {
  const auto zone = call->name("zone");
  if (!zone) { return; }
  const auto removed = parts.negatives.remove(*zone);
  if (!removed) { return call->fail(control_code::kBadArgument, removed.error()); }
  const Json other = removed->still_off_at ? Json(removed->still_off_at->text()) : Json(nullptr);
  tell_saved(parts, call, {{"zone", zone->text()}, {"still_off_at", other}});
}

void list_command(const NegativeAnchorCommandParts& parts, const CallPtr& call) {
  const std::vector<NegativeAnchorKeeper::Listed> listed = parts.negatives.list();
  for (const NegativeAnchorKeeper::Listed& one : listed) {
    Json json = anchor_json(one.anchor);
    json["last_check"] = one.last_check ? Json(*one.last_check) : Json(nullptr);
    json["holds"] = one.last_check ? Json(one.held) : Json(nullptr);
    json["verdict"] = one.verdict.empty() ? Json(nullptr) : Json(one.verdict);
    call->item(json);
  }
  std::size_t count = listed.size();
  for (const NegativeAnchor& anchor : parts.in_force()) {
    const auto is_it = [&](const auto& one) { return one.anchor.zone == anchor.name; };
    if (std::ranges::any_of(listed, is_it)) { continue; }
    ++count;
    call->item({{"zone", anchor.name.text()},
                {"source", "configuration"},
                {"reason", anchor.reason},
                {"until", time_or_null(anchor.until)}});
  }
  call->done({{"count", count}});
}

}  // namespace

void add_negative_anchor_commands(ControlRegistry& registry, const NegativeAnchorCommandParts& parts) {
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
