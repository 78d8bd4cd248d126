#include "tests/lab/catalogue.h"

#include <fmt/format.h>
#include <utility>

#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

// Written into the fingerprint: raise it when the builder makes other files from the same catalogue.
constexpr int kBuildFormat = 5;

std::string described(const ZoneSpec& zone) {
  std::string text =
      fmt::format("{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}\n", zone.apex, static_cast<int>(zone.algorithm),
                  static_cast<int>(zone.denial), zone.nsec3_iterations, zone.nsec3_salt, zone.single_key, zone.has_ds,
                  zone.has_glue, zone.has_honest_key_collision, static_cast<int>(zone.flaw), zone.trap.keys,
                  zone.trap.signatures, zone.trap.ds, zone.trap.long_exponents, zone.backend);
  for (const Server& server : zone.servers) {
    text += fmt::format("server {} {}", server.name, server.stale);
    for (const std::string& address : server.addresses) { text += " " + address; }
    text += '\n';
  }
  for (const std::string& record : zone.records) { text += record + '\n'; }
  for (const Expectation& expected : zone.expectations) {
    text += fmt::format("{} {} {} {} {} {} {} {} {} {}", expected.name, expected.type, text_of(expected.verdict),
                        expected.rcode, expected.reason, expected.fault, expected.or_else, expected.remark,
                        expected.transport, expected.example);
    for (const std::string& rdata : expected.answer) { text += "|" + rdata; }
    text += '\n';
  }
  return text;
}

}  // namespace

std::string_view text_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::secure:
      return "secure";
    case Verdict::insecure:
      return "insecure";
    case Verdict::bogus:
      return "bogus";
    case Verdict::unreachable:
      return "unreachable";
  }
  std::unreachable();
}

ZoneSpec& Catalogue::add(ZoneSpec spec) {
  ZoneSpec& stored = zones_.emplace_back(std::move(spec));
  by_apex_[stored.apex] = &stored;
  return stored;
}

const ZoneSpec* Catalogue::zone(std::string_view apex) const {
  const auto found = by_apex_.find(apex);
  return found == by_apex_.end() ? nullptr : found->second;
}

const ZoneSpec* Catalogue::parent(const ZoneSpec& zone) const {
  if (zone.apex == ".") { return nullptr; }
  for (std::string up = parent_of(zone.apex);; up = parent_of(up)) {
    if (const auto found = by_apex_.find(up); found != by_apex_.end()) { return found->second; }
    if (up == ".") { return nullptr; }
  }
}

std::vector<const ZoneSpec*> Catalogue::children(const ZoneSpec& zone) const {
  const auto found = children_.find(zone.apex);
  return found == children_.end() ? std::vector<const ZoneSpec*>() : found->second;
}

std::string Catalogue::a_record(std::string_view owner) const { return fmt::format("{} A {}", owner, a_of(owner)); }

std::string Catalogue::aaaa_record(std::string_view owner) const {
  return fmt::format("{} AAAA {}", owner, aaaa_of(owner));
}

void Catalogue::finish() {
  for (ZoneSpec& zone : zones_) {
    const ZoneSpec* above = parent(zone);
    if (above != nullptr) { children_[above->apex].push_back(&zone); }
    if (!zone.backend.empty()) { continue; }
    // One NSD per depth: none then holds a zone and its child, which NSD would answer in one go without a referral.
    int depth = 0;
    for (const ZoneSpec* up = above; up != nullptr; up = parent(*up)) { ++depth; }
    zone.backend = fmt::format("depth{}", depth);
  }
}

std::string Catalogue::fingerprint() const {
  std::string text = fmt::format("format {} seed {}\n", kBuildFormat, options_.seed);
  for (const ZoneSpec& zone : zones_) { text += described(zone); }
  return sha256_hex(text);
}

ZoneSpec plain_zone(std::string apex, std::string about, std::string address) {
  ZoneSpec zone;
  zone.servers = {{.name = absolute("ns1", apex), .addresses = {std::move(address)}}};
  zone.apex = std::move(apex);
  zone.about = std::move(about);
  return zone;
}

ZoneSpec signed_zone(std::string apex, std::string about, std::string address) {
  ZoneSpec zone = plain_zone(std::move(apex), std::move(about), std::move(address));
  zone.algorithm = Algorithm::ecdsa_p256;
  zone.denial = Denial::nsec;
  zone.has_ds = true;
  return zone;
}

Expectation secure_answer(std::string name, std::string type, std::vector<std::string> answer, std::string remark) {
  return {.name = std::move(name),
          .type = std::move(type),
          .verdict = Verdict::secure,
          .answer = std::move(answer),
          .remark = std::move(remark)};
}

Expectation insecure_answer(std::string name, std::string type, std::vector<std::string> answer, std::string remark) {
  Expectation out = secure_answer(std::move(name), std::move(type), std::move(answer), std::move(remark));
  out.verdict = Verdict::insecure;
  return out;
}

Expectation denied(std::string name, std::string type, std::string rcode, Verdict verdict, std::string remark) {
  return {.name = std::move(name),
          .type = std::move(type),
          .verdict = verdict,
          .rcode = std::move(rcode),
          .answer = {},
          .remark = std::move(remark)};
}

Expectation bogus(std::string name, std::string type, Flaw flaw, std::string fault, std::string remark) {
  return {.name = std::move(name),
          .type = std::move(type),
          .verdict = Verdict::bogus,
          .rcode = "SERVFAIL",
          .answer = {},
          .reason = std::string(reason_of(flaw)),
          .fault = std::move(fault),
          .remark = std::move(remark)};
}

Expectation unreachable(std::string name, std::string type, std::string remark) {
  return denied(std::move(name), std::move(type), "SERVFAIL", Verdict::unreachable, std::move(remark));
}

Expectation or_else(Expectation expectation, Verdict verdict) {
  expectation.or_else = text_of(verdict);
  return expectation;
}

Expectation as_example(Expectation expectation) {
  expectation.example = true;
  return expectation;
}

Catalogue make_catalogue(const Options& options) {
  Catalogue catalogue(options);
  add_root_and_tlds(catalogue);
  add_algorithm_zones(catalogue);
  add_data_zones(catalogue);
  add_alias_zones(catalogue);
  add_delegation_zones(catalogue);
  add_server_zones(catalogue);
  add_flaw_zones(catalogue);
  add_benchmark_zones(catalogue);
  add_hostile_zones(catalogue);
  catalogue.finish();
  return catalogue;
}

}  // namespace vouch::lab
