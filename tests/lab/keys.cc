#include "tests/lab/keys.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include <fmt/format.h>
#include <cstdio>
#include <memory>
#include <optional>

#include "tests/lab/rsa_test_keys.h"

namespace vouch::lab {

namespace {

constexpr std::uint32_t kDnskeyTtl = 3600;

template <auto free_function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};

using PrivateKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using NumberContext = std::unique_ptr<BN_CTX, FreeWith<BN_CTX_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;
using ParameterBuilder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using Octets = std::vector<std::uint8_t>;

struct Pair {
  PrivateKey secret;
  Octets shown;  // the public key field of the DNSKEY record
};

struct Curve {
  int nid;
  const char* name;
  std::size_t scalar_octets;
};

std::optional<Curve> curve_of(Algorithm algorithm) {
  if (algorithm == Algorithm::ecdsa_p256) { return Curve{NID_X9_62_prime256v1, "P-256", 32}; }
  if (algorithm == Algorithm::ecdsa_p384) { return Curve{NID_secp384r1, "P-384", 48}; }
  return std::nullopt;
}

PrivateKey ec_key_from(const Curve& curve, const BIGNUM* scalar, const Octets& point) {
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.name, 0);
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) <= 0) {
    return nullptr;
  }
  return PrivateKey(made);
}

Outcome<Pair> ecdsa_pair(const Curve& curve, const Octets& random) {
  const NumberContext context(BN_CTX_new());
  const Group group(EC_GROUP_new_by_curve_name(curve.nid));
  // 1 + (random mod (n - 1)) is a scalar in 1..n-1, the range of private keys.
  const Number below_order(BN_dup(EC_GROUP_get0_order(group.get())));
  const Number scalar(BN_bin2bn(random.data(), static_cast<int>(random.size()), nullptr));
  const Number reduced(BN_new());
  const Point point(EC_POINT_new(group.get()));
  if (BN_sub_word(below_order.get(), 1) != 1 ||
      BN_mod(reduced.get(), scalar.get(), below_order.get(), context.get()) != 1 ||
      BN_add_word(reduced.get(), 1) != 1 ||
      EC_POINT_mul(group.get(), point.get(), reduced.get(), nullptr, nullptr, context.get()) != 1) {
    return failure("cannot derive an ECDSA key");
  }
  Octets uncompressed(1 + 2 * curve.scalar_octets);
  EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, uncompressed.data(), uncompressed.size(),
                     context.get());
  PrivateKey secret = ec_key_from(curve, reduced.get(), uncompressed);
  if (!secret) { return failure("cannot build an ECDSA key"); }
  return Pair{std::move(secret), Octets(uncompressed.begin() + 1, uncompressed.end())};  // RFC 6605 section 4: x | y
}

Outcome<Pair> edwards_pair(Algorithm algorithm, const Seed& seed, std::string_view label) {
  const bool small = algorithm == Algorithm::ed25519;
  const Octets random = seed.octets(label, small ? 32 : 57);
  PrivateKey secret(
      EVP_PKEY_new_raw_private_key(small ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, nullptr, random.data(), random.size()));
  Octets shown(random.size());
  std::size_t length = shown.size();
  if (!secret || EVP_PKEY_get_raw_public_key(secret.get(), shown.data(), &length) != 1) {
    return failure("cannot derive an EdDSA key");
  }
  return Pair{std::move(secret), std::move(shown)};
}

