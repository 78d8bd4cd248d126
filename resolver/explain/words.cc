#include "resolver/explain/words.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "telemetry/web/locale.h"

namespace vouch {

namespace {

const Locale& english() {
  static const Locale locale(Language::english, 0);
  return locale;
}

// "the signature on www.example. A by key 33333 of example."
std::string signature_words(const Explanation& explanation, std::string_view zone) {
  const SetEvent* const set = explanation.offending_set();
  std::string text = "the signature on ";
  text += set != nullptr ? set_name(*set->set) : "its data";
  if (explanation.verdict.has_key()) { text += " by key " + std::to_string(explanation.verdict.key_tag()); }
  return text + " of " + std::string(zone);
}

std::string subject_words(const Explanation& explanation) {
  const PartStory* const part = explanation.part_at_fault();
  if (part == nullptr) { return name_text(explanation.question.name) + " " + type_text(explanation.question.type); }
  return part->set ? set_name(*part->set) : name_text(part->name) + " " + type_text(part->type);
}

// What the parent holds, where no key fits.
std::string ds_words(const Explanation& explanation) {
  const ZoneStory* const zone = explanation.zone_at_fault();
  if (zone == nullptr || !zone->keys || zone->keys->ds.empty()) { return "the DS"; }
  const auto& all = zone->keys->ds;
  const auto telling = std::ranges::find_if(all, [](const KeysEvent::Ds& ds) {
    return ds.match == KeysEvent::Match::no_such_key || ds.match == KeysEvent::Match::digest_differs;
  });
  const KeysEvent::Ds& ds = telling == all.end() ? all.front() : *telling;
  return "the DS with key tag " + std::to_string(ds.tag) + ", algorithm " + algorithm_text(ds.algorithm) +
         " and digest type " + digest_text(ds.digest_type);
}

std::string ds_mismatch_words(const Explanation& explanation) {
  const ZoneStory* const zone = explanation.zone_at_fault();
  if (zone == nullptr || !zone->keys || zone->keys->ds.empty()) { return {}; }
  const bool differs = std::ranges::any_of(
      zone->keys->ds, [](const KeysEvent::Ds& ds) { return ds.match == KeysEvent::Match::digest_differs; });
  return differs ? "; a key of that tag is there, and has another digest" : "; no key of that tag is there";
}

struct Facts {
  const Explanation& explanation;
  const Verdict& verdict;
  std::string zone, parent, cut;
};

Facts facts_of(const Explanation& explanation) {
  const Verdict& verdict = explanation.verdict;
  Facts facts{explanation, verdict, name_text(verdict.zone()), {}, {}};
  const ZoneStory* const story = explanation.zone_at_fault();
  facts.cut = story == nullptr ? facts.zone : name_text(story->zone);
  const bool has_parent = story != nullptr && !(story->above == story->zone);
  facts.parent = has_parent                 ? name_text(story->above)
                 : verdict.zone().is_root() ? "."
                                            : name_text(verdict.zone().parent());
  return facts;
}

std::string key_words(const Facts& facts) {
  return facts.verdict.has_key() ? "key " + std::to_string(facts.verdict.key_tag()) : "the key";
}

std::string chain_words(const Facts& facts) {
  const std::string& zone = facts.zone;
  switch (facts.verdict.reason()) {
    case Reason::ds_dnskey_mismatch:
      return "no key of " + zone + " matches " + ds_words(facts.explanation) + " that its parent " + facts.parent +
             " holds" + ds_mismatch_words(facts.explanation);
    case Reason::dnskey_absent:
      return facts.parent + " holds a DS for " + zone + ", and " + zone + " has no DNSKEY";
    case Reason::sep_not_signing:
      return key_words(facts) + " of " + zone + " matches the DS at " + facts.parent +
             ", and did not sign the zone's DNSKEY set";
    case Reason::dnskey_unreachable:
      return "no server of " + zone + " gives its DNSKEY set";
    case Reason::ds_unreachable:
      return "no server of " + zone + " gives the DS of " + facts.cut;
    case Reason::dnskey_no_zone_bit:
      return key_words(facts) + " of " + zone + " matches the DS at " + facts.parent +
             ", and its flags do not mark it as a zone's key";
    case Reason::dnskey_revoked:
      return key_words(facts) + " of " + zone + " matches the DS at " + facts.parent + ", and was revoked";
    case Reason::dnskey_bad_protocol:
      return key_words(facts) + " of " + zone + " matches the DS at " + facts.parent +
             ", and has a protocol other than 3";
    case Reason::ds_self_signed:
      return "the DS of " + facts.cut + ", or the proof that there is none, is signed by " + facts.cut +
             " itself and not by its parent " + zone;
    case Reason::no_ds_proof_invalid:
      return zone + " gives no DS for " + facts.cut + ", and does not prove that there is none";
    default:
      return {};
  }
}

std::string signature_fault_words(const Facts& facts) {
  const Explanation& explanation = facts.explanation;
  const std::string signature = signature_words(explanation, facts.zone);
  const SetEvent* const set = explanation.offending_set();
  const std::string record = set != nullptr ? set_name(*set->set) : subject_words(explanation);
  const auto time = facts.verdict.time();
  const std::string when = time ? when_text(*time, explanation.at) + " (" + time_text(*time) + ")" : "";
  switch (facts.verdict.reason()) {
    case Reason::rrsig_missing:
      return record + " came without a signature that counts, and " + facts.zone + " is a signed zone";
    case Reason::rrsig_expired:
      return signature + " expired " + when;
    case Reason::rrsig_not_yet_valid:
      return signature + " is not valid yet: it begins " + when;
    case Reason::rrsig_window_inverted:
      return signature + " ends before it begins";
    case Reason::rrsig_invalid:
      return signature + " does not fit the data";
    case Reason::rrsig_unknown_key:
      return "the signature on " + record + " was made with " + key_words(facts) + ", which " + facts.zone +
             " does not publish";
    case Reason::rrsig_wrong_signer:
      return "the signature on " + record + " is not by " + facts.zone + ", the zone that holds it";
    case Reason::rrsig_malformed:
      return signature + " cannot be a signature of this data at all";
    default:
      return {};
  }
}

std::string proof_fault_words(const Facts& facts) {
  const PartStory* const part = facts.explanation.part_at_fault();
  const bool is_name =
      part != nullptr && !part->proofs.empty() && part->proofs.front().claim == ProofEvent::Claim::no_name;
  const bool is_name_error = is_name || facts.explanation.answer.rcode == Rcode::name_error;
  const std::string name = part != nullptr ? name_text(part->name) : name_text(facts.explanation.question.name);
  const std::string type = type_text(part != nullptr ? part->type : facts.explanation.question.type);
  const std::string claim = facts.zone + " says that " + name + (is_name_error ? " does not exist" : " has no " + type);
  switch (facts.verdict.reason()) {
    case Reason::nsec_missing:
      return claim + ", and sends no NSEC or NSEC3 that proves it";
    case Reason::nsec_not_proving:
      return claim + ", and the NSEC or NSEC3 records that it sends do not prove it";
    case Reason::wildcard_unproven:
      return subject_words(facts.explanation) + " was made from a wildcard of " + facts.zone +
             ", and nothing proves that no closer name exists";
    case Reason::alias_unproven:
      return "the CNAME at " + name + " is not the one that the signed DNAME of " + facts.zone + " implies";
    case Reason::nsec3_cost:
      return facts.zone + " uses NSEC3 with more than the " + std::to_string(facts.explanation.nsec3_max_iterations) +
             " iterations that dnssec.nsec3_max_iterations allows: what rests on it counts as unsigned";
    case Reason::work_limit:
      return "checking was stopped at " + facts.zone + ", because it would take more work than one query may cost";
    case Reason::alg_unsupported:
      return "every DS of " + facts.zone + " names an algorithm that is unknown here: the zone counts as unsigned";
    case Reason::ds_digest_unsupported:
      return "every DS of " + facts.zone + " has a digest type that is unknown here: the zone counts as unsigned";
    default:
      return {};
  }
}

std::string own_fault_words(const Facts& facts) {
  switch (facts.verdict.reason()) {
    case Reason::clock_untrusted:
      return "the root's genuine signatures do not fit this machine's clock, which says " +
             time_text(facts.explanation.at);
    case Reason::anchor_mismatch:
      return "the trust anchor of " + facts.zone + " that is configured here does not fit the zone's keys";
    case Reason::path_strips_dnssec:
      return "the root's keys come without signatures from several of its servers: something on the way takes them out";
    case Reason::negative_anchor:
      return "validation is switched off at and below " + facts.zone + " by a negative trust anchor here";
    case Reason::no_anchor:
      return "no trust anchor here covers " + name_text(facts.explanation.question.name);
    case Reason::test_zone:
      return facts.zone + " is broken on purpose, for people to try resolvers with";
    default:
      return {};
  }
}

std::string reason_words(const Facts& facts) {
  for (const auto words : {chain_words, signature_fault_words, proof_fault_words, own_fault_words}) {
    std::string text = words(facts);
    if (!text.empty()) { return text; }
  }
  return {};
}

std::string outcome_words(const Explanation& explanation) {
  const std::string subject = name_text(explanation.question.name) + " " + type_text(explanation.question.type);
  const Verdict& verdict = explanation.verdict;
  if (explanation.unreachable) { return "no server of " + name_text(*explanation.unreachable) + " gives an answer"; }
  if (explanation.is_refused()) {
    return subject + " could not be resolved" +
           (explanation.answer.ede_text.empty() ? "" : ": " + explanation.answer.ede_text);
  }
  const bool is_there = !explanation.answer.answer.empty();
  const std::string what = is_there ? subject
                           : explanation.answer.rcode == Rcode::name_error
                               ? "that " + name_text(explanation.question.name) + " does not exist"
                               : "that there is no " + subject;
  if (verdict.is_secure()) { return what + " is proven genuine"; }
  if (verdict.security() != Security::insecure) { return what + " was not checked"; }
  const auto is_unsigned = [](const ZoneStory& zone) { return zone.verdict.security() == Security::insecure; };
  const auto cut = std::ranges::find_if(explanation.chain, is_unsigned);
  if (cut == explanation.chain.end()) {
    return what + " cannot be proven: " + name_text(verdict.zone()) + " does not sign it";
  }
  return what + " is unsigned: " + name_text(cut->above) + " proves that it holds no DS for " + name_text(cut->zone);
}

std::string as_sentence(std::string text) {
  // A name keeps its case; words begin with a capital.
  const std::size_t word = text.find(' ');
  const bool is_name = text.substr(0, word).ends_with('.');
  if (!text.empty() && !is_name && text[0] >= 'a' && text[0] <= 'z') {
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  if (!text.ends_with('.')) { text += '.'; }
  return text;
}

}  // namespace

std::string headline(const Explanation& explanation) {
  std::string words = reason_words(facts_of(explanation));
  return for_terminal(as_sentence(words.empty() ? outcome_words(explanation) : std::move(words)));
}

std::string_view standing_of_answer(const Explanation& explanation) noexcept {
  if (explanation.is_refused()) {
    return explanation.verdict.is_bogus() ? "refused: it does not validate" : "not answered";
  }
  switch (explanation.verdict.security()) {
    case Security::secure:
      return "genuine";
    case Security::insecure:
      return explanation.verdict.reason() == Reason::negative_anchor ? "answered without validation" : "unsigned";
    case Security::indeterminate:
    case Security::unchecked:
    case Security::bogus:
      break;
  }
  return "not checked";
}

std::string plain_words(Reason reason) {
  if (reason == Reason::none) { return {}; }
  // The pages' quotation marks are not ASCII.
  std::string text(english().text(reason_sentence(reason)));
  for (const std::string_view mark : {"\u201C", "\u201D"}) {
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark)) {
      text.replace(at, mark.size(), "\"");
    }
  }
  return for_terminal(text);
}

