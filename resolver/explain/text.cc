#include <algorithm>
#include <array>
#include <ranges>

#include "resolver/dnssec/nsec3.h"
#include "resolver/explain/render.h"
#include "resolver/explain/words.h"

namespace vouch {

namespace {

// Of a set's records, of those who reply, of proofs: a reader is not helped by more, and a hostile zone may send many.
constexpr std::size_t kMostLines = 24;
constexpr std::size_t kMostIndent = 8;  // deeper zones stand in one column
constexpr std::string_view kFault = ">>> ";
constexpr std::string_view kNoFault = "    ";

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) { text.append(width - text.size(), ' '); }
  return text;
}

class Page {
 public:
  void line(std::string_view text) { text_ += std::string(text) + "\n"; }
  void blank() { text_ += '\n'; }
  // One step of the chain or the answer.
  void step(bool is_fault, std::string_view text) {
    line(std::string(is_fault ? kFault : kNoFault) + indent_ + std::string(text));
  }
  // How far steps and details are indented: a zone stands below the one above it.
  void indent(std::size_t depth) { indent_.assign(2 * std::min(depth, kMostIndent), ' '); }
  void detail(bool is_fault, std::string_view text) { step(is_fault, "  " + std::string(text)); }
  std::string text() && { return for_terminal(text_); }

 private:
  std::string text_, indent_;
};

std::string verdict_words(const Verdict& verdict) {
  switch (verdict.security()) {
    case Security::secure:
      return "secure";
    case Security::insecure:
      return verdict.reason() == Reason::none ? "insecure"
                                              : "insecure (" + std::string(reason_id(verdict.reason())) + ")";
    case Security::bogus:
      return "BOGUS (" + std::string(reason_id(verdict.reason())) + ")";
    case Security::indeterminate:
      return "indeterminate";
    case Security::unchecked:
      break;
  }
  return "not checked";
}

std::string signature_words(const SetEvent::Signature& signature, UnixTime now) {
  std::string text = "by key " + std::to_string(signature.key_tag) + " of " + name_text(signature.signer) +
                     ", algorithm " + algorithm_text(signature.algorithm) + ", " + time_text(signature.inception) +
                     " to " + time_text(signature.expiration) + ": ";
  switch (signature.flaw) {
    case Reason::none:
      return text + "holds";
    case Reason::rrsig_expired:
      return text + "expired " + when_text(signature.expiration, now);
    case Reason::rrsig_not_yet_valid:
      return text + "not valid yet, begins " + when_text(signature.inception, now);
    default:
      return text + std::string(reason_id(signature.flaw));
  }
}

void put_set(const SetEvent& event, std::string_view label, UnixTime now, Page& page) {
  const bool is_fault = event.verdict.is_bogus();
  if (event.signatures.empty()) {
    page.detail(is_fault, std::string(label) + ": no signature");
    return;
  }
  for (const SetEvent::Signature& signature : event.signatures) {
    page.detail(is_fault && signature.flaw != Reason::none,
                std::string(label) + " signed " + signature_words(signature, now));
  }
}

std::string_view claim_words(ProofEvent::Claim claim) noexcept {
  switch (claim) {
    case ProofEvent::Claim::no_name:
      return "that the name does not exist";
    case ProofEvent::Claim::no_data:
      return "that the name has no such type";
    case ProofEvent::Claim::wildcard:
      return "that no closer name than the wildcard exists";
    case ProofEvent::Claim::no_ds:
      return "that there is no DS";
  }
  return "";
}

std::string outcome_words(const ProofEvent& proof) {
  if (proof.outcome == "proven_by_opt_out" || proof.outcome == "opt_out") {
    return "covered by an opt-out span: true as far as the zone says, and not secure";
  }
  if (proof.outcome == "proven" || proof.outcome == "unsigned_delegation") { return "proven"; }
  if (proof.outcome == "no_cut") { return "proven: no zone begins here"; }
  if (proof.outcome == "no_name") { return "proven: the name does not exist"; }
  if (proof.outcome == "missing") { return "not proven: no NSEC or NSEC3 that counts"; }
  if (proof.outcome == "too_costly") { return "not looked at: NSEC3 with more iterations than are allowed"; }
  if (proof.outcome == "work_limit") { return "not settled: it would take too much work"; }
  return "NOT proven by what was sent";
}

// Hash, flags and iterations are what an operator looks for first.
std::string nsec3_words(const RRset& set) {
  const auto nsec3 = nsec3_parameters(set.first_rdata());
  if (!nsec3) { return {}; }
  return " [iterations " + std::to_string(nsec3->iterations) + (nsec3->opts_out() ? ", opt-out]" : "]");
}

void put_proof(const ProofEvent& proof, bool is_fault, Page& page) {
  std::string line = "proof " + std::string(claim_words(proof.claim)) + ": " + outcome_words(proof);
  if (proof.refused > 0) { line += " (" + std::to_string(proof.refused) + " more records came that do not count)"; }
  page.detail(is_fault, line);
  for (const RRsetPtr& record : std::views::take(proof.records, static_cast<std::ptrdiff_t>(kMostLines))) {
    page.detail(false, "  " + record_line(*record, record->first_rdata()) +
                           (record->type() == Type::NSEC3 ? nsec3_words(*record) : ""));
  }
}

