#include "telemetry/web/api_json.h"

#include "telemetry/web/figures_json.h"

namespace vouch {
namespace {

// ASCII, and whatever is not UTF-8 replaced: nothing that a name holds can make this throw, or reach a terminal raw.
std::string text_of(const Json& json) {
  constexpr int kNoIndent = -1;
  return json.dump(kNoIndent, ' ', true, Json::error_handler_t::replace) + '\n';
}

Json ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? Json(nullptr) : Json(static_cast<double>(part) / static_cast<double>(whole));
}

Json withheld_by_evidence(const std::array<WithheldFigures, kEvidences>& withheld) {
  return by_id(kEvidenceIds, [&](std::size_t i) { return withheld_object(withheld[i]); });
}

Json incident_object(const IncidentFigures& incident) {
  return {{"zone", incident.zone},
          {"state", id_of(kZoneStateIds, incident.state)},
          {"reason", reason_id(incident.reason)},
          {"evidence", id_of(kEvidenceIds, incident.evidence)},
          {"fixer", id_of(kFixerIds, fixer_of(incident.reason))},
          {"began", incident.began},
          {"last_failure", incident.last_failure},
          {"ended", value_or_null(incident.ended)},
          {"failures", incident.failures},
          {"withheld", withheld_object(incident.withheld)},
          {"shadow", withheld_object(incident.shadow)},
          {"prefixes", incident.prefixes},
          {"is_public", incident.is_public}};
}

// The rows of the range, and how many there are in all.
template <typename Rows, typename ToJson>
std::string list(std::string_view name, Rows rows, RowRange range, ToJson to_json) {
  Json items = Json::array();
  std::size_t total = 0;
  for (const auto& row : rows) {
    if (total >= range.offset && total - range.offset < range.limit) { items.push_back(to_json(row)); }
    ++total;
  }
  return text_of({{"total", total}, {std::string(name), std::move(items)}});
}

Json day_json(const Movement& day) {
  return {{"from", day.from},
          {"seconds", day.seconds},
          {"answers", by_id(kStandingIds,
                            [&](std::size_t standing) {
                              return by_id(kAnswerSourceIds,
                                           [&](std::size_t source) { return day.answers[standing][source]; });
                            })},
          {"queries", by_id(kTransportIds, [&](std::size_t i) { return day.queries[i]; })},
          {"withheld", withheld_by_evidence(day.withheld)},
          {"shadow", withheld_object(day.shadow)},
          {"upstream_queries", day.upstream_queries}};
}

std::uint64_t incidents_at(const Figures& figures, Evidence evidence) {
  std::uint64_t sum = 0;
  for (const auto& of_reason : figures.incidents_begun) { sum += of_reason[static_cast<std::size_t>(evidence)]; }
  return sum;
}

Json not_shown_json(const WorkerCounters& counters) {
  const auto& [asked, minimised] = std::tie(counters.resolver.asked, counters.resolver.minimised);
  // To the root and the top-level domains.
  const std::uint64_t shortened = minimised[0].value() + minimised[1].value();
  return {{"asked", by_id(kTreeLevelIds, [&](std::size_t i) { return asked[i].value(); })},
          {"minimised", by_id(kTreeLevelIds, [&](std::size_t i) { return minimised[i].value(); })},
          {"share", ratio(shortened, asked[0].value() + asked[1].value())},
          {"answered_here",
           by_id(kSpecialNameIds, [&](std::size_t i) { return counters.front.special_names[i].value(); })}};
}

Json synthesised_json(const ValidationCounters& validation) {
  constexpr std::array<std::string_view, 2> kProofs{"nsec", "nsec3"};
  constexpr std::array<std::string_view, 3> kResults{"nxdomain", "nodata", "wildcard"};
  return by_id(kProofs, [&](std::size_t proof) {
    return by_id(kResults, [&](std::size_t result) { return validation.synthesised[proof][result].value(); });
  });
}

std::uint64_t lookups_withheld_for_mistakes(const Movement& day) {
  const auto& shown = day.withheld[static_cast<std::size_t>(Evidence::error_shown)];
  const auto& likely = day.withheld[static_cast<std::size_t>(Evidence::error_likely)];
  return shown.lookups + likely.lookups;
}

Json cost_json(const ValidationCounters& validation) {
  return {{"validation_seconds", static_cast<double>(validation.nanoseconds.value()) / 1e9},
          {"key_lookups", validation.key_fetches.value()}};
}

// The figures that can be stood by; docs/telemetry.md says what each proves. Those with "since_start" count from then,
// the others are of `day`.
Json honest_figures(const Figures& figures) {
  const Movement& day = figures.day;
  const WorkerCounters& counters = *figures.counters;
  return {{"authenticated_share", ratio(day.with_standing(Standing::secure), day.all_answers())},
          {"withheld_lookups", by_id(kEvidenceIds, [&](std::size_t i) { return day.withheld[i].lookups; })},
          {"false_replies_since_start",
           {{"shown", incidents_at(figures, Evidence::forgery_shown)},
            {"likely", incidents_at(figures, Evidence::forgery_likely)}}},
          {"replies_rejected_since_start", rejected_object(counters.resolver)},
          {"encrypted",
           {{"share", ratio(day.encrypted_queries(), day.all_queries())},
            {"prefixes", rounded(figures.clients.prefixes)},
            {"prefixes_only_encrypted", rounded(figures.clients.only_encrypted)}}},
          {"names_not_shown_since_start", not_shown_json(counters)},
          {"synthesised_since_start", synthesised_json(counters.validation)},
          {"stale_answers", day.from_source(AnswerSource::stale)},
          {"cost_since_start", cost_json(counters.validation)},
          {"lookups_withheld_for_mistakes", lookups_withheld_for_mistakes(day)},
          {"unsigned_share", ratio(day.with_standing(Standing::insecure), day.all_answers())}};
}

Json history_status(const HistoryFigures& history) {
  return {{"enabled", history.enabled},
          {"problem", text_or_null(history.problem)},
          {"written", value_or_null(history.written)},
          {"days", history.days}};
}

Json local_root_json(const LocalRootFigures& root) {
  return {{"in_use", root.in_use},
          {"serial", value_or_null(root.serial)},
          {"checked", time_or_null(root.checked)},
          {"expires", time_or_null(root.expires)},
          {"source", root.source},
          {"failure", root.failure},
          {"failed", time_or_null(root.failed)},
          {"replies", root.replies}};
}

Json privacy_json(const PrivacyFigures& privacy) {
  return {{"min_prefixes", privacy.min_prefixes},
          {"ipv4_prefix", privacy.ipv4_prefix},
          {"ipv6_prefix", privacy.ipv6_prefix},
          {"listed_zones", privacy.listed_zones},
          {"listed_tlds", privacy.listed_tlds},
          {"minimises", privacy.minimises},
          {"encrypted_offered", privacy.encrypted_offered},
          {"copies_messages", privacy.copies_messages}};
}

Json key_json(const SiteReport::Key& key) { return {{"tag", key.tag}, {"algorithm", key.algorithm}}; }

Json reason_or_null(Reason reason) { return reason == Reason::none ? Json(nullptr) : Json(reason_id(reason)); }

Json link_json(const SiteReport::Link& link) {
  return {{"zone", link.zone},
          {"standing", id_of(kStandingIds, link.standing)},
          {"reason", reason_or_null(link.reason)},
          {"keys", array_of(link.keys, key_json)}};
}

}  // namespace

