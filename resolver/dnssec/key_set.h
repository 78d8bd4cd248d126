// A zone's DNSKEY RRset as keys that can check signatures, and what a DS RRset says of it (RFC 4034 sections 2 and 5,
// RFC 4035 section 5.2).
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "resolver/dnssec/algorithms.h"
#include "resolver/wire/rrset.h"

namespace vouch {

// Of a DNSKEY (RFC 4034 section 2.1.1).
constexpr std::uint16_t kZoneKeyFlag = 0x0100, kSepFlag = 0x0001;
constexpr std::uint16_t kRevokedFlag = 0x0080;  // RFC 5011 section 2.1

struct DnskeyView {
  std::uint16_t flags;
  std::uint8_t protocol, algorithm;
  Bytes key;
  bool has_zone_bit() const noexcept { return (flags & kZoneKeyFlag) != 0; }
  bool is_revoked() const noexcept { return (flags & kRevokedFlag) != 0; }
  bool is_sep() const noexcept { return (flags & kSepFlag) != 0; }
};
std::optional<DnskeyView> dnskey_view(Bytes rdata) noexcept;  // nothing when it is cut short
std::uint16_t key_tag(Bytes dnskey_rdata) noexcept;           // RFC 4034 appendix B; 0 when it is cut short

struct DsView {
  std::uint16_t tag;
  std::uint8_t algorithm, digest_type;
  Bytes digest;
};
std::optional<DsView> ds_view(Bytes rdata) noexcept;
// RFC 4034 section 5.1.4: whether the digest is that of this key at this owner. Costs a hash.
// Throws std::bad_alloc.
bool matches(const DsView& ds, NameView owner, Bytes dnskey_rdata);

// One key of a zone. Its public key is parsed on first use, once; a malformed one checks nothing.
class ZoneKey {
 public:
  // `index` of the DNSKEY in its RRset's order.
  ZoneKey(const DnskeyView& view, std::uint16_t tag, std::uint16_t index = 0);
  std::uint16_t tag() const noexcept { return tag_; }
  std::uint8_t algorithm() const noexcept { return algorithm_; }
  std::uint16_t index() const noexcept { return index_; }
  // Null: malformed or of a refused shape. Throws std::bad_alloc, and may succeed later. Thread-safe.
  const PublicKey* public_key() const;

 private:
  friend class KeySet;  // for memory()
  std::uint16_t tag_;
  std::uint16_t index_;
  std::uint8_t algorithm_;
  Buffer octets_;
  mutable std::once_flag parsed_;
  mutable std::optional<PublicKey> key_;
};

// The keys of one zone that may check its data: zone bit, protocol 3, not revoked, a supported algorithm. Immutable and
// shared between threads.
class KeySet;
using KeySetPtr = std::shared_ptr<const KeySet>;
class KeySet {
 public:
  static constexpr std::size_t kMaxKeys = 64;       // a zone in the midst of a roll has 6; the rest is an attack
  static constexpr std::size_t kMaxKeysPerTag = 2;  // tried for one signature: colliding tags are KeyTrap's lever

  // Those DNSKEYs of the set, in its order. `zone` is the set's owner.
  static KeySetPtr make(const RRset& dnskeys, Sha1Policy sha1);
  // Only those of the set whose index is listed: the ones a DS or an anchor vouches for.
  static KeySetPtr make(const RRset& dnskeys, std::span<const std::size_t> chosen, Sha1Policy sha1);

  NameView zone() const noexcept { return zone_; }
  Sha1Policy sha1() const noexcept { return sha1_; }
  bool empty() const noexcept { return keys_.empty(); }
  const std::vector<std::unique_ptr<ZoneKey>>& keys() const noexcept { return keys_; }
  std::size_t memory() const noexcept;  // octets, parsed keys included (an estimate for OpenSSL's part)

 private:
  static KeySetPtr make(const RRset& dnskeys, const std::span<const std::size_t>* chosen, Sha1Policy sha1);
  Name zone_;
  Sha1Policy sha1_ = Sha1Policy::validate;
  std::vector<std::unique_ptr<ZoneKey>> keys_;
};

}  // namespace vouch