bool is_fault_of_keys(Reason reason) noexcept {
  return reason == Reason::ds_dnskey_mismatch || reason == Reason::anchor_mismatch;
}

void put_keys(const ZoneStory& zone, Page& page) {
  const KeysEvent& keys = *zone.keys;
  const std::string holder = zone.is_anchor ? "trust anchor" : "DS at " + name_text(zone.above);
  std::size_t lines = 0;
  for (const KeysEvent::Ds& ds : keys.ds) {
    if (lines++ == kMostLines) { break; }
    const bool is_fault =
        zone.is_at_fault && is_fault_of_keys(zone.verdict.reason()) && ds.match != KeysEvent::Match::matches;
    page.detail(is_fault, holder + ": key tag " + std::to_string(ds.tag) + ", algorithm " +
                              algorithm_text(ds.algorithm) + ", digest type " + digest_text(ds.digest_type) + ": " +
                              std::string(match_words(ds.match)));
  }
  if (keys.anchor_keys > 0) {
    page.detail(false, "trust anchor: given as DNSKEY (" + std::to_string(keys.anchor_keys) + ")");
  }
  for (const KeysEvent::Key& key : keys.keys) {
    if (lines++ >= 2 * kMostLines) { break; }
    std::string line = "DNSKEY " + std::to_string(key.tag) + ", algorithm " + algorithm_text(key.algorithm) +
                       ", flags " + std::to_string(key.flags);
    if (key.is_sep()) { line += " SEP"; }
    if (key.is_revoked()) { line += " REVOKED"; }
    if (!key.has_zone_bit()) { line += " not a zone's key"; }
    if (key.is_vouched_for) { line += zone.is_anchor ? ": fits the trust anchor" : ": fits the DS"; }
    page.detail(zone.is_at_fault && keys.verdict.has_key() && keys.verdict.key_tag() == key.tag &&
                    !is_fault_of_keys(zone.verdict.reason()) && zone.keys_sets.empty(),
                line);
  }
  if (keys.keys.empty()) { page.detail(zone.is_at_fault, "DNSKEY: none"); }
}

void put_zone(const ZoneStory& zone, UnixTime now, Page& page) {
  const std::size_t depth = zone.zone.view().labels();
  page.indent(depth);
  std::string line = (depth == 0 ? "" : "+- ") + padded(name_text(zone.zone), 28) + " " + verdict_words(zone.verdict);
  if (zone.is_anchor) { line += "   (trust anchor)"; }
  page.step(zone.is_at_fault, line);
  if (!zone.is_anchor) {
    const std::string from = zone.is_ds_from_referral ? " (came with a referral)" : "";
    for (const SetEvent& set : zone.ds_sets) {
      const bool is_ds = set.set->type() == Type::DS;
      put_set(set,
              (is_ds ? "DS at " + name_text(zone.above) : type_text(set.set->type()) + " of " + name_text(zone.above)) +
                  from,
              now, page);
    }
    if (zone.no_ds) { put_proof(*zone.no_ds, zone.is_at_fault, page); }
  }
  if (zone.keys) { put_keys(zone, page); }
  for (const SetEvent& set : zone.keys_sets) { put_set(set, "DNSKEY", now, page); }
  if (zone.verdict.reason() == Reason::negative_anchor) { page.detail(false, "validation is switched off here"); }
}

void put_part(const PartStory& part, UnixTime now, Page& page) {
  const std::string name =
      part.set ? set_name(*part.set) : name_text(part.name) + " " + type_text(part.type) + ": is not there";
  page.step(part.is_at_fault, padded(name, 28) + " " + verdict_words(part.verdict));
  if (part.set) {
    std::size_t lines = 0;
    for (const Bytes rdata : part.set->rdata()) {
      if (lines++ == kMostLines) { break; }
      page.detail(false, record_line(*part.set, rdata));
    }
    if (part.sets.empty() && part.is_at_fault && part.set->signature_count() == 0) {
      page.detail(true, "no signature");
    }
  }
  for (const SetEvent& set : part.sets) { put_set(set, set_name(*set.set), now, page); }
  for (const ProofEvent& proof : part.proofs) { put_proof(proof, part.is_at_fault, page); }
}

void put_exchanges(const Explanation& explanation, Page& page) {
  page.line("Servers asked (milliseconds after the start, and taken)");
  if (explanation.exchanges.empty()) { page.step(false, "none"); }
  const auto milliseconds = [](Duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
  };
  for (const ExchangeEvent& exchange : explanation.exchanges) {
    std::string line = padded(milliseconds(exchange.began - explanation.start), 6) +
                       padded(milliseconds(exchange.took), 6) + padded(exchange.server.text(), 22) + " " +
                       std::string(transport_id(exchange.transport)) + "  zone " + name_text(exchange.zone) + "  " +
                       name_text(exchange.question.name) + " " + type_text(exchange.question.type) + "  ";
    if (exchange.rcode) { line += std::string(rcode_text(*exchange.rcode)) + " "; }
    line += exchange.problem == ReplyProblem::none ? std::string(exchange.meaning)
                                                   : "! " + std::string(problem_words(exchange.problem));
    const bool is_fault =
        explanation.unreachable && *explanation.unreachable == exchange.zone && exchange.problem != ReplyProblem::none;
    page.step(is_fault, line);
  }
}

