#include "resolver/cache/denial_range.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr std::size_t kHashLabel = 32;  // base32hex of 20 octets (RFC 5155 section 3)
constexpr Octet kSha1 = 1;
constexpr std::size_t kMaxBitmapOctets = 256 * 34;  // all windows full (RFC 4034 section 4.1.2)

std::optional<DenialHash> parse_hash_label(Bytes label) noexcept {
  if (label.size() != kHashLabel) { return std::nullopt; }
  DenialHash hash{};
  std::uint32_t bits = 0;
  std::uint32_t held = 0;
  std::size_t at = 0;
  for (const Octet octet : label) {
    std::uint32_t value = 0;
    if (octet >= '0' && octet <= '9') {
      value = octet - std::uint32_t{'0'};
    } else if ((octet | 0x20) >= 'a' && (octet | 0x20) <= 'v') {
      value = (octet | 0x20) - std::uint32_t{'a'} + 10;
    } else {
      return std::nullopt;
    }
    bits = (bits << 5 | value) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      hash[at++] = u8(bits >> held & 0xff);
    }
  }
  return hash;
}

// Whether the bitmap shows nothing but the types that a name made up for an answer has.
bool is_made_up(Bytes bitmap) noexcept {
  ByteReader reader(bitmap);
  while (reader.left() != 0 && !reader.failed()) {
    const std::uint32_t window = reader.read8();
    const Bytes block = reader.read(reader.read8());
    for (std::size_t i = 0; i < block.size() * 8; ++i) {
      if ((block[i / 8] & 0x80 >> i % 8) == 0) { continue; }
      const auto type = static_cast<Type>(window << 8 | i);
      if (type != Type::RRSIG && type != Type::NSEC && type != Type::NXNAME) { return false; }
    }
  }
  return true;
}

// RFC 4035 section 2.3: no name of a zone has NSEC and RRSIG alone, so such an owner was made up (RFC 4470 section 4).
// And the usual immediate successor of a name is the one with a label of one zero octet in front (RFC 4471 section 3.1,
// RFC 9824 section 3.1).
bool is_for_one_question(const NsecRange& range) noexcept {
  const Bytes first = range.next.first_label();
  return (first.size() == 1 && first[0] == 0) || is_made_up(range.bitmap);
}

// RFC 7129 appendix B: from one below the hash to one above it. A genuine gap has 2^160 hashes by the number of names
// in the zone: below 2^96 would be a zone of 2^64 names. (Next equal to owner is the full circle.)
bool is_for_one_question(const Nsec3Range& range) noexcept {
  constexpr std::size_t kHigh = 8;
  if (range.owner == range.next) { return false; }
  DenialHash gap{};
  unsigned borrow = 0;
  for (std::size_t i = gap.size(); i-- > 0;) {
    const unsigned less = range.owner[i] + borrow;
    gap[i] = u8((range.next[i] - less) & 0xff);
    borrow = range.next[i] < less ? 1 : 0;
  }
  return std::ranges::all_of(Bytes(gap).first(kHigh), [](Octet octet) { return octet == 0; });
}

// Signed by the zone and under its own name. Every signature must say so: what the validator has let through honestly
// has no other.
bool is_signed_as_it_stands(NameView zone, const RRset& proof) noexcept {
  const NameView owner = proof.owner();
  const int labels = owner.labels() - (owner.is_wildcard() ? 1 : 0);  // RFC 4034 section 3.1.3
  if (proof.signature_count() == 0) { return false; }
  return std::ranges::all_of(proof.signatures(), [&](Bytes signature) {
    const auto rrsig = rrsig_view(signature);
    return rrsig && rrsig->covered == proof.type() && rrsig->labels == labels && rrsig->signer == zone;
  });
}

}  // namespace

bool NsecRange::covers(NameView name) const noexcept {
  if (canonical_order(owner, name) >= 0) { return false; }
  return canonical_order(name, next) < 0 || canonical_order(next, owner) <= 0;
}

bool Nsec3Range::covers(const DenialHash& hash) const noexcept {
  if (owner < next) { return owner < hash && hash < next; }
  return owner < hash || hash < next;  // the last one; or the only one, whose next is its owner
}

std::optional<NsecRange> nsec_range(const RRset& proof) noexcept {
  if (proof.type() != Type::NSEC || proof.count() != 1) { return std::nullopt; }
  const Bytes rdata = proof.first_rdata();
  const auto next = NameView::parse(rdata);
  if (!next || rdata.size() - next->length() > kMaxBitmapOctets) { return std::nullopt; }
  return NsecRange{.owner = proof.owner(), .next = *next, .bitmap = rdata.subspan(next->length())};
}

std::optional<Nsec3Range> nsec3_range(const RRset& proof) noexcept {
  if (proof.type() != Type::NSEC3 || proof.count() != 1) { return std::nullopt; }
  const auto owner = parse_hash_label(proof.owner().first_label());
  ByteReader reader(proof.first_rdata());
  const bool is_sha1 = reader.read8() == kSha1;
  Nsec3Range range{};
  range.flags = reader.read8();
  range.iterations = reader.read16();
  range.salt = reader.read(reader.read8());
  const Bytes next = reader.read(reader.read8());
  if (!owner || !is_sha1 || reader.failed() || next.size() != range.next.size()) { return std::nullopt; }
  range.owner = *owner;
  std::ranges::copy(next, range.next.begin());
  return range;
}

std::optional<Name> nsec3_owner(const DenialHash& hash, NameView zone) noexcept {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  std::array<Octet, kHashLabel> label{};
  std::uint32_t bits = 0;
  std::uint32_t held = 0;
  std::size_t at = 0;
  for (const Octet octet : hash) {
    bits = (bits << 8 | octet) & 0xfff;
    for (held += 8; held >= 5; held -= 5) { label[at++] = static_cast<Octet>(kDigits[bits >> (held - 5) & 31]); }
  }
  Name name(zone);
  if (!name.prepend_label(label)) { return std::nullopt; }
  return name;
}

bool is_worth_keeping(NameView zone, const RRset& proof) noexcept {
  const NameView owner = proof.owner();
  if (!owner.is_at_or_below(zone) || !is_signed_as_it_stands(zone, proof)) { return false; }
  if (const auto nsec = nsec_range(proof)) {
    const bool runs_on = canonical_order(owner, nsec->next) < 0 || nsec->next == zone;
    return nsec->next.is_at_or_below(zone) && runs_on && !is_for_one_question(*nsec);
  }
  if (const auto nsec3 = nsec3_range(proof)) {
    return owner.labels() == zone.labels() + 1 && nsec3->flags == 0 && !is_for_one_question(*nsec3);
  }
  return false;
}

}  // namespace vouch
