#include "telemetry/web/api_json.h"

#include <nlohmann/json.hpp>

namespace vouch {
namespace {

using Json = nlohmann::ordered_json;

// ASCII, and whatever is not UTF-8 replaced: nothing that a name holds can make this throw, or reach a terminal raw.
std::string text_of(const Json& json) {
  constexpr int kNoIndent = -1;
  return json.dump(kNoIndent, ' ', true, Json::error_handler_t::replace) + '\n';
}

template <typename Value>
Json known(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json ratio(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? Json(nullptr) : Json(static_cast<double>(part) / static_cast<double>(whole));
}

template <std::size_t kCount, typename Read>
Json by_id(const std::array<std::string_view, kCount>& ids, Read read) {
  Json object = Json::object();
  for (std::size_t i = 0; i < kCount; ++i) { object[std::string(ids[i])] = read(i); }
  return object;
}

Json withheld_json(const WithheldFigures& withheld) {
  return {{"answers", withheld.answers}, {"lookups", withheld.lookups}};
}

Json withheld_by_evidence(const std::array<WithheldFigures, kEvidences>& withheld) {
  return by_id(kEvidenceIds, [&](std::size_t i) { return withheld_json(withheld[i]); });
}

Json cause_json(const ZoneCause& cause) {
  return {{"reason", reason_id(cause.reason)},
          {"evidence", id_of(kEvidenceIds, cause.evidence)},
          {"fixer", id_of(kFixerIds, fixer_of(cause.reason))},
          {"key_tag", known(cause.key_tag)},
          {"algorithm", known(cause.algorithm)},
          {"time", known(cause.time)},
          {"server", cause.server.empty() ? Json(nullptr) : Json(cause.server)},
          {"first_seen", cause.first_seen},
          {"last_seen", cause.last_seen},
          {"failures", cause.failures}};
}

Json zone_object(const ZoneFigures& zone) {
  Json causes = Json::array();
  for (const ZoneCause& cause : zone.causes) { causes.push_back(cause_json(cause)); }
  return {{"zone", zone.zone},
          {"state", id_of(kZoneStateIds, zone.state)},
          {"failing_since", zone.began},
          {"last_failure", zone.last_failure},
          {"ended", known(zone.ended)},
          {"last_good", known(zone.last_good)},
          {"failures", zone.failures},
          {"withheld", withheld_json(zone.withheld)},
          {"shadow", withheld_json(zone.shadow)},
          {"prefixes", zone.prefixes},
          {"is_public", zone.is_public},
          {"causes", std::move(causes)}};
}

Json incident_object(const IncidentFigures& incident) {
  return {{"zone", incident.zone},
          {"state", id_of(kZoneStateIds, incident.state)},
          {"reason", reason_id(incident.reason)},
          {"evidence", id_of(kEvidenceIds, incident.evidence)},
          {"fixer", id_of(kFixerIds, fixer_of(incident.reason))},
          {"began", incident.began},
          {"last_failure", incident.last_failure},
          {"ended", known(incident.ended)},
          {"failures", incident.failures},
          {"withheld", withheld_json(incident.withheld)},
          {"shadow", withheld_json(incident.shadow)},
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
          {"shadow", withheld_json(day.shadow)},
          {"upstream_queries", day.upstream_queries}};
}

std::uint64_t incidents_at(const Figures& figures, Evidence evidence) {
  std::uint64_t sum = 0;
  for (const auto& of_reason : figures.incidents_begun) { sum += of_reason[static_cast<std::size_t>(evidence)]; }
  return sum;
}

Json rejected_json(const ResolverCounters& resolver) {
  return {{"id", resolver.replies_rejected_id.value()},
          {"question", resolver.replies_rejected_question.value()},
          {"qname_case", resolver.replies_rejected_case.value()},
          {"cookie", resolver.replies_rejected_cookie.value()},
          {"malformed", resolver.replies_rejected_malformed.value()}};
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
          {"replies_rejected_since_start", rejected_json(counters.resolver)},
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
          {"problem", history.problem.empty() ? Json(nullptr) : Json(history.problem)},
          {"written", known(history.written)},
          {"days", history.days}};
}

Json local_root_json(const LocalRootFigures& root) {
  const auto time = [](UnixTime when) { return when != 0 ? Json(when) : Json(nullptr); };
  return {{"in_use", root.in_use},         {"serial", known(root.serial)}, {"checked", time(root.checked)},
          {"expires", time(root.expires)}, {"source", root.source},        {"failure", root.failure},
          {"failed", time(root.failed)},   {"replies", root.replies}};
}

Json privacy_json(const PrivacyFigures& privacy) {
  return {{"min_prefixes", privacy.min_prefixes},
          {"ipv4_prefix", privacy.ipv4_prefix},
          {"ipv6_prefix", privacy.ipv6_prefix},
          {"listed_zones", privacy.listed_zones},
          {"listed_tlds", privacy.listed_tlds},
          {"minimises", privacy.minimises},
          {"encrypted_offered", privacy.encrypted_offered}};
}

Json cache_json(const CacheFigures& cache) {
  return {{"cache", cache.cache},         {"entries", cache.entries},
          {"octets", cache.octets},       {"capacity", cache.capacity},
          {"hits", cache.hits},           {"misses", cache.misses},
          {"evictions", cache.evictions}, {"insertions", cache.insertions}};
}

template <typename Rows, typename ToJson>
Json array_of(const Rows& rows, ToJson to_json) {
  Json items = Json::array();
  for (const auto& row : rows) { items.push_back(to_json(row)); }
  return items;
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
                  {"root_validated", known(status.root_validated)},
                  {"zones_failing", failing},
                  {"figures", honest_figures(figures)},
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
  const auto anchor = [](const AnchorFigures& entry) {
    return Json{
        {"zone", entry.zone}, {"key_tag", entry.key_tag}, {"algorithm", entry.algorithm}, {"state", entry.state}};
  };
  const auto negative = [](const NegativeAnchorFigures& entry) {
    return Json{{"zone", entry.zone},
                {"reason", entry.reason},
                {"until", entry.until == 0 ? Json(nullptr) : Json(entry.until)}};
  };
  const auto listener = [](const ListenerFigures& entry) {
    return Json{{"protocol", entry.protocol}, {"address", entry.address}};
  };
  Json certificate;
  if (status.certificate) {
    certificate = {{"name", status.certificate->name},
                   {"not_after", status.certificate->not_after},
                   {"self_made", status.certificate->self_made},
                   {"pin", status.certificate->pin}};
  }
  Json local_root;
  if (status.local_root) { local_root = local_root_json(*status.local_root); }
  return text_of({{"version", status.version},
                  {"libraries", status.libraries},
                  {"validation", status.validation},
                  {"workers", status.workers},
                  {"anchors", array_of(status.anchors, anchor)},
                  {"negative_anchors", array_of(status.negative_anchors, negative)},
                  {"clock_trusted", status.clock_trusted},
                  {"root_validated", known(status.root_validated)},
                  {"local_root", std::move(local_root)},
                  {"certificate", std::move(certificate)},
                  {"listeners", array_of(status.listeners, listener)},
                  {"caches", array_of(status.caches, cache_json)},
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
                  {"alias_of", report.alias_of.empty() ? Json(nullptr) : Json(report.alias_of)},
                  {"reason", reason_or_null(report.reason)},
                  {"fixer", failed ? Json(id_of(kFixerIds, fixer_of(report.reason))) : Json(nullptr)},
                  {"evidence", failed ? Json(id_of(kEvidenceIds, evidence_of(report.reason))) : Json(nullptr)},
                  {"is_test_zone", report.is_test_zone},
                  {"zone_at_fault", report.zone_at_fault.empty() ? Json(nullptr) : Json(report.zone_at_fault)},
                  {"key", report.key ? key_json(*report.key) : Json(nullptr)},
                  {"time", known(report.time)},
                  {"server", report.server.empty() ? Json(nullptr) : Json(report.server)},
                  {"extended_error", report.has_extended_error ? Json(report.extended_error) : Json(nullptr)},
                  {"extra_text", report.extra_text},
                  {"chain", array_of(report.chain, link_json)},
                  {"milliseconds", report.milliseconds}});
}

std::string problem_json(std::uint16_t status, std::string_view text) {
  return text_of({{"error", {{"status", status}, {"text", text}}}});
}

}  // namespace vouch