std::string who_can_mend(Reason reason) {
  const Fixer fixer = fixer_of(reason);
  return fixer == Fixer::nobody ? std::string() : std::string(english().text(fixer_name(fixer)));
}

std::string_view mending_advice(Reason reason) noexcept {
  const Fixer fixer = fixer_of(reason);
  return fixer == Fixer::nobody ? std::string_view() : english().text(fixer_advice(fixer));
}

std::string algorithm_text(std::uint8_t algorithm) {
  const std::size_t at = algorithm_class(algorithm);
  const std::string number = std::to_string(algorithm);
  return at + 1 == kAlgorithmClasses ? number + " (unknown here)"
                                     : number + " (" + std::string(kAlgorithmIds[at]) + ")";
}

std::string digest_text(std::uint8_t digest_type) {
  switch (digest_type) {
    case 1:
      return "1 (SHA-1)";
    case 2:
      return "2 (SHA-256)";
    case 4:
      return "4 (SHA-384)";
    default:
      return std::to_string(digest_type) + " (unknown here)";
  }
}

std::string time_text(UnixTime time) {
  const std::time_t seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) { return "?"; }
  std::array<char, 40> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts)};
}

std::string when_text(UnixTime time, UnixTime now) {
  const std::string span = english().span(time < now ? now - time : time - now);
  return time < now ? span + " ago" : "in " + span;
}

