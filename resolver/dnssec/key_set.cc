#include "resolver/dnssec/key_set.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr std::size_t kDnskeyFixed = 4;      // flags, protocol, algorithm
constexpr std::size_t kDsFixed = 4;          // key tag, algorithm, digest type
constexpr std::uint8_t kDnssecProtocol = 3;  // RFC 4034 section 2.1.2
constexpr std::uint8_t kRsaMd5 = 1;

bool may_check_data(const DnskeyView& key, Sha1Policy sha1) noexcept {
  return key.has_zone_bit() && key.protocol == kDnssecProtocol && !key.is_revoked() &&
         is_supported_algorithm(key.algorithm, sha1);
}

}  // namespace

std::optional<DnskeyView> dnskey_view(Bytes rdata) noexcept {
  if (rdata.size() < kDnskeyFixed) { return std::nullopt; }
  return DnskeyView{
      .flags = load16(rdata.data()), .protocol = rdata[2], .algorithm = rdata[3], .key = rdata.subspan(kDnskeyFixed)};
}

std::uint16_t key_tag(Bytes dnskey_rdata) noexcept {
  if (dnskey_rdata.size() < kDnskeyFixed) { return 0; }
  if (dnskey_rdata[3] == kRsaMd5) {  // appendix B.1: the low end of the modulus, which is the end of the RDATA
    return dnskey_rdata.size() < kDnskeyFixed + 3 ? std::uint16_t{0}
                                                  : load16(dnskey_rdata.data() + dnskey_rdata.size() - 3);
  }
  std::uint64_t sum = 0;
  std::size_t at = 0;
  for (; at + 1 < dnskey_rdata.size(); at += 2) { sum += load16(dnskey_rdata.data() + at); }
  if (at < dnskey_rdata.size()) { sum += std::uint64_t{dnskey_rdata[at]} << 8; }
  return u16((sum + (sum >> 16 & 0xffff)) & 0xffff);
}

std::optional<DsView> ds_view(Bytes rdata) noexcept {
  if (rdata.size() < kDsFixed) { return std::nullopt; }
  return DsView{
      .tag = load16(rdata.data()), .algorithm = rdata[2], .digest_type = rdata[3], .digest = rdata.subspan(kDsFixed)};
}

bool matches(const DsView& ds, NameView owner, Bytes dnskey_rdata) {
  Name canonical(owner);
  canonical.lower_case();
  const auto digest = digest_of(ds.digest_type, canonical.view().octets(), dnskey_rdata);
  return digest && std::ranges::equal(digest->view(), ds.digest);
}

ZoneKey::ZoneKey(const DnskeyView& view, std::uint16_t tag, std::uint16_t index)
    : tag_(tag), index_(index), algorithm_(view.algorithm), octets_(view.key.begin(), view.key.end()) {}

const PublicKey* ZoneKey::public_key() const {
  std::call_once(parsed_, [this] { key_ = PublicKey::make(algorithm_, octets_); });
  return key_ ? &*key_ : nullptr;
}

KeySetPtr KeySet::make(const RRset& dnskeys, const std::span<const std::size_t>* chosen, Sha1Policy sha1) {
  auto set = std::make_shared<KeySet>();
  set->zone_ = Name(dnskeys.owner());
  set->sha1_ = sha1;
  std::uint16_t index = 0;
  for (const Bytes rdata : dnskeys.rdata()) {
    const auto view = dnskey_view(rdata);
    const bool is_chosen = chosen == nullptr || std::ranges::find(*chosen, std::size_t{index}) != chosen->end();
    if (view && is_chosen && may_check_data(*view, sha1)) {
      set->keys_.push_back(std::make_unique<ZoneKey>(*view, key_tag(rdata), index));
      if (set->keys_.size() == kMaxKeys) { break; }
    }
    ++index;
  }
  return set;
}

KeySetPtr KeySet::make(const RRset& dnskeys, Sha1Policy sha1) { return make(dnskeys, nullptr, sha1); }

KeySetPtr KeySet::make(const RRset& dnskeys, std::span<const std::size_t> chosen, Sha1Policy sha1) {
  return make(dnskeys, &chosen, sha1);
}

std::size_t KeySet::memory() const noexcept {
  // A parsed P-384 key, its context and our part of it; measured, by glibc's count. RSA takes 2300 with 2048 bits and
  // 3000 with 4096, Ed25519 takes 1100.
  constexpr std::size_t kParsed = 3000;
  std::size_t octets = sizeof(KeySet) + keys_.capacity() * sizeof(keys_[0]);
  for (const auto& key : keys_) { octets += sizeof(ZoneKey) + key->octets_.capacity() + kParsed; }
  return octets;
}

}  // namespace vouch