void put_cache(const CacheStory& cache, const Explanation& explanation, Page& page) {
  page.line("What the cache holds for clients meanwhile");
  if (cache.failure) {
    page.step(false, "the question: failed, told for " + std::to_string(cache.failure->ttl) + " s more (" +
                         cache.failure->text + ")");
    const bool is_mended = !explanation.is_refused();
    if (is_mended) { page.detail(false, "asked afresh it is answered: clients will be, too, once that time is over"); }
  }
  if (cache.entry) {
    const std::string_view what = cache.entry->kind == EntryKind::rrset ? "data" : "that it is not there";
    constexpr std::array<std::string_view, 5> kSecurities{"not checked yet", "indeterminate", "bogus", "insecure",
                                                          "secure"};
    page.step(false, "the question: " + std::string(what) + ", " +
                         std::string(kSecurities[static_cast<std::size_t>(cache.entry->security)]) + ", for " +
                         std::to_string(cache.entry->ttl) + " s more");
  }
  if (!cache.failure && !cache.entry) { page.step(false, "nothing on the question"); }
  for (const ZoneTrustPtr& zone : cache.zones) {
    page.step(false, "zone " + padded(name_text(zone->zone), 23) + " " + verdict_words(zone->verdict));
  }
}

void put_top(const Explanation& explanation, Page& page) {
  const Question& question = explanation.question;
  const Answer& answer = explanation.answer;
  std::string first = name_text(question.name) + " " + type_text(question.type) + ": " +
                      std::string(standing_of_answer(explanation)) + " (" + std::string(rcode_text(answer.rcode));
  if (answer.ede) { first += ", EDE " + std::to_string(static_cast<unsigned>(*answer.ede)); }
  page.line(first + ")");
  page.blank();
  page.line((explanation.verdict.is_bogus() || explanation.unreachable ? "FAULT: " : "") + headline(explanation));
  const Reason reason = explanation.verdict.reason();
  if (reason != Reason::none) {
    page.line("  Reason: " + std::string(reason_id(reason)) + ". Zone: " + name_text(explanation.verdict.zone()));
    page.line("  In plain words: " + plain_words(reason));
    const std::string fixer = who_can_mend(reason);
    const bool is_mended_here = reason == Reason::negative_anchor || reason == Reason::no_anchor;
    if (!fixer.empty() && !is_mended_here) {
      page.line("  Who can mend it: " + fixer + ". " + std::string(mending_advice(reason)));
    }
  } else if (explanation.unreachable) {
    page.line("  Zone: " + name_text(*explanation.unreachable));
    page.line("  Who can mend it: whoever runs the servers of " + name_text(*explanation.unreachable) +
              ", or the network in between.");
  }
  if (explanation.negative) {
    const NegativeAnchor& negative = *explanation.negative;
    page.line("  Until: " + (negative.until == 0 ? "the operator takes it out" : time_text(negative.until)) +
              ". Given reason: " + (negative.reason.empty() ? "none" : negative.reason));
  }
  if (explanation.verdict.is_bogus() && explanation.mode != DnssecMode::enforce) {
    page.line(explanation.mode == DnssecMode::observe
                  ? "  dnssec.mode is observe: clients are given the data all the same."
                  : "  dnssec.mode is off: clients are given the data, and nothing is checked.");
  }
}

void put_all(const Explanation& explanation, Page& page) {
  put_top(explanation, page);
  page.blank();
  page.line("Chain of trust, from the anchor down");
  if (explanation.chain.empty()) { page.step(false, "none was looked at"); }
  for (const ZoneStory& zone : explanation.chain) { put_zone(zone, explanation.at, page); }
  page.indent(0);
  page.blank();
  page.line("Answer");
  if (explanation.parts.empty()) {
    page.step(explanation.unreachable.has_value(), explanation.unreachable ? "none came" : "none was looked at");
  }
  for (const PartStory& part : explanation.parts) { put_part(part, explanation.at, page); }
  if (explanation.answer.synthesised) { page.step(false, "the rest follows from proofs that were met on the way"); }
  page.blank();
  put_exchanges(explanation, page);
  if (explanation.is_cut_short) { page.step(false, "there was more; it is left out here"); }
  if (explanation.cache) {
    page.blank();
    put_cache(*explanation.cache, explanation, page);
  }
}

}  // namespace

std::string explanation_text(const Explanation& explanation) {
  Page page;
  put_all(explanation, page);
  if (explanation.without_negative != nullptr) {
    page.blank();
    page.line("Without the negative trust anchor it would be:");
    page.blank();
    put_all(*explanation.without_negative, page);
  }
  return std::move(page).text();
}

}  // namespace vouch
