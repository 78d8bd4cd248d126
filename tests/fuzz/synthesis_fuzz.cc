// Aggressive use of proofs against the truth (RFC 8198): signed zones as plain sets of names, their genuine proofs put
// into the store in any order, with expiry, eviction, and forgers' proofs in between. Oracle: whatever is made up from
// the store is what the zone would have said, of live proofs only; and once the store has everything, whatever can be
// made up is.
#include <map>
#include <string>

#include "resolver/cache/denial_cache.h"
#include "resolver/dnssec/denial.h"
#include "resolver/dnssec/synthesis.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/signed_model.h"

namespace vouch {
namespace {

constexpr std::uint16_t kMaxIterations = 10;
constexpr std::size_t kMaxNames = 14;  // per zone
constexpr std::size_t kMaxSteps = 200;
constexpr Type kAskedTypes[] = {Type::A,    Type::TXT,  Type::CNAME, Type::NS,    Type::DS,     Type::SOA,
                                Type::NSEC, Type::AAAA, Type::ANY,   Type::RRSIG, Type::DNSKEY, Type::HTTPS};

class Hashing final : public DenialCache::Hasher {
 public:
  explicit Hashing(Budget& budget) : budget_(budget) {}
  std::optional<std::array<Octet, 20>> hash(NameView name, Bytes salt, std::uint16_t iterations) override {
    return hash_for_synthesis(name, salt, iterations, kMaxIterations, budget_);
  }

 private:
  Budget& budget_;
};

// A name at or below `above`, of labels so few that names meet. The asterisk is one of them, and one that sorts before
// it.
Name name_below(FuzzInput& input, NameView above, std::size_t most) {
  constexpr std::string_view kLabels[] = {"a", "B", "b", "c", "*", "m", "ab", "!"};
  Name name(above);
  for (std::size_t labels = input.octet() % (most + 1); labels > 0; --labels) {
    name.prepend_label(bytes_of(kLabels[input.octet() % std::size(kLabels)]));
  }
  return name;
}

// One zone with everything that the store and the RRset cache could learn of it.
struct Signed {
  Signed(FuzzInput& input, NameView apex) : zone(apex) {
    for (std::size_t names = input.octet() % kMaxNames; names > 0; --names) { add_name(input); }
    style = input.octet();
    signature = style & 0x80 ? 1200 : 64;  // long ones fill a small store soon
  }
  void sign() {
    zone.set_shouts((style & 0x40) != 0);
    form = {.salt = Buffer(style & 0x03, Octet{7}),
            .iterations = u16((style >> 2) & 0x03U),
            .opt_out = (style & 0x10) != 0};
    chain = is_hashed() ? zone.nsec3_chain(form, signature) : zone.nsec_chain(signature);
    soa = zone.soa();
    zone.set_has_nsec(!is_hashed());
  }
  bool is_hashed() const { return (style & 0x20) != 0; }
  std::string text() const {
    std::string lines;
    for (const RRsetPtr& proof : chain) { lines += rrset_text(*proof); }
    return lines;
  }

  void add_name(FuzzInput& input) {
    const Name name = name_below(input, zone.apex(), 3);
    const std::uint8_t what = input.octet();
    if (zone.has_node(name)) {
      return;  // its types stand: a CNAME stays alone, a cut a cut
    }
    switch (what % 8) {
      case 0:
        zone.add(name, Type::CNAME);
        break;
      case 1:
      case 2:
        if (name.view().is_wildcard()) { break; }
        zone.add(name, Type::NS);
        if (what % 8 == 2) { zone.add(name, Type::DS); }
        break;
      case 3:
        if (name.view().is_wildcard()) { break; }
        zone.add(name, Type::DNAME);
        break;
      case 4:
        zone.add(name, Type::TXT);
        break;
      default:
        zone.add(name, Type::A);
        if (what & 0x80) { zone.add(name, Type::TXT); }
        break;
    }
  }

