#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "resolver/dnssec/nsec3.h"
#include "resolver/explain/render.h"
#include "resolver/explain/words.h"
#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

using Json = nlohmann::ordered_json;

// As in the text: a hostile zone may send more than anybody reads.
constexpr std::size_t kMostRecords = 24;
constexpr std::array<std::string_view, 5> kSecurities{"unchecked", "indeterminate", "bogus", "insecure", "secure"};

Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(for_terminal(text)); }

Json address_or_null(const std::optional<IpAddress>& address) {
  return address ? Json(address->text()) : Json(nullptr);
}

std::int64_t milliseconds(Duration time) { return std::chrono::duration_cast<std::chrono::milliseconds>(time).count(); }

std::string_view security_id(Security security) noexcept { return kSecurities[static_cast<std::size_t>(security)]; }

Json verdict_json(const Verdict& verdict) {
  Json json{{"security", security_id(verdict.security())}, {"reason", text_or_null(reason_id(verdict.reason()))}};
  if (verdict.has_key()) { json["key"] = {{"tag", verdict.key_tag()}, {"algorithm", verdict.algorithm()}}; }
  if (verdict.time()) { json["time"] = *verdict.time(); }
  return json;
}

Json records_json(const RRset& set) {
  Json records = Json::array();
  for (const Bytes rdata : set.rdata()) {
    if (records.size() == kMostRecords) { break; }
    records.push_back(for_terminal(record_line(set, rdata)));
  }
  return records;
}

Json signature_json(const SetEvent::Signature& signature) {
  return {{"key_tag", signature.key_tag},
          {"algorithm", signature.algorithm},
          {"signer", name_text(signature.signer)},
          {"inception", signature.inception},
          {"expiration", signature.expiration},
          {"result", signature.flaw == Reason::none ? "holds" : reason_id(signature.flaw)}};
}

Json set_json(const SetEvent& event) {
  Json signatures = Json::array();
  for (const SetEvent::Signature& signature : event.signatures) { signatures.push_back(signature_json(signature)); }
  return {{"owner", name_text(event.set->owner())},
          {"type", type_text(event.set->type())},
          {"checked_with_keys_of", name_text(event.by_zone)},
          {"signatures", std::move(signatures)},
          {"verdict", verdict_json(event.verdict)}};
}

Json sets_json(const std::vector<SetEvent>& sets) {
  Json json = Json::array();
  for (const SetEvent& set : sets) { json.push_back(set_json(set)); }
  return json;
}

Json nsec3_json(const RRset& set) {
  const auto nsec3 = nsec3_parameters(set.first_rdata());
  if (!nsec3) { return nullptr; }
  return {{"iterations", nsec3->iterations}, {"opt_out", nsec3->opts_out()}};
}

Json proof_json(const ProofEvent& proof) {
  constexpr std::array<std::string_view, 4> kClaims{"no_name", "no_data", "wildcard", "no_ds"};
  Json records = Json::array();
  for (const RRsetPtr& record : proof.records) {
    Json one{{"type", type_text(record->type())}, {"records", records_json(*record)}};
    if (record->type() == Type::NSEC3) { one["nsec3"] = nsec3_json(*record); }
    records.push_back(std::move(one));
  }
  return {{"claim", kClaims[static_cast<std::size_t>(proof.claim)]},
          {"name", name_text(proof.name)},
          {"type", type_text(proof.type)},
          {"outcome", proof.outcome},
          {"records", std::move(records)},
          {"records_that_do_not_count", proof.refused}};
}

Json proofs_json(const std::vector<ProofEvent>& proofs) {
  Json json = Json::array();
  for (const ProofEvent& proof : proofs) { json.push_back(proof_json(proof)); }
  return json;
}

Json ds_json(const std::vector<KeysEvent::Ds>& all) {
  Json json = Json::array();
  for (const KeysEvent::Ds& ds : all) {
    json.push_back({{"key_tag", ds.tag},
                    {"algorithm", ds.algorithm},
                    {"digest_type", ds.digest_type},
                    {"result", match_id(ds.match)}});
  }
  return json;
}