std::string name_text(NameView name) {
  Name lower(name);
  lower.lower_case();
  return lower.text();
}

std::string set_name(const RRset& set) { return name_text(set.owner()) + " " + type_text(set.type()); }

std::string record_line(const RRset& set, Bytes rdata) {
  Name owner(set.owner());
  owner.lower_case();
  return record_text(owner, set.type(), set.ttl(), rdata);
}

std::string_view problem_words(ReplyProblem problem) noexcept {
  switch (problem) {
    case ReplyProblem::none:
      return "";
    case ReplyProblem::timeout:
      return "no reply";
    case ReplyProblem::unreachable:
      return "unreachable: the network refuses";
    case ReplyProblem::truncated:
      return "truncated: asked again over TCP";
    case ReplyProblem::bad_cookie:
      return "wants its cookie: asked again";
    case ReplyProblem::no_edns:
      return "does not understand EDNS: asked again without";
    case ReplyProblem::mismatch:
      return "a reply to something else, maybe forged: asked again over TCP";
    case ReplyProblem::folded_case:
      return "changes the case of the question: asked again over TCP";
    case ReplyProblem::malformed:
      return "cannot be read";
    case ReplyProblem::untrusted:
      return "did not prove over TLS who it is";
    case ReplyProblem::no_room:
      return "not asked: no socket left here";
    case ReplyProblem::lame:
      return "lame: does not serve the zone";
    case ReplyProblem::server_error:
      return "an error in place of an answer";
  }
  return "";
}

std::string_view match_words(KeysEvent::Match match) noexcept {
  switch (match) {
    case KeysEvent::Match::matches:
      return "matches";
    case KeysEvent::Match::no_such_key:
      return "matches no key";
    case KeysEvent::Match::digest_differs:
      return "has another digest than the key of that tag";
    case KeysEvent::Match::unsupported_algorithm:
      return "cannot be used: the algorithm is unknown here";
    case KeysEvent::Match::unsupported_digest:
      return "cannot be used: the digest type is unknown here";
  }
  return "";
}

std::string for_terminal(std::string_view text) {
  std::string safe(text);
  std::ranges::transform(safe, safe.begin(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~') ? c : '?'; });
  return safe;
}

}  // namespace vouch