  model::SignedZone zone;
  std::uint8_t style = 0;
  std::size_t signature = 64;
  model::Nsec3Form form;
  std::vector<RRsetPtr> chain;
  RRsetPtr soa;
};

// The zones, the store, and what must be true of it.
class World final : public WildcardSets {
 public:
  World(FuzzInput& input, std::size_t capacity)
      : capacity_(capacity), cache_(capacity), empty_octets_(cache_.octets()) {
    const Name apex = Name::of("example.");
    zones_.emplace_back(input, apex);
    if (input.octet() & 1) {  // a signed child, delegated where the parent has no name yet
      const Name child = Name::of("m.example.");
      if (!zones_.front().zone.has_node(child)) {
        zones_.front().zone.add(child, Type::NS);
        zones_.front().zone.add(child, Type::DS);
        zones_.emplace_back(input, child);
      }
    }
    for (Signed& zone : zones_) { zone.sign(); }
  }

  void step(FuzzInput& input) {
    Signed& zone = zones_[input.octet() % zones_.size()];
    switch (input.octet() % 8) {
      case 0:
      case 1:
      case 2:
        put(zone, zone.chain[input.below(zone.chain.size())], 1 + input.octet());
        break;
      case 3:
        put_soa(zone, 1 + input.octet());
        break;
      case 4:
        keep_wildcard(input, zone, 1 + input.octet());
        break;
      case 5:
        now_ += input.octet();
        break;
      case 6:
        put_forged(input, zone);
        break;
      default:
        if (input.octet() < 8) { cache_.remove_below(name_below(input, zone.zone.apex(), 2)); }
        break;
    }
    const Name name = name_below(input, zone.zone.apex(), 4);
    const Type type = kAskedTypes[input.octet() % std::size(kAskedTypes)];
    (void)ask(name, type);
  }

  // Nothing is miscounted, whatever came and went.
  void check_octets() {
    must(cache_.octets() <= capacity_, "more octets than allowed");
    cache_.clear();
    must(cache_.octets() == empty_octets_ && cache_.entries() == 0, "the empty store's octets");
  }

  // With everything known, nothing that can be told without asking may be asked.
  void check_completeness(FuzzInput& input) {
    for (Signed& zone : zones_) {
      for (const RRsetPtr& proof : zone.chain) { put(zone, proof, 500); }
      put_soa(zone, 500);
    }
    knows_all_ = true;
    for (std::size_t questions = 0; questions < 40; ++questions) {
      const Name name = name_below(input, zones_[questions % zones_.size()].zone.apex(), 4);
      const Type type = kAskedTypes[input.octet() % std::size(kAskedTypes)];
      const bool told = ask(name, type);
      const Signed& zone = zone_of(name, type);
      const bool is_exempt = (zone.is_hashed() && zone.form.opt_out) || type == Type::ANY || type == Type::RRSIG;
      const model::Truth truth = zone.zone.truth(name, type);
      using Kind = model::Truth::Kind;
      const bool can_be_told = truth.kind == Kind::name_error || truth.kind == Kind::no_data ||
                               (truth.kind == Kind::wildcard_data && zone.zone.data(truth.source, type) != nullptr);
      if (told || is_exempt || !can_be_told) { continue; }
      tell(name, type, zone);
      must(false, "a question that the store can answer is asked");
    }
  }

  std::optional<AnswerPart> secure_set(NameView wildcard, Type type) override {
    for (const Signed& zone : zones_) {
      if (!knows_all_ || !wildcard.is_at_or_below(zone.zone.apex())) { continue; }
      const model::Truth truth = zone.zone.truth(wildcard, type);
      if (truth.kind != model::Truth::Kind::data) { continue; }
      if (RRsetPtr set = zone.zone.data(wildcard, type)) { return AnswerPart{std::move(set), 500}; }
    }
    const auto found = wildcards_.find({Name(wildcard), type});
    if (found == wildcards_.end() || found->second.expires <= now_) { return std::nullopt; }
    return AnswerPart{found->second.set, static_cast<std::uint32_t>(found->second.expires - now_)};
  }

 private:
  struct Kept {
    RRsetPtr set;
    TtlTime expires;
  };
  struct ByNameAndType {
    bool operator()(const std::pair<Name, Type>& a, const std::pair<Name, Type>& b) const {
      const auto order = canonical_order(a.first, b.first);
      return order == 0 ? a.second < b.second : order < 0;
    }
  };

