#include "resolver/dnssec/nsec3.h"

#include <algorithm>

#include "resolver/dnssec/type_bitmap.h"
#include "resolver/dnssec/wildcard.h"
#include "resolver/wire/rdata_layout.h"

namespace vouch {
namespace {

constexpr std::uint8_t kSha1 = 1;           // the one hash algorithm (RFC 5155 section 11)
constexpr std::uint8_t kFlags = 0x01;       // opt-out is the one; NSEC3 with others are ignored (section 8.2)
constexpr std::size_t kParameters = 4;      // octets of Nsec3Parameters; the salt follows
constexpr std::size_t kStepsFromBelow = 2;  // before the search for an encloser goes on from both ends
constexpr std::size_t kHashLabel = 32;      // 20 octets in base32hex without padding (section 1.3)

// A hash as the first label of an owner name. RFC 4648 section 7, either case.
std::optional<Nsec3Hash> parse_hash_label(Bytes label) noexcept {
  if (label.size() != kHashLabel) { return std::nullopt; }
  Nsec3Hash hash{};
  std::uint32_t bits = 0;
  std::size_t pending = 0, at = 0;
  for (const Octet octet : label) {
    std::uint32_t digit = 0;
    if (octet >= '0' && octet <= '9') {
      digit = octet - std::uint32_t{'0'};
    } else if ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'v') {
      digit = (octet | 0x20U) - std::uint32_t{'a'} + 10;
    } else {
      return std::nullopt;
    }
    bits = (bits << 5 | digit) & 0xfff;
    pending += 5;
    if (pending >= 8) {
      pending -= 8;
      hash[at++] = u8(bits >> pending & 0xff);
    }
  }
  return hash;
}

// The span after the zone's last hash goes on from its first.
bool lies_between(const Nsec3Hash& owner, const Nsec3Hash& next, const Nsec3Hash& hash) noexcept {
  return owner < next ? owner < hash && hash < next : hash > owner || hash < next;
}

}  // namespace

std::optional<Nsec3Parameters> nsec3_parameters(Bytes rdata) noexcept {
  ByteReader reader(rdata);
  Nsec3Parameters parameters{};
  parameters.algorithm = reader.read8();
  parameters.flags = reader.read8();
  parameters.iterations = reader.read16();
  return reader.failed() ? std::nullopt : std::optional(parameters);
}

std::optional<Nsec3Proofs::Nsec3> Nsec3Proofs::parse(const RRset& proof, NameView apex) {
  const NameView owner = proof.owner();
  // Directly below the apex, or another zone's record would pass for ours (CVE-2026-10723).
  if (proof.count() != 1 || owner.labels() != apex.labels() + 1 || !owner.is_below(apex)) { return std::nullopt; }
  const auto owner_hash = parse_hash_label(owner.first_label());
  if (!owner_hash) { return std::nullopt; }

  const auto parameters = nsec3_parameters(proof.first_rdata());
  if (!parameters || parameters->algorithm != kSha1 || (parameters->flags & ~kFlags) != 0) { return std::nullopt; }
  ByteReader rdata(proof.first_rdata().subspan(kParameters));
  Nsec3 nsec3{};
  nsec3.owner = *owner_hash;
  nsec3.iterations = parameters->iterations;
  nsec3.salt = rdata.read(rdata.read8());
  const Bytes next = rdata.read(rdata.read8());
  nsec3.bitmap = rdata.rest();
  if (rdata.failed() || next.size() != kNsec3HashSize || !is_valid_bitmap(nsec3.bitmap)) { return std::nullopt; }
  nsec3.opt_out = parameters->opts_out();
  std::ranges::copy(next, nsec3.next.begin());
  return nsec3;
}

void Nsec3Proofs::add(const RRset& proof) {
  const auto nsec3 = parse(proof, apex_);
  if (!nsec3) { return; }
  if (nsec3->iterations > max_iterations_) {
    too_costly_ = true;
    return;
  }
  // RFC 5155 section 8.2: one proof is made of one chain. A reply that shows two is at odds with itself.
  if (!nsec3s_.empty()) {
    const Nsec3& first = nsec3s_.front();
    if (nsec3->iterations != first.iterations || !std::ranges::equal(nsec3->salt, first.salt)) { return; }
  }
  nsec3s_.push_back(*nsec3);
}