std::string summary_json(const Figures& figures, const StatusFigures& status) {
  std::size_t failing = 0;
  for (const ZoneFigures& zone : figures.zones) { failing += zone.state == ZoneState::failing ? 1 : 0; }
  return text_of({{"taken", figures.taken},
                  {"started", figures.started},
                  {"version", status.version},
                  {"validation", status.validation},
                  {"clock_trusted", status.clock_trusted},
                  {"root_validated", value_or_null(status.root_validated)},
                  {"zones_failing", failing},
                  {"figures", honest_figures(figures)},
                  {"policy_since_start", policy_object(figures.policy)},
                  {"day", day_json(figures.day)}});
}

std::string zones_json(const Figures& figures, std::optional<ZoneState> state, RowRange range) {
  return list("zones", zones_in(figures, state), range, zone_object);
}

std::string zone_json(const ZoneFigures& zone) { return text_of(zone_object(zone)); }

std::string incidents_json(const Figures& figures, RowRange range) {
  return list("incidents", std::views::all(figures.incidents), range, incident_object);
}

std::string tlds_json(const Figures& figures, RowRange range) {
  return list("tlds", std::views::all(figures.tlds), range, [](const TldFigures& tld) {
    return Json{{"tld", tld.tld}, {"answers", by_id(kStandingIds, [&](std::size_t i) { return tld.answers[i]; })}};
  });
}

