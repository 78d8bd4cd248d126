#include "telemetry/web/figures_json.h"

#include "telemetry/web/api_rows.h"

namespace vouch {

namespace {

Json cause_object(const ZoneCause& cause) {
  return {{"reason", reason_id(cause.reason)},
          {"evidence", id_of(kEvidenceIds, cause.evidence)},
          {"fixer", id_of(kFixerIds, fixer_of(cause.reason))},
          {"key_tag", value_or_null(cause.key_tag)},
          {"algorithm", value_or_null(cause.algorithm)},
          {"time", value_or_null(cause.time)},
          {"server", text_or_null(cause.server)},
          {"first_seen", cause.first_seen},
          {"last_seen", cause.last_seen},
          {"failures", cause.failures}};
}

}  // namespace

Json withheld_object(const WithheldFigures& withheld) {
  return {{"answers", withheld.answers}, {"lookups", withheld.lookups}};
}

Json zone_object(const ZoneFigures& zone) {
  return {{"zone", zone.zone},
          {"state", id_of(kZoneStateIds, zone.state)},
          {"failing_since", zone.began},
          {"last_failure", zone.last_failure},
          {"ended", value_or_null(zone.ended)},
          {"last_good", value_or_null(zone.last_good)},
          {"failures", zone.failures},
          {"withheld", withheld_object(zone.withheld)},
          {"shadow", withheld_object(zone.shadow)},
          {"prefixes", zone.prefixes},
          {"is_public", zone.is_public},
          {"causes", array_of(zone.causes, cause_object)}};
}

Json rejected_object(const ResolverCounters& resolver) {
  return {{"id", resolver.replies_rejected_id.value()},
          {"question", resolver.replies_rejected_question.value()},
          {"qname_case", resolver.replies_rejected_case.value()},
          {"cookie", resolver.replies_rejected_cookie.value()},
          {"malformed", resolver.replies_rejected_malformed.value()}};
}

Json policy_object(const PolicyFigures& policy) {
  Json sources = Json::object();
  for (const PolicyFigures::Source& source : policy.sources) { sources[source.name] = source.answers; }
  return {{"actions", by_id(kPolicyActionIds, [&](std::size_t i) { return policy.actions[i]; })},
          {"sources", std::move(sources)},
          {"stripped", policy.stripped},
          {"dns64", policy.dns64}};
}

Json cache_object(const CacheFigures& cache) {
  return {{"cache", cache.cache},         {"entries", cache.entries},
          {"octets", cache.octets},       {"capacity", cache.capacity},
          {"hits", cache.hits},           {"misses", cache.misses},
          {"evictions", cache.evictions}, {"insertions", cache.insertions}};
}

Json anchor_object(const AnchorFigures& anchor) {
  return {{"zone", anchor.zone}, {"key_tag", anchor.key_tag}, {"algorithm", anchor.algorithm}, {"state", anchor.state}};
}

Json negative_anchor_object(const NegativeAnchorFigures& anchor) {
  return {{"zone", anchor.zone}, {"reason", anchor.reason}, {"until", time_or_null(anchor.until)}};
}

Json listener_object(const ListenerFigures& listener) {
  return {{"protocol", listener.protocol}, {"address", listener.address}};
}

Json certificate_object(const std::optional<CertificateFigures>& certificate) {
  if (!certificate) { return nullptr; }
  return {{"name", certificate->name},
          {"not_after", certificate->not_after},
          {"self_made", certificate->self_made},
          {"pin", certificate->pin}};
}

}  // namespace vouch