std::expected<Nsec3Hash, Nsec3Proofs::NoHash> Nsec3Proofs::hash_of(NameView name, Budget& budget) const {
  const auto known = std::ranges::find_if(hashes_, [name](const HashedName& hashed) { return hashed.name == name; });
  if (known != hashes_.end()) { return known->hash; }
  const Nsec3& parameters = nsec3s_.front();
  if (!budget.take_hash_iterations(parameters.iterations + std::uint32_t{1})) {
    return std::unexpected(Proof::work_limit);
  }
  Name canonical(name);
  canonical.lower_case();
  const auto hash = nsec3_hash(canonical.view().octets(), parameters.salt, parameters.iterations);
  if (!hash) { return std::unexpected(Proof::not_proving); }
  hashes_.push_back({canonical, *hash});
  return *hash;
}

std::expected<const Nsec3Proofs::Nsec3*, Nsec3Proofs::NoHash> Nsec3Proofs::matching(NameView name,
                                                                                    Budget& budget) const {
  const auto hash = hash_of(name, budget);
  if (!hash) { return std::unexpected(hash.error()); }
  const auto found = std::ranges::find_if(nsec3s_, [&hash](const Nsec3& nsec3) { return nsec3.owner == *hash; });
  return found == nsec3s_.end() ? nullptr : &*found;
}

std::expected<const Nsec3Proofs::Nsec3*, Nsec3Proofs::NoHash> Nsec3Proofs::covering(NameView name,
                                                                                    Budget& budget) const {
  const auto hash = hash_of(name, budget);
  if (!hash) { return std::unexpected(hash.error()); }
  const Nsec3* found = nullptr;
  for (const Nsec3& nsec3 : nsec3s_) {
    if (nsec3.owner == *hash) { return nullptr; }
    if (!lies_between(nsec3.owner, nsec3.next, *hash)) { continue; }
    // Where two overlap (the zone has just been signed anew), the one that promises less is believed.
    if (found == nullptr || nsec3.opt_out) { found = &nsec3; }
  }
  return found;
}

// Whether the ancestor with so many labels is the encloser: it has an NSEC3, and the name just below it is covered.
std::expected<std::optional<Nsec3Proofs::Encloser>, Nsec3Proofs::NoHash> Nsec3Proofs::encloser_at(
    NameView name, std::size_t labels, Budget& budget) const {
  const auto match = matching(name.suffix(u8(labels)), budget);
  if (!match) { return std::unexpected(match.error()); }
  if (*match == nullptr) { return std::nullopt; }
  const auto cover = covering(name.suffix(u8(labels + 1)), budget);
  if (!cover) { return std::unexpected(cover.error()); }
  if (*cover == nullptr) { return std::nullopt; }
  return Encloser{*match, u8(labels), *cover};
}

// The deepest name that has an NSEC3, and what covers the name just below it. What is asked for mostly exists but for a
// label or two, so it is looked for from the name upwards; from the third step on also from the apex downwards, by
// turns: a stranger who asks for a hundred labels below an apex is to cost a handful of hashes (CVE-2023-50868).
std::expected<Nsec3Proofs::Encloser, Nsec3Proofs::NoHash> Nsec3Proofs::closest_encloser(NameView name,
                                                                                        Budget& budget) const {
  std::size_t labels = name.labels();
  std::size_t from_above = apex_.labels();
  for (;; --labels) {
    const auto match = matching(name.suffix(u8(labels)), budget);
    if (!match) { return std::unexpected(match.error()); }
    if (*match != nullptr) {
      Encloser encloser{*match, u8(labels), nullptr};
      if (labels < name.labels()) {
        const auto cover = covering(name.suffix(u8(labels + 1)), budget);
        if (!cover) { return std::unexpected(cover.error()); }
        encloser.next_closer = *cover;
      }
      return encloser;
    }
    if (labels == apex_.labels()) { return Encloser{}; }
    if (name.labels() - labels < kStepsFromBelow || from_above >= labels) { continue; }
    const auto found = encloser_at(name, from_above++, budget);
    if (!found) { return std::unexpected(found.error()); }
    if (*found) { return **found; }
  }
}