Json keys_json(const std::vector<KeysEvent::Key>& all) {
  Json json = Json::array();
  for (const KeysEvent::Key& key : all) {
    json.push_back({{"key_tag", key.tag},
                    {"algorithm", key.algorithm},
                    {"flags", key.flags},
                    {"is_zone_key", key.has_zone_bit()},
                    {"is_sep", key.is_sep()},
                    {"is_revoked", key.is_revoked()},
                    {"is_vouched_for", key.is_vouched_for}});
  }
  return json;
}

Json zone_json(const ZoneStory& zone) {
  Json json{{"zone", name_text(zone.zone)},
            {"parent", zone.is_anchor ? Json(nullptr) : Json(name_text(zone.above))},
            {"is_anchor", zone.is_anchor},
            {"is_at_fault", zone.is_at_fault},
            {"verdict", verdict_json(zone.verdict)},
            {"ds_came_with_a_referral", zone.is_ds_from_referral},
            {"ds_server", address_or_null(zone.ds_server)},
            {"ds_signatures", sets_json(zone.ds_sets)},
            {"no_ds_proof", zone.no_ds ? proof_json(*zone.no_ds) : Json(nullptr)},
            {"dnskey_server", address_or_null(zone.keys_server)},
            {"dnskey_signatures", sets_json(zone.keys_sets)}};
  json["ds"] = zone.keys ? ds_json(zone.keys->ds) : Json::array();
  json["dnskey"] = zone.keys ? keys_json(zone.keys->keys) : Json::array();
  json["anchor_dnskeys"] = zone.keys ? zone.keys->anchor_keys : 0;
  return json;
}

Json part_json(const PartStory& part) {
  return {{"name", name_text(part.name)},          {"type", type_text(part.type)},
          {"is_denial", part.set == nullptr},      {"is_at_fault", part.is_at_fault},
          {"verdict", verdict_json(part.verdict)}, {"records", part.set ? records_json(*part.set) : Json::array()},
          {"signatures", sets_json(part.sets)},    {"proofs", proofs_json(part.proofs)}};
}

Json exchange_json(const ExchangeEvent& exchange, Instant start) {
  return {{"after_ms", milliseconds(exchange.began - start)},
          {"took_ms", milliseconds(exchange.took)},
          {"server", exchange.server.text()},
          {"transport", transport_id(exchange.transport)},
          {"zone", name_text(exchange.zone)},
          {"name", name_text(exchange.question.name)},
          {"type", type_text(exchange.question.type)},
          {"rcode", exchange.rcode ? Json(rcode_text(*exchange.rcode)) : Json(nullptr)},
          {"aa", exchange.is_authoritative},
          {"octets", exchange.octets},
          {"meaning", text_or_null(exchange.meaning)},
          {"problem", text_or_null(reply_problem_id(exchange.problem))}};
}

// The records that the fault lies in, as far as there are any.
Json offending_json(const Explanation& explanation) {
  Json json{{"owner", nullptr}, {"type", nullptr}, {"signatures", Json::array()}, {"ds", Json::array()}};
  if (const SetEvent* const set = explanation.offending_set()) {
    json["owner"] = name_text(set->set->owner());
    json["type"] = type_text(set->set->type());
    json["signatures"] = set_json(*set)["signatures"];
    return json;
  }
  if (const PartStory* const part = explanation.part_at_fault()) {
    json["owner"] = name_text(part->name);
    json["type"] = type_text(part->type);
    return json;
  }
  const ZoneStory* const zone = explanation.zone_at_fault();
  if (zone == nullptr) { return json; }
  json["owner"] = name_text(zone->zone);
  const bool is_about_keys = zone->keys.has_value();
  json["type"] = is_about_keys && !zone->keys->keys.empty() && zone->keys->ds.empty() ? "DNSKEY" : "DS";
  if (is_about_keys) { json["ds"] = ds_json(zone->keys->ds); }
  return json;
}

