#include "resolver/front/cached_answer.h"

#include <algorithm>
#include <array>

#include "resolver/dnssec/key_signals.h"

namespace vouch {

namespace {

// What an ANY (or RRSIG) question is answered from, most wanted first. CNAME is alone where it is.
constexpr Type kGathered[] = {Type::CNAME, Type::A,   Type::AAAA,  Type::MX,     Type::NS,  Type::SOA,
                              Type::TXT,   Type::SRV, Type::HTTPS, Type::DNSKEY, Type::PTR, Type::DNAME};

bool is_due(const CacheEntry& entry) noexcept {
  return entry.stale_for == 0 && std::uint64_t{entry.ttl} * kPrefetchShare <= entry.lifetime;
}

}  // namespace

// One answer in the making.
struct CacheReader::Walk {
  AnswerWriter& writer;
  TtlTime now;
  Staleness staleness;
  std::uint16_t rotate;
  AnswerCheck* check;
  CachedAnswer result{};
  // Every entry that was used may bring proofs; they come after all answers. Dropped beyond: what a chain of aliases
  // could bring.
  std::array<ProofsPtr, kMaxCachedAliases + 1> proofs{};
  std::array<std::uint32_t, kMaxCachedAliases + 1> proof_ttls{};
  std::size_t proof_count = 0;