// RFC 5155 section 8.3: an encloser of other names, with everything between it and the name denied.
bool Nsec3Proofs::is_proven(const Encloser& encloser) noexcept {
  return encloser.next_closer != nullptr && !ends_zone_below(encloser.match->bitmap) &&
         !is_nonexistent_name(encloser.match->bitmap);
}

// RFC 5155 section 8.4.
Proof Nsec3Proofs::name_error(NameView name, Budget& budget) const {
  const auto encloser = closest_encloser(name, budget);
  if (!encloser) { return encloser.error(); }
  if (encloser->match != nullptr && encloser->labels == name.labels()) {
    return is_nonexistent_name(encloser->match->bitmap) ? Proof::proven : Proof::not_proving;
  }
  if (!is_proven(*encloser)) { return Proof::not_proving; }
  const auto wildcard = covering(wildcard_at(name.suffix(encloser->labels)), budget);
  if (!wildcard) { return wildcard.error(); }
  if (*wildcard == nullptr) { return Proof::not_proving; }
  return encloser->next_closer->opt_out ? Proof::proven_by_opt_out : Proof::proven;
}

// RFC 5155 sections 8.5 (the name itself), 8.6 (a DS in an opt-out span) and 8.7 (a wildcard without the type).
Proof Nsec3Proofs::no_data(NameView name, Type type, Budget& budget) const {
  const auto encloser = closest_encloser(name, budget);
  if (!encloser) { return encloser.error(); }
  if (encloser->match != nullptr && encloser->labels == name.labels()) {
    return denies(encloser->match->bitmap, type, name.is_root()) ? Proof::proven : Proof::not_proving;
  }
  if (!is_proven(*encloser)) { return Proof::not_proving; }
  // Not for DS alone: an empty non-terminal that is there for unsigned delegations only has no NSEC3 either (RFC 5155
  // erratum 3441).
  if (encloser->next_closer->opt_out) { return Proof::proven_by_opt_out; }
  const auto wildcard = matching(wildcard_at(name.suffix(encloser->labels)), budget);
  if (!wildcard) { return wildcard.error(); }
  return *wildcard != nullptr && denies((*wildcard)->bitmap, type, false) ? Proof::proven : Proof::not_proving;
}

// RFC 5155 section 8.8: that the encloser exists is shown by the wildcard's own signature.
Proof Nsec3Proofs::wildcard_answer(NameView name, std::uint8_t labels, Budget& budget) const {
  if (labels < apex_.labels() || labels >= name.labels()) { return Proof::not_proving; }
  const auto next_closer = covering(name.suffix(u8(labels + std::size_t{1})), budget);
  if (!next_closer) { return next_closer.error(); }
  if (*next_closer == nullptr) { return Proof::not_proving; }
  return (*next_closer)->opt_out ? Proof::proven_by_opt_out : Proof::proven;
}

// RFC 5155 section 8.9, RFC 6840 section 4.4.
DsAbsence Nsec3Proofs::ds_absence(NameView name, Budget& budget) const {
  const auto encloser = closest_encloser(name, budget);
  if (!encloser) { return encloser.error() == Proof::work_limit ? DsAbsence::work_limit : DsAbsence::not_proving; }
  if (encloser->match != nullptr && encloser->labels == name.labels()) {
    return ds_absence_by(encloser->match->bitmap);
  }
  if (!is_proven(*encloser)) { return DsAbsence::not_proving; }
  return encloser->next_closer->opt_out ? DsAbsence::opt_out : DsAbsence::no_name;
}

std::optional<std::uint8_t> Nsec3Proofs::closest_encloser_labels(NameView name, Budget& budget) const {
  const auto encloser = closest_encloser(name, budget);
  if (!encloser || encloser->match == nullptr) { return std::nullopt; }
  if (encloser->labels == name.labels()) {
    if (is_nonexistent_name(encloser->match->bitmap)) { return std::nullopt; }
    return encloser->labels;
  }
  if (!is_proven(*encloser) || encloser->next_closer->opt_out) { return std::nullopt; }
  return encloser->labels;
}

}  // namespace vouch
