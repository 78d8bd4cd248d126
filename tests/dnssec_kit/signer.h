// A zone's signer for tests: makes keys of every algorithm, DNSKEY, DS and RRSIG RDATA, and signs any RRset with any
// window, labels, signer or lie. Shares no code with resolver/dnssec, so that the two cannot share a mistake. Aborts
// when OpenSSL fails: a test cannot go on.
//
//   const Name zone = Name::of("example.");
//   const SigningKey key({.algorithm = 13});
//   const RRsetPtr keys = signed_set(*dnskey_set(zone, {&key}), key, zone);
//   const RRsetPtr www = signed_set(*set_of({"www.example. 300 IN A 192.0.2.1"}), key, zone);
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/wire/rrset.h"

namespace vouch::dnssec_kit {

class SecretKey;

// Inside the default window of SignOptions: 2026-01-15T08:00:00Z.
constexpr UnixTime kNow = 1768464000;
constexpr UnixTime kDay = 86400;

struct KeyRequest {
  std::uint8_t algorithm = 13;   // 5, 7, 8, 10, 13, 14, 15 or 16
  std::uint16_t flags = 0x0100;  // 0x0101 for a key signing key
  std::uint8_t protocol = 3;
  std::string_view seed = "zsk";  // two keys of one algorithm differ by it; RSA knows four keys: pick others by bits
  unsigned rsa_bits = 2048;       // another size is a new random key each time (and takes its time above 3072)
  unsigned rsa_exponent = 65537;  // another is a new random key each time
};

// Immutable, cheap to copy. The same request gives the same key (and tag) in every run, on every machine.
class SigningKey {
 public:
  explicit SigningKey(const KeyRequest& request);

  std::uint16_t tag() const noexcept { return tag_; }
  std::uint8_t algorithm() const noexcept { return dnskey_[3]; }
  const Buffer& dnskey() const noexcept { return dnskey_; }                // RDATA
  Bytes public_key() const noexcept { return Bytes(dnskey_).subspan(4); }  // its last field
  Buffer ds(NameView owner, std::uint8_t digest_type = 2) const;           // RDATA; 1, 2 or 4
  Buffer sign(Bytes data) const;                                           // in DNSSEC's form
  SigningKey with_flags(std::uint16_t flags) const;                        // the same pair, another tag

 private:
  std::shared_ptr<const SecretKey> secret_;
  Buffer dnskey_;
  std::uint16_t tag_ = 0;
};

struct SignOptions {
  UnixTime inception = kNow - 15 * kDay;
  UnixTime expiration = kNow + 15 * kDay;
  std::optional<std::uint8_t> labels = {};         // default: the owner's, a leading "*" not counted
  std::optional<std::uint32_t> original_ttl = {};  // default: the set's
  // Lies in the signed header, with a signature that is right for it.
  std::optional<Type> covered = {};
  std::optional<std::uint8_t> algorithm = {};
  std::optional<std::uint16_t> key_tag = {};
  // Damage after signing.
  bool is_broken = false;  // one bit of the signature is wrong
};

// RRSIG RDATA over the set's records. When `labels` is fewer than the owner's, over the wildcard that they came from.
Buffer rrsig(const RRset& set, const SigningKey& key, NameView signer, const SignOptions& options = {});
// The same records with these signatures (those it had are gone).
RRsetPtr with_signatures(const RRset& set, const std::vector<Buffer>& signatures);
RRsetPtr signed_set(const RRset& set, const SigningKey& key, NameView signer, const SignOptions& options = {});

// An RRset from zone-file lines of one owner and type; RRSIG lines become its signatures. Aborts on what is no record.
RRsetPtr set_of(const std::vector<std::string_view>& lines);
RRsetPtr set_of(NameView owner, Type type, std::uint32_t ttl, const std::vector<Buffer>& rdata);
RRsetPtr dnskey_set(NameView owner, std::initializer_list<const SigningKey*> keys, std::uint32_t ttl = 3600);

// DNSKEY RDATA of an RSA key (2048 bits) that nobody has the secret of, with the tag asked for: KeyTrap's material.
// Another number, another key.
Buffer colliding_dnskey(std::uint8_t algorithm, std::uint16_t tag, unsigned number, std::uint16_t flags = 0x0100);
std::uint16_t tag_of(Bytes dnskey_rdata);  // RFC 4034 appendix B, word for word

}  // namespace vouch::dnssec_kit