  std::uint32_t ttl_of(const CacheEntry& entry) const noexcept {
    return entry.stale_for > 0 ? staleness.ttl : entry.ttl;
  }
  void weaken(Security security) {
    if (rank(security) < rank(result.security)) { result.security = security; }
  }
  // `name`: the entry's own. Of several reasons that of what failed is told, else the first.
  void note(CacheEntry& entry, NameView name) {
    const bool is_worse = entry.security == Security::bogus && result.security != Security::bogus;
    weaken(entry.security);
    if (entry.flaw.reason != Reason::none && (result.reason == Reason::none || is_worse)) {
      result.reason = entry.flaw.reason;
      result.zone = Name(entry.flaw.zone_of(name));
    }
    result.stale |= entry.stale_for > 0;
    const std::uint32_t tenth = entry.kind == EntryKind::rrset ? entry.lifetime / kPrefetchShare : 0;
    result.fresh_for = std::min(result.fresh_for, entry.ttl > tenth ? entry.ttl - tenth : 0);
    if (entry.proofs && writer.inquiry().dnssec_ok && proof_count < proofs.size()) {
      proof_ttls[proof_count] = ttl_of(entry);
      proofs[proof_count++] = std::move(entry.proofs);
    }
  }
};

std::optional<CacheEntry> CacheReader::look(const Walk& walk, NameView name, Type type) const {
  std::optional<CacheEntry> entry = walk.staleness.most == 0
                                        ? caches_.rrsets.find(name, type, walk.now)
                                        : caches_.rrsets.find_stale(name, type, walk.now, walk.staleness.most);
  if (entry && !is_servable(walk, *entry)) { entry.reset(); }
  return entry;
}

// Nothing bogus reaches a client that lets us judge for it, and nothing that nobody has judged while there is a judge.
bool CacheReader::is_servable(const Walk& walk, const CacheEntry& entry) const noexcept {
  // A referral's word that there is no DS has no SOA: enough to climb down by, not for a client (RFC 2308 section 5).
  if (entry.kind != EntryKind::rrset && !entry.rrset) { return false; }
  // Expired data bridges outages where it had held, or is unsigned: not what failed, and not what nobody has looked at,
  // whoever asks.
  if (entry.stale_for > 0) {
    const bool is_unjudged = entry.security == Security::unchecked && options_.require_validation;
    if (entry.security == Security::bogus || is_unjudged) { return false; }
  }
  if (walk.writer.inquiry().cd) { return true; }
  if (entry.security == Security::bogus) { return !options_.withhold_bogus; }
  return entry.security != Security::unchecked || !options_.require_validation;
}

// False: policy has decided, and nothing more is needed.
bool CacheReader::write_set(Walk& walk, const CacheEntry& entry) const {
  walk.result.wants_refresh |= is_due(entry);
  if (walk.check == nullptr) {
    walk.writer.answer(*entry.rrset, walk.ttl_of(entry), walk.rotate);
    return true;
  }
  const RRsetPtr left = walk.check->pass(entry.rrset);
  if (left) { walk.writer.answer(*left, walk.ttl_of(entry), walk.rotate); }
  return !walk.check->is_decided();
}

void CacheReader::write_negative(Walk& walk, const CacheEntry& entry) const {
  if (entry.kind == EntryKind::name_error) { walk.result.rcode = Rcode::name_error; }
  if (entry.rrset) { walk.writer.authority(*entry.rrset, walk.ttl_of(entry)); }
}

void CacheReader::write_proofs(Walk& walk) const {
  for (std::size_t i = 0; i < walk.proof_count; ++i) {
    for (const RRsetPtr& proof : walk.proofs[i]->rrsets()) { walk.writer.authority(*proof, walk.proof_ttls[i]); }
  }
}

// Addresses of the names that the answer leads to, as far as they are at hand (RFC 1034 section 4.3.2 step 6; RFC
// 2782).
void CacheReader::write_additional(Walk& walk, const RRset& answer) const {
  const Type type = answer.type();
  if (options_.minimal_answers || (type != Type::MX && type != Type::NS && type != Type::SRV)) { return; }
  std::size_t names = 0;
  for (const Bytes rdata : answer.rdata()) {
    const NameView target = rdata_name(type, rdata);
    if (target.is_root()) { continue; }  // "no service" (RFC 7505, RFC 2782)
    if (++names > kMaxAdditionalNames) { return; }
    for (const Type address : {Type::A, Type::AAAA}) {
      const auto entry = caches_.rrsets.find(target, address, walk.now);
      if (entry && entry->kind == EntryKind::rrset && is_servable(walk, *entry)) {
        walk.writer.additional(*entry->rrset, entry->ttl);
      }
    }
  }
}

// From alias to alias to the data, or to the word that there is none. False when the cache does not know all of it.
bool CacheReader::follow(Walk& walk, NameView name) const {
  const Type type = walk.writer.inquiry().type;
  RRsetPtr alias;  // holds what `name` points into
  for (std::uint32_t step = 0; step <= kMaxCachedAliases; ++step) {
    auto entry = look(walk, name, type);
    if (entry && entry->stale_for > 0 && type != Type::CNAME &&
        type != Type::DS) {  // what was there once does not outlive the alias that replaced it
      const auto replaced = look(walk, name, Type::CNAME);
      if (replaced && replaced->stale_for == 0 && replaced->kind == EntryKind::rrset) { entry.reset(); }
    }
    if (entry) {
      walk.note(*entry, name);
      if (entry->kind == EntryKind::rrset) {
        if (!write_set(walk, *entry)) { return true; }
        write_proofs(walk);
        write_additional(walk, *entry->rrset);
      } else {
        write_negative(walk, *entry);
        write_proofs(walk);
      }
      return true;
    }
    if (type == Type::CNAME || type == Type::DS) { return false; }  // a DS is the parent's, an alias the child's
    auto link = look(walk, name, Type::CNAME);
    if (!link || link->kind != EntryKind::rrset) { return false; }
    walk.note(*link, name);
    if (!write_set(walk, *link)) { return true; }
    alias = std::move(link->rrset);
    name = rdata_name(Type::CNAME, alias->first_rdata());
  }
  return false;  // too long: the resolver says so, and remembers it
}

bool CacheReader::write_gathered(Walk& walk, NameView name, const CacheEntry& entry) const {
  if (walk.writer.inquiry().type == Type::ANY) {
    static_cast<void>(write_set(walk, entry));  // one set more or less: the check has the last word
    return true;
  }
  if (entry.rrset->signature_count() == 0 || !(entry.rrset->owner() == name)) { return false; }
  walk.writer.answer_signatures(*entry.rrset, walk.ttl_of(entry));
  return true;
}

// ANY and RRSIG: a sample of what lies here (RFC 8482), or with minimal_any off all of it.
bool CacheReader::gather(Walk& walk, NameView name) const {
  bool found = false, nothing_at_a = false;
  // Nobody signs signatures (RFC 4035 section 2.2).
  if (walk.writer.inquiry().type == Type::RRSIG) { walk.weaken(Security::insecure); }
  std::optional<CacheEntry> negative;
  for (const Type type : kGathered) {
    auto entry = look(walk, name, type);
    if (!entry) { continue; }
    if (entry->kind != EntryKind::rrset) {
      nothing_at_a |= type == Type::A || entry->kind == EntryKind::name_error;
      negative = std::move(entry);
      if (negative->kind == EntryKind::name_error) { break; }
      continue;
    }
    if (!write_gathered(walk, name, *entry)) { continue; }
    walk.note(*entry, name);
    found = true;
    if (options_.minimal_any) { break; }
  }
  if (found) { return true; }
  if (!nothing_at_a || (!options_.minimal_any && negative->kind != EntryKind::name_error)) { return false; }
  walk.note(*negative, name);
  if (negative->kind == EntryKind::no_data && walk.writer.inquiry().type == Type::ANY) {
    write_any_refusal(walk.writer, name);
    walk.weaken(Security::insecure);
  } else {
    write_negative(walk, *negative);
    write_proofs(walk);
  }
  return true;
}

CachedAnswer CacheReader::write(AnswerWriter& writer, NameView name, TtlTime now, Staleness staleness,
                                std::uint16_t rotate, AnswerCheck* check) const {
  Walk walk{.writer = writer, .now = now, .staleness = staleness, .rotate = rotate, .check = check};
  const Type type = writer.inquiry().type;
  if (options_.require_validation && may_be_sentinel(name)) { return walk.result; }  // the resolver has a rule for it
  walk.result.complete = type == Type::ANY || type == Type::RRSIG ? gather(walk, name) : follow(walk, name);
  // Signatures of what has expired may have expired, too: nobody has looked since.
  walk.result.authentic = walk.result.security == Security::secure && !walk.result.stale;
  if (check != nullptr && walk.result.complete) {
    check->look_at_servers();
    walk.result.authentic &= !check->has_changed();
  }
  return walk.result;
}

}  // namespace vouch