std::string base64(const Octets& octets) {
  std::string text(4 * ((octets.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), octets.data(), static_cast<int>(octets.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Outcome<Rr> dnskey_record(const KeyRequest& request, const Octets& shown) {
  return record_from_text(fmt::format("{} {} IN DNSKEY {} {} {} {}", request.owner, kDnskeyTtl, request.flags,
                                      request.protocol, static_cast<int>(request.algorithm), base64(shown)),
                          request.owner, kDnskeyTtl);
}

Outcome<LdnsKey> rsa_key(const Seed& seed, const KeyRequest& request) {
  const Octets choice = seed.octets(fmt::format("rsa {}", request.owner), 1);
  // Keys of one zone must differ, so the purpose moves on from where the owner's choice began.
  const std::size_t step = request.purpose == "ksk" ? 0 : request.purpose == "zsk" ? 1 : 2;
  std::string_view file = kRsaTestKeys[(choice[0] + step) % kRsaTestKeys.size()];
  if (file.starts_with(';')) { file.remove_prefix(file.find('\n') + 1); }  // the label that says it is a test key
  std::string text(file);
  FILE* stream = fmemopen(text.data(), text.size(), "r");
  if (stream == nullptr) { return failure("cannot read an RSA test key"); }
  ldns_key* read = nullptr;
  const ldns_status status = ldns_key_new_frm_fp(&read, stream);
  std::fclose(stream);
  if (status != LDNS_STATUS_OK) {
    return failure(fmt::format("cannot read an RSA test key: {}", ldns_get_errorstr_by_id(status)));
  }
  ldns_key_set_algorithm(read, static_cast<ldns_signing_algorithm>(request.algorithm));
  return LdnsKey(read);
}

Octets rsa_shown(ldns_key* key) {
  const Rr record(ldns_key2rr(key));
  const ldns_rdf* field = ldns_rr_rdf(record.get(), 3);
  return Octets(ldns_rdf_data(field), ldns_rdf_data(field) + ldns_rdf_size(field));
}

}  // namespace

Outcome<Rr> record_from_text(const std::string& text, std::string_view origin, std::uint32_t default_ttl) {
  const Rdf origin_name(ldns_dname_new_frm_str(std::string(origin).c_str()));
  ldns_rr* rr = nullptr;
  const ldns_status status = ldns_rr_new_frm_str(&rr, text.c_str(), default_ttl, origin_name.get(), nullptr);
  if (status != LDNS_STATUS_OK) {
    return failure(fmt::format("record \"{}\": {}", text, ldns_get_errorstr_by_id(status)));
  }
  return Rr(rr);
}

Outcome<Key> make_key(const Seed& seed, const KeyRequest& request) {
  LdnsKey secret;
  Octets shown;
  if (is_rsa(request.algorithm)) {
    Outcome<LdnsKey> read = rsa_key(seed, request);
    if (!read) { return failure(read.error()); }
    secret = std::move(*read);
    shown = rsa_shown(secret.get());
  } else {
    const std::string label =
        fmt::format("key {} {} {}", request.owner, request.purpose, static_cast<int>(request.algorithm));
    const std::optional<Curve> curve = curve_of(request.algorithm);
    // 16 octets more than the scalar has, so that the reduction leaves no bias worth the name.
    Outcome<Pair> pair = curve ? ecdsa_pair(*curve, seed.octets(label, curve->scalar_octets + 16))
                               : edwards_pair(request.algorithm, seed, label);
    if (!pair) { return failure(pair.error()); }
    secret.reset(ldns_key_new());
    ldns_key_set_algorithm(secret.get(), static_cast<ldns_signing_algorithm>(request.algorithm));
    ldns_key_set_evp_key(secret.get(), pair->secret.release());
    shown = std::move(pair->shown);
  }
  Outcome<Rr> record = dnskey_record(request, shown);
  if (!record) { return failure(record.error()); }
  ldns_key_set_flags(secret.get(), request.flags);
  ldns_key_set_pubkey_owner(secret.get(), ldns_dname_new_frm_str(request.owner.c_str()));
  ldns_key_set_keytag(secret.get(), ldns_calc_keytag(record->get()));
  return Key{std::move(secret), std::move(*record)};
}

namespace {

constexpr std::size_t kModulus = 256;  // octets
constexpr int kMostPoints = 100;       // one in four has flags that fit

// RFC 4034 appendix B, over flags, protocol, algorithm and the key itself. The key begins at the even offset 4 of the
// RDATA, so its even offsets are the high octets of the words that are added up.
std::uint32_t tag_sum(std::uint16_t flags, Algorithm algorithm, const Octets& shown) {
  std::uint32_t sum = flags + (std::uint32_t{kDnssecProtocol} << 8) + static_cast<std::uint32_t>(algorithm);
  for (std::size_t i = 0; i < shown.size(); ++i) { sum += (i % 2 == 0) ? std::uint32_t{shown[i]} << 8 : shown[i]; }
  return sum;
}

std::uint16_t tag_from(std::uint32_t sum) { return static_cast<std::uint16_t>(sum + (sum >> 16)); }

Outcome<Rr> colliding_rsa_dnskey(const Seed& seed, const CollidingKey& request) {
  Octets shown = {3, 1, 0, 1};  // RFC 3110: exponent length, exponent 65537
  const std::string label = fmt::format("collide {} {}", request.owner, request.number);
  if (request.long_exponent) {
    shown = {0, kModulus >> 8, kModulus & 0xff};
    const Octets exponent = seed.octets(label + " exponent", kModulus);
    shown.insert(shown.end(), exponent.begin(), exponent.end());
    shown[3] &= 0x7fU;      // smaller than the modulus,
    shown.back() |= 0x01U;  // and odd, as every RSA exponent is
  }
  const std::size_t first = shown.size();
  const Octets random = seed.octets(label, kModulus);
  shown.insert(shown.end(), random.begin(), random.end());
  shown[first] |= 0x80U;  // 2048 bits long
  shown.back() |= 0x01U;  // odd, as every RSA modulus is
  const std::size_t free_word = (first + 97) & ~std::size_t{1};
  shown[free_word] = shown[free_word + 1] = 0;
  const std::uint32_t sum = tag_sum(kZoneKeyFlag, request.algorithm, shown);
  for (std::uint32_t word = 0; word <= 0xffff; ++word) {
    if (tag_from(sum + word) != request.tag) { continue; }
    shown[free_word] = static_cast<std::uint8_t>(word >> 8);
    shown[free_word + 1] = static_cast<std::uint8_t>(word & 0xff);
    return dnskey_record({.owner = request.owner, .purpose = "", .algorithm = request.algorithm}, shown);
  }
  return failure("no colliding key found");  // cannot happen: one word reaches every tag but for rounding of the carry
}

// The flags with which a key gets the tag: a zone's key, not revoked, no SEP. Nothing when there are none.
std::optional<std::uint16_t> flags_for(std::uint16_t tag, Algorithm algorithm, const Octets& shown) {
  const std::uint32_t rest = tag_sum(0, algorithm, shown);
  for (std::uint32_t carry = 0; carry <= 2; ++carry) {
    const auto flags = static_cast<std::uint16_t>(tag - rest - (rest >> 16) - carry);
    const bool is_plain = (flags & (kZoneKeyFlag | kRevokeFlag | kSepFlag)) == kZoneKeyFlag;
    if (is_plain && tag_from(rest + flags) == tag) { return flags; }
  }
  return std::nullopt;
}

Outcome<Rr> colliding_ecdsa_dnskey(const Seed& seed, const CollidingKey& request, const Curve& curve) {
  for (int attempt = 0; attempt < kMostPoints; ++attempt) {
    const std::string label = fmt::format("collide {} {} {}", request.owner, request.number, attempt);
    const Outcome<Pair> pair = ecdsa_pair(curve, seed.octets(label, curve.scalar_octets + 16));
    if (!pair) { return failure(pair.error()); }
    const std::optional<std::uint16_t> flags = flags_for(request.tag, request.algorithm, pair->shown);
    if (!flags) { continue; }
    return dnskey_record({.owner = request.owner, .purpose = "", .algorithm = request.algorithm, .flags = *flags},
                         pair->shown);
  }
  return failure("no colliding key found");  // would need a hundred misses in a row at three in four each
}

}  // namespace

Outcome<Rr> colliding_dnskey(const Seed& seed, const CollidingKey& request) {
  const std::optional<Curve> curve = curve_of(request.algorithm);
  return curve ? colliding_ecdsa_dnskey(seed, request, *curve) : colliding_rsa_dnskey(seed, request);
}

}  // namespace vouch::lab