  void put(const Signed& zone, const RRsetPtr& proof, std::uint32_t ttl) {
    cache_.put(zone.zone.apex(), proof, ttl, now_);
    expires_[proof.get()] = std::max(expires_[proof.get()], now_ + ttl);
  }
  void put_soa(const Signed& zone, std::uint32_t ttl) {
    cache_.put_soa(zone.zone.apex(), zone.soa, ttl, now_);
    expires_[zone.soa.get()] = std::max(expires_[zone.soa.get()], now_ + ttl);
  }
  void keep_wildcard(FuzzInput& input, const Signed& zone, std::uint32_t ttl) {
    Name wildcard = name_below(input, zone.zone.apex(), 2);
    wildcard.prepend_label(bytes_of("*"));
    const Type type = input.octet() & 1 ? Type::A : Type::TXT;
    if (zone_of(wildcard, type).zone.truth(wildcard, type).kind != model::Truth::Kind::data) { return; }
    const RRsetPtr set = zone_of(wildcard, type).zone.data(wildcard, type);
    wildcards_[{wildcard, type}] = {set, now_ + ttl};
  }

  std::size_t index_of(const Signed& zone) const { return static_cast<std::size_t>(&zone - zones_.data()); }

  // What a forger, or a careless caller, might hand in. None of it may ever count.
  void put_forged(FuzzInput& input, const Signed& zone) {
    const NameView apex = zone.zone.apex();
    const Name owner = name_below(input, apex, 3);
    const Name next = name_below(input, apex, 3);
    const model::Types types = {Type::A, Type::RRSIG, Type::NSEC};
    const Signed& other = zones_[zones_.size() - 1 - index_of(zone)];
    switch (input.octet() % 6) {
      case 0:  // a wildcard's expansion
        if (owner.view().labels() == 0 || owner == zone.zone.apex()) { return; }
        cache_.put(
            apex,
            model::nsec_set(apex, owner, next, types, 64, u8(owner.view().labels() - 1U - owner.view().is_wildcard())),
            99, now_);
        break;
      case 1:  // next name outside
        cache_.put(apex, model::nsec_set(apex, owner, Name::of("zz."), types), 99, now_);
        break;
      case 2:  // another zone's
        if (&other != &zone) { cache_.put(apex, other.chain[input.below(other.chain.size())], 99, now_); }
        break;
      case 3: {  // a made-up owner
        cache_.put(apex, model::nsec_set(apex, owner, next, {Type::RRSIG, Type::NSEC}), 99, now_);
        break;
      }
      case 4: {  // opt-out
        Nsec3Hash from{}, to{};
        to.fill(0xff);
        cache_.put(apex, model::nsec3_set(apex, from, to, {Type::A}, {.salt = {}, .iterations = 0, .opt_out = true}),
                   99, now_);
        break;
      }
      default: {  // any octets at all, signed by nobody
        const Bytes rdata = input.octets(60);
        const Bytes records[] = {rdata};
        cache_.put(apex, RRset::make(owner, input.octet() & 1 ? Type::NSEC : Type::NSEC3, 99, records), 99, now_);
        break;
      }
    }
  }

  // Whose word counts: the child's at and below its apex, but for its DS.
  const Signed& zone_of(NameView name, Type type) const {
    const Signed* closest = &zones_.front();
    for (const Signed& zone : zones_) {
      const NameView apex = zone.zone.apex();
      if (type == Type::DS ? name.is_below(apex) : name.is_at_or_below(apex)) { closest = &zone; }
    }
    // A cut or DNAME of the parent above the child's apex would take it away; the child's name has one label more.
    return *closest;
  }