std::string expiring_json(const Figures& figures, RowRange range) {
  return list("expiring", std::views::all(figures.expiring), range, [](const ExpiringZone& zone) {
    return Json{{"zone", zone.zone},     {"expires", zone.expires}, {"seen", zone.seen},
                {"window", zone.window}, {"is_late", zone.is_late}, {"is_public", zone.is_public}};
  });
}

std::string status_json(const StatusFigures& status) {
  Json local_root;
  if (status.local_root) { local_root = local_root_json(*status.local_root); }
  return text_of({{"version", status.version},
                  {"libraries", status.libraries},
                  {"validation", status.validation},
                  {"workers", status.workers},
                  {"anchors", array_of(status.anchors, anchor_object)},
                  {"negative_anchors", array_of(status.negative_anchors, negative_anchor_object)},
                  {"clock_trusted", status.clock_trusted},
                  {"root_validated", value_or_null(status.root_validated)},
                  {"local_root", std::move(local_root)},
                  {"certificate", certificate_object(status.certificate)},
                  {"listeners", array_of(status.listeners, listener_object)},
                  {"caches", array_of(status.caches, cache_object)},
                  {"history", history_status(status.history)},
                  {"privacy", privacy_json(status.privacy)},
                  {"confinement", {{"text", status.confinement.text}, {"is_whole", status.confinement.is_whole}}},
                  {"resident_octets", status.resident_octets},
                  {"cpu_seconds", status.cpu_seconds},
                  {"open_descriptors", status.open_descriptors},
                  {"max_descriptors", status.max_descriptors},
                  {"queries_in_flight", status.queries_in_flight}});
}

std::string history_json(std::span<const HourFigures> hours) {
  return text_of({{"hours", array_of(hours, [](const HourFigures& hour) {
                     return Json{{"hour", hour.hour},
                                 {"answers", by_id(kStandingIds, [&](std::size_t i) { return hour.answers[i]; })},
                                 {"lookups_withheld", hour.lookups_withheld},
                                 {"lookups_shadow", hour.lookups_shadow},
                                 {"queries_encrypted", hour.queries_encrypted},
                                 {"queries_clear", hour.queries_clear}};
                   })}});
}

std::string site_report_json(const SiteReport& report) {
  constexpr std::array<std::string_view, 6> kOutcomeIds{"answered", "no_data",     "no_such_name",
                                                        "withheld", "unreachable", "local"};
  const bool failed = report.reason != Reason::none;
  return text_of({{"name", report.name},
                  {"outcome", id_of(kOutcomeIds, report.outcome)},
                  {"standing", id_of(kStandingIds, report.standing)},
                  {"addresses", report.addresses},
                  {"alias_of", text_or_null(report.alias_of)},
                  {"reason", reason_or_null(report.reason)},
                  {"fixer", failed ? Json(id_of(kFixerIds, fixer_of(report.reason))) : Json(nullptr)},
                  {"evidence", failed ? Json(id_of(kEvidenceIds, evidence_of(report.reason))) : Json(nullptr)},
                  {"is_test_zone", report.is_test_zone},
                  {"zone_at_fault", text_or_null(report.zone_at_fault)},
                  {"key", report.key ? key_json(*report.key) : Json(nullptr)},
                  {"time", value_or_null(report.time)},
                  {"server", text_or_null(report.server)},
                  {"extended_error", report.has_extended_error ? Json(report.extended_error) : Json(nullptr)},
                  {"extra_text", report.extra_text},
                  {"chain", array_of(report.chain, link_json)},
                  {"milliseconds", report.milliseconds}});
}

std::string problem_json(std::uint16_t status, std::string_view text) {
  return text_of({{"error", {{"status", status}, {"text", text}}}});
}

}  // namespace vouch