Json fault_json(const Explanation& explanation) {
  const Verdict& verdict = explanation.verdict;
  if (explanation.unreachable) {
    return {{"zone", name_text(*explanation.unreachable)},
            {"reason", "no_reachable_authority"},
            {"plain", nullptr},
            {"fixer", kFixerIds[static_cast<std::size_t>(Fixer::zone_operator)]},
            {"advice", nullptr},
            {"evidence", nullptr},
            {"record", nullptr}};
  }
  const Reason reason = verdict.reason();
  if (!verdict.is_bogus()) { return nullptr; }
  return {{"zone", name_text(verdict.zone())},
          {"reason", reason_id(reason)},
          {"plain", plain_words(reason)},
          {"fixer", kFixerIds[static_cast<std::size_t>(fixer_of(reason))]},
          {"advice", text_or_null(mending_advice(reason))},
          {"evidence", kEvidenceIds[static_cast<std::size_t>(evidence_of(reason))]},
          {"record", offending_json(explanation)}};
}

Json cache_json(const CacheStory& cache) {
  Json json{{"failure", nullptr}, {"entry", nullptr}, {"zones", Json::array()}};
  if (cache.failure) {
    json["failure"] = {{"ttl", cache.failure->ttl},
                       {"ede", static_cast<unsigned>(cache.failure->cause)},
                       {"reason", text_or_null(reason_id(cache.failure->reason))},
                       {"text", for_terminal(cache.failure->text)}};
  }
  if (cache.entry) {
    const EntryKind kind = cache.entry->kind;
    json["entry"] = {{"kind", kind == EntryKind::rrset     ? "data"
                              : kind == EntryKind::no_data ? "no_data"
                                                           : "no_name"},
                     {"security", security_id(cache.entry->security)},
                     {"ttl", cache.entry->ttl}};
  }
  for (const ZoneTrustPtr& zone : cache.zones) {
    json["zones"].push_back({{"zone", name_text(zone->zone)}, {"verdict", verdict_json(zone->verdict)}});
  }
  return json;
}

Json negative_json(const NegativeAnchor& negative) {
  return {{"zone", name_text(negative.name)},
          {"reason", for_terminal(negative.reason)},
          {"until", negative.until == 0 ? Json(nullptr) : Json(negative.until)}};
}

std::string_view status_id(const Explanation& explanation) noexcept {
  if (explanation.unreachable) { return "unreachable"; }
  if (explanation.is_refused() && !explanation.verdict.is_bogus()) { return "failed"; }
  return security_id(explanation.verdict.security());
}

}  // namespace

Json explanation_json(const Explanation& explanation) {
  constexpr std::array<std::string_view, 3> kModes{"off", "observe", "enforce"};
  const Answer& answer = explanation.answer;
  Json json{{"schema", kExplanationSchema},
            {"name", name_text(explanation.question.name)},
            {"type", type_text(explanation.question.type)},
            {"at", explanation.at},
            {"took_ms", milliseconds(explanation.took)},
            {"mode", kModes[static_cast<std::size_t>(explanation.mode)]},
            {"status", status_id(explanation)},
            {"sentence", headline(explanation)},
            {"rcode", rcode_text(answer.rcode)},
            {"ede", answer.ede ? Json(static_cast<unsigned>(*answer.ede)) : Json(nullptr)},
            {"ede_text", text_or_null(answer.ede_text)},
            {"verdict", verdict_json(explanation.verdict)},
            {"fault", fault_json(explanation)},
            {"is_synthesised", answer.synthesised},
            {"is_cut_short", explanation.is_cut_short}};
  json["chain"] = Json::array();
  for (const ZoneStory& zone : explanation.chain) { json["chain"].push_back(zone_json(zone)); }
  json["answer"] = Json::array();
  for (const PartStory& part : explanation.parts) { json["answer"].push_back(part_json(part)); }
  json["exchanges"] = Json::array();
  for (const ExchangeEvent& exchange : explanation.exchanges) {
    json["exchanges"].push_back(exchange_json(exchange, explanation.start));
  }
  json["cache"] = explanation.cache ? cache_json(*explanation.cache) : Json(nullptr);
  json["negative_trust_anchor"] = explanation.negative ? negative_json(*explanation.negative) : Json(nullptr);
  json["without_negative_trust_anchor"] =
      explanation.without_negative ? explanation_json(*explanation.without_negative) : Json(nullptr);
  return json;
}

}  // namespace vouch
