#include "resolver/dnssec/trace.h"

#include <algorithm>
#include <array>

namespace vouch {

namespace {

// How many keys' digests are computed to tell which DS fits which: a zone in the midst of a roll has six keys.
constexpr std::size_t kMaxDigests = 32;

KeysEvent::Match match_of(const DsView& ds, const RRset* dnskeys, Sha1Policy sha1, std::size_t& digests) {
  using Match = KeysEvent::Match;
  if (!is_supported_algorithm(ds.algorithm, sha1)) { return Match::unsupported_algorithm; }
  if (!is_supported_digest(ds.digest_type)) { return Match::unsupported_digest; }
  Match match = Match::no_such_key;
  if (dnskeys == nullptr) { return match; }
  for (const Bytes rdata : dnskeys->rdata()) {
    const auto key = dnskey_view(rdata);
    if (!key || key->algorithm != ds.algorithm || key_tag(rdata) != ds.tag) { continue; }
    if (digests++ == kMaxDigests) { break; }
    if (matches(ds, dnskeys->owner(), rdata)) { return Match::matches; }
    match = Match::digest_differs;
  }
  return match;
}

std::vector<KeysEvent::Ds> ds_of(const Endorsement& endorsement, const RRset* dnskeys, Sha1Policy sha1) {
  std::vector<KeysEvent::Ds> all;
  std::size_t digests = 0;
  for (const Bytes rdata : endorsement.ds) {
    const auto ds = ds_view(rdata);
    if (!ds || all.size() == Trace::kMaxKeysTold) { continue; }
    all.push_back({.tag = ds->tag,
                   .algorithm = ds->algorithm,
                   .digest_type = ds->digest_type,
                   .match = match_of(*ds, dnskeys, sha1, digests)});
  }
  return all;
}

}  // namespace

std::string_view reply_problem_id(ReplyProblem problem) noexcept {
  constexpr std::array<std::string_view, kReplyProblems> kIds{
      "",          "timeout",   "unreachable", "truncated", "bad_cookie",  "no_edns", "mismatch", "folded_case",
      "malformed", "untrusted", "no_room",     "lame",      "server_error"};
  return kIds[static_cast<std::size_t>(problem)];
}

std::string_view transport_id(TraceTransport transport) noexcept {
  constexpr std::array<std::string_view, 3> kIds{"udp", "tcp", "tls"};
  return kIds[static_cast<std::size_t>(transport)];
}

std::string_view match_id(KeysEvent::Match match) noexcept {
  constexpr std::array<std::string_view, 5> kIds{"matches", "no_such_key", "digest_differs", "unsupported_algorithm",
                                                 "unsupported_digest"};
  return kIds[static_cast<std::size_t>(match)];
}

std::string_view proof_id(Proof proof) noexcept {
  constexpr std::array<std::string_view, 6> kIds{"proven",      "proven_by_opt_out", "missing",
                                                 "not_proving", "too_costly",        "work_limit"};
  return kIds[static_cast<std::size_t>(proof)];
}

std::string_view proof_id(DsAbsence absence) noexcept {
  constexpr std::array<std::string_view, 8> kIds{"unsigned_delegation", "opt_out",    "no_cut",    "no_name", "missing",
                                                 "not_proving",         "too_costly", "work_limit"};
  return kIds[static_cast<std::size_t>(absence)];
}

void Trace::add(Event event) {
  if (events_.size() == kMaxEvents) {
    is_cut_short_ = true;
    return;
  }
  events_.push_back(std::move(event));
}

void Trace::note_meaning(std::string_view meaning, ReplyProblem problem) noexcept {
  if (is_cut_short_) { return; }  // the latest exchange may be none of those kept
  for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
    if (auto* const exchange = std::get_if<ExchangeEvent>(&*event)) {
      exchange->meaning = meaning;
      if (problem != ReplyProblem::none) { exchange->problem = problem; }
      return;
    }
  }
}

void Trace::begin_set(const RRset& set, NameView by_zone) {
  set_ = {};
  set_.set = RRsetPtr(&set);
  set_.by_zone = Name(by_zone);
}

void Trace::note_signature(Bytes rrsig, Reason flaw, UnixTime now) {
  const auto view = rrsig_view(rrsig);
  if (!view) {
    set_.signatures.push_back({.signer = {}, .flaw = flaw});
    return;
  }
  set_.signatures.push_back({.key_tag = view->key_tag,
                             .algorithm = view->algorithm,
                             .signer = Name(view->signer),
                             .inception = moment_of(view->inception, now),
                             .expiration = moment_of(view->expiration, now),
                             .flaw = flaw});
}

void Trace::end_set(const Verdict& verdict) {
  set_.verdict = verdict;
  add(std::move(set_));
  set_ = {};
}

void Trace::note_keys(const RRset& dnskeys, const Endorsement& endorsement, Sha1Policy sha1,
                      std::span<const std::size_t> vouched_for, const Verdict& verdict) {
  KeysEvent event;
  event.zone = Name(dnskeys.owner());
  event.anchor_keys = endorsement.dnskeys.size();
  event.verdict = verdict;
  std::size_t index = 0;
  for (const Bytes rdata : dnskeys.rdata()) {
    const std::size_t here = index++;
    const auto key = dnskey_view(rdata);
    if (!key || event.keys.size() == kMaxKeysTold) { continue; }
    event.keys.push_back({.tag = key_tag(rdata),
                          .algorithm = key->algorithm,
                          .flags = key->flags,
                          .is_vouched_for = std::ranges::find(vouched_for, here) != vouched_for.end()});
  }
  event.ds = ds_of(endorsement, &dnskeys, sha1);
  add(std::move(event));
}

void Trace::note_no_keys(NameView zone, const Endorsement& endorsement, Sha1Policy sha1, const Verdict& verdict) {
  KeysEvent event;
  event.zone = Name(zone);
  event.anchor_keys = endorsement.dnskeys.size();
  event.verdict = verdict;
  event.ds = ds_of(endorsement, nullptr, sha1);
  add(std::move(event));
}

}  // namespace vouch
