#include "tests/dnssec_kit/secret_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/dnssec_kit/rsa_keys.h"

namespace vouch::dnssec_kit {

namespace {

template <auto free_function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Number = std::unique_ptr<BIGNUM, FreeWith<BN_free>>;
using Group = std::unique_ptr<EC_GROUP, FreeWith<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, FreeWith<EC_POINT_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, FreeWith<OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<ECDSA_SIG_free>>;
using KeyPointer = std::shared_ptr<EVP_PKEY>;

void need(bool holds, const char* what) {
  if (holds) { return; }
  std::fprintf(stderr, "dnssec_kit: %s\n", what);
  ERR_print_errors_fp(stderr);
  std::abort();
}

KeyPointer owned(EVP_PKEY* key) {
  need(key != nullptr, "no key");
  return {key, EVP_PKEY_free};
}

struct Pair {
  KeyPointer key;
  Buffer field;
};

bool is_rsa(std::uint8_t algorithm) { return algorithm == 5 || algorithm == 7 || algorithm == 8 || algorithm == 10; }

const EVP_MD* digest_for(std::uint8_t algorithm) {
  switch (algorithm) {
    case 5:
    case 7:
      return EVP_sha1();
    case 8:
    case 13:
      return EVP_sha256();
    case 14:
      return EVP_sha384();
    case 10:
      return EVP_sha512();
    default:
      return nullptr;  // Ed25519 and Ed448 hash by themselves
  }
}

// SHA-512 of the seed, over and over: as many octets as a private key takes.
Buffer octets_from(const KeyRequest& request, std::size_t count) {
  std::string text = "key " + std::to_string(request.algorithm) + " " + std::string(request.seed);
  Buffer out;
  while (out.size() < count) {
    Buffer digest(64);
    need(EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha512(), nullptr) == 1, "SHA-512");
    out.insert(out.end(), digest.begin(), digest.end());
    text += '.';
  }
  out.resize(count);
  return out;
}

KeyPointer key_from(const char* kind, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* made = nullptr;
  need(parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
           EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEYPAIR, parameters.get()) == 1,
       "cannot build a key");
  return owned(made);
}

Number field_of(std::string_view file, std::string_view label) {
  const std::size_t at = file.find("\n" + std::string(label) + ": ");
  need(at != std::string_view::npos, "a field of an RSA key is missing");
  std::string_view text = file.substr(at + label.size() + 3);
  text = text.substr(0, text.find('\n'));
  Buffer octets(text.size());
  int size = EVP_DecodeBlock(octets.data(), reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()));
  need(size > 0, "a field of an RSA key is no base64");
  while (text.ends_with('=')) {  // EVP_DecodeBlock counts the padding as zeros
    text.remove_suffix(1);
    --size;
  }
  return Number(BN_bin2bn(octets.data(), size, nullptr));
}

KeyPointer published_rsa_key(const KeyRequest& request) {
  const Buffer choice = octets_from({.algorithm = 8, .seed = request.seed}, 1);
  const bool is_ksk = request.seed == "ksk", is_zsk = request.seed == "zsk";  // these two must differ
  const std::string_view file = kRsaKeys[is_ksk ? 0 : is_zsk ? 1 : choice[0] % kRsaKeys.size()];
  static constexpr std::pair<const char*, const char*> kFields[] = {
      {"Modulus", OSSL_PKEY_PARAM_RSA_N},           {"PublicExponent", OSSL_PKEY_PARAM_RSA_E},
      {"PrivateExponent", OSSL_PKEY_PARAM_RSA_D},   {"Prime1", OSSL_PKEY_PARAM_RSA_FACTOR1},
      {"Prime2", OSSL_PKEY_PARAM_RSA_FACTOR2},      {"Exponent1", OSSL_PKEY_PARAM_RSA_EXPONENT1},
      {"Exponent2", OSSL_PKEY_PARAM_RSA_EXPONENT2}, {"Coefficient", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
  };
  const Builder builder(OSSL_PARAM_BLD_new());
  std::vector<Number> numbers;
  for (const auto& [label, parameter] : kFields) {
    numbers.push_back(field_of(file, label));
    need(OSSL_PARAM_BLD_push_BN(builder.get(), parameter, numbers.back().get()) == 1, "cannot pass a number on");
  }
  return key_from("RSA", builder.get());
}

KeyPointer new_rsa_key(const KeyRequest& request) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  const Number exponent(BN_new());
  EVP_PKEY* made = nullptr;
  need(BN_set_word(exponent.get(), request.rsa_exponent) == 1 && EVP_PKEY_keygen_init(context.get()) == 1 &&
           EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(request.rsa_bits)) == 1 &&
           EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), exponent.get()) == 1 &&
           EVP_PKEY_generate(context.get(), &made) == 1,
       "cannot make an RSA key");
  return owned(made);
}