  bool ask(NameView name, Type type) {
    Budget budget{Instant{}};
    Hashing hashing(budget);
    const auto gathered = cache_.gather(name, type, now_, hashing);
    if (!gathered) { return false; }
    must(gathered->soa && !gathered->proofs.empty() && gathered->proofs.size() <= DenialCache::kMaxProofs, "gathered");
    for (const RRsetPtr& proof : gathered->proofs) { check_live(proof, gathered->ttl); }
    const auto answer = synthesise({Name(name), type}, {gathered->zone, gathered->soa, gathered->proofs, gathered->ttl},
                                   kMaxIterations, *this, budget);
    must(budget.hash_iterations() <= kSynthesisIterations, "hashes");
    if (!answer) { return false; }
    check(*answer, name, type);
    return true;
  }

  static void tell(NameView name, Type type, const Signed& zone) {
    std::fprintf(stderr, "%s %s\n%s", name.text().c_str(), type_text(type).c_str(), zone.text().c_str());
  }

  void check_live(const RRsetPtr& set, std::uint32_t ttl) const {
    const auto known = expires_.find(set.get());
    must(known != expires_.end(), "a proof is used that no zone gave");
    must(ttl > 0 && known->second - now_ >= ttl, "a proof is used beyond its time");
  }

  void check(const Answer& answer, NameView name, Type type) const {
    const Signed& zone = zone_of(name, type);
    const model::Truth truth = zone.zone.truth(name, type);
    using Kind = model::Truth::Kind;
    const Kind told = answer.rcode == Rcode::name_error ? Kind::name_error
                      : answer.answer.empty()           ? Kind::no_data
                                                        : Kind::wildcard_data;
    if (told != truth.kind) { tell(name, type, zone); }
    must(type != Type::ANY && type != Type::RRSIG, "a type that is never told");
    must(answer.verdict.is_secure() && answer.from_cache, "secure, from the cache");
    must(told == truth.kind, "what is told is not what the zone would say");
    must(answer.rcode == Rcode::no_error || answer.answer.empty(), "rcode");
    if (answer.answer.empty()) {
      must(answer.authority.size() >= 2 && answer.authority.front().rrset == zone.soa, "the zone's SOA comes first");
    } else {
      must(answer.answer.size() == 1, "one set");
      const RRset& set = *answer.answer.front().rrset;
      must(set.owner() == name && set.type() == type, "the name that was asked for");
      const RRsetPtr genuine = zone.zone.data(truth.source, type);
      must(genuine && set.same_data(*genuine->with_owner(name)), "the wildcard's data");
    }
    for (const AnswerPart& part : answer.authority) { check_live(part.rrset, part.ttl); }
    check_proofs(answer, name, type, zone);
  }

  // Whoever validates the answer has these proofs and no others.
  static void check_proofs(const Answer& answer, NameView name, Type type, const Signed& zone) {
    Budget budget{Instant{}};
    Denial denial(zone.zone.apex(), kMaxIterations);
    for (const AnswerPart& part : answer.authority) { denial.add(*part.rrset); }
    Proof proof = Proof::missing;
    if (answer.rcode == Rcode::name_error) {
      proof = denial.name_error(name, budget);
    } else if (answer.answer.empty()) {
      proof = denial.no_data(name, type, budget);
    } else {
      const auto rrsig = rrsig_view(*answer.answer.front().rrset->signatures().begin());
      must(rrsig.has_value() && rrsig->labels < name.labels(), "signed as a wildcard");
      proof = denial.wildcard_answer(name, rrsig->labels, budget);
    }
    if (proof != Proof::proven) { tell(name, type, zone); }
    must(proof == Proof::proven, "the answer does not carry its proofs");
  }

  const std::size_t capacity_;
  DenialCache cache_;
  const std::uint64_t empty_octets_;
  std::vector<Signed> zones_;
  std::map<const RRset*, TtlTime> expires_;
  std::map<std::pair<Name, Type>, Kept, ByNameAndType> wildcards_;
  TtlTime now_ = 1'000'000;
  bool knows_all_ = false;
};

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  const std::size_t capacity = input.octet() & 1 ? DenialCache::kMinCapacity : std::size_t{2} << 20;
  World world(input, capacity);
  for (std::size_t step = 0; step < kMaxSteps && !input.is_empty(); ++step) { world.step(input); }
  world.check_octets();
  FuzzInput again({data, size});
  if (capacity != DenialCache::kMinCapacity) { world.check_completeness(again); }
  return 0;
}