void append_number(Buffer& to, const BIGNUM* number) {
  Buffer octets(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, octets.data());
  to.insert(to.end(), octets.begin(), octets.end());
}

Pair rsa_pair(const KeyRequest& request) {
  const bool is_published = request.rsa_bits == 2048 && request.rsa_exponent == 65537;
  const KeyPointer key = is_published ? published_rsa_key(request) : new_rsa_key(request);
  BIGNUM* modulus = nullptr;
  BIGNUM* exponent = nullptr;
  need(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
           EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_E, &exponent) == 1,
       "no public half");
  const Number n(modulus), e(exponent);
  Buffer field = {u8(static_cast<std::size_t>(BN_num_bytes(exponent)))};  // RFC 3110 section 2
  append_number(field, exponent);
  append_number(field, modulus);
  return {key, field};
}

Pair ecdsa_pair(const KeyRequest& request) {
  const bool is_small = request.algorithm == 13;
  Buffer secret = octets_from(request, is_small ? 32 : 48);
  secret[0] &= 0x7f;  // below the group's order, which begins with 32 one bits
  const Number scalar(BN_bin2bn(secret.data(), static_cast<int>(secret.size()), nullptr));
  const Group group(EC_GROUP_new_by_curve_name(is_small ? NID_X9_62_prime256v1 : NID_secp384r1));
  const Point point(EC_POINT_new(group.get()));
  Buffer octets(1 + 2 * secret.size());
  need(EC_POINT_mul(group.get(), point.get(), scalar.get(), nullptr, nullptr, nullptr) == 1 &&
           EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets.data(), octets.size(),
                              nullptr) == octets.size(),
       "cannot derive a point");
  const Builder builder(OSSL_PARAM_BLD_new());
  need(OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, is_small ? "P-256" : "P-384", 0) ==
               1 &&
           OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, scalar.get()) == 1 &&
           OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, octets.data(), octets.size()) == 1,
       "cannot describe a key");
  return {key_from("EC", builder.get()), Buffer(octets.begin() + 1, octets.end())};  // RFC 6605 section 4: x | y
}

Pair edwards_pair(const KeyRequest& request) {
  const bool is_small = request.algorithm == 15;
  const Buffer secret = octets_from(request, is_small ? 32 : 57);
  const KeyPointer key = owned(EVP_PKEY_new_raw_private_key(is_small ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, nullptr,
                                                            secret.data(), secret.size()));
  Buffer field(secret.size());
  std::size_t size = field.size();
  need(EVP_PKEY_get_raw_public_key(key.get(), field.data(), &size) == 1, "no public half");
  return {key, field};
}

// RFC 6605 section 4: r | s, each as wide as the curve.
Buffer without_der(const Buffer& der, std::size_t width) {
  const unsigned char* at = der.data();
  const EcdsaSignature parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  Buffer plain(2 * width);
  need(parsed && BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), plain.data(), static_cast<int>(width)) >= 0 &&
           BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), plain.data() + width, static_cast<int>(width)) >= 0,
       "cannot read a signature");
  return plain;
}

}  // namespace

SecretKey SecretKey::make(const KeyRequest& request) {
  const bool is_ecdsa = request.algorithm == 13 || request.algorithm == 14;
  const bool is_edwards = request.algorithm == 15 || request.algorithm == 16;
  need(is_rsa(request.algorithm) || is_ecdsa || is_edwards, "no such algorithm");
  Pair pair = is_ecdsa ? ecdsa_pair(request) : is_edwards ? edwards_pair(request) : rsa_pair(request);
  return {std::move(pair.key), std::move(pair.field)};
}

Buffer SecretKey::sign(std::uint8_t algorithm, Bytes data) const {
  const DigestContext context(EVP_MD_CTX_new());
  std::size_t size = 0;
  need(EVP_DigestSignInit(context.get(), nullptr, digest_for(algorithm), nullptr, key_.get()) == 1 &&
           EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) == 1,
       "cannot begin to sign");
  Buffer signature(size);
  need(EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) == 1, "cannot sign");
  signature.resize(size);
  if (algorithm == 13) { return without_der(signature, 32); }
  if (algorithm == 14) { return without_der(signature, 48); }
  return signature;
}

Buffer ds_digest(std::uint8_t type, Bytes data) {
  const EVP_MD* const digest = type == 1 ? EVP_sha1() : type == 2 ? EVP_sha256() : EVP_sha384();
  need(type == 1 || type == 2 || type == 4, "no such digest");
  Buffer made(static_cast<std::size_t>(EVP_MD_get_size(digest)));
  need(EVP_Digest(data.data(), data.size(), made.data(), nullptr, digest, nullptr) == 1, "cannot hash");
  return made;
}

}  // namespace vouch::dnssec_kit
