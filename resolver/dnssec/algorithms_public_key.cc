// Public keys and the check of a signature.
//
// OpenSSL's part of a check is dear when it is asked naively: looking an algorithm up by its name, fetching its
// methods and describing a key cost as much as a quarter of an RSA check, and take locks that all threads share. So a
// key is turned once into a context that is ready to verify, which is then copied for each check (0.3 us: a few
// reference counts) and never changed.
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <mutex>
#include <new>

#include "resolver/dnssec/algorithms.h"
#include "resolver/dnssec/algorithms_library.h"
#include "resolver/dnssec/verified_memo.h"

namespace vouch {

namespace {

enum class Family : std::uint8_t { rsa, ecdsa, edwards };

struct Scheme {
  Family family;
  const EVP_MD* digest;   // null: the scheme hashes by itself
  std::size_t key;        // octets; RSA keys have many sizes
  std::size_t signature;  // octets; an RSA signature is as long as the modulus
  const char* name;       // OpenSSL's, of the curve
};

std::optional<Scheme> scheme_of(std::uint8_t algorithm) noexcept {
  const openssl::Digests& digests = openssl::digests();
  switch (algorithm) {
    case 5:  // RFC 3110
    case 7:  // RFC 5155 section 2
      return Scheme{Family::rsa, digests.sha1, 0, 0, "RSA"};
    case 8:  // RFC 5702
      return Scheme{Family::rsa, digests.sha256, 0, 0, "RSA"};
    case 10:
      return Scheme{Family::rsa, digests.sha512, 0, 0, "RSA"};
    case 13:  // RFC 6605
      return Scheme{Family::ecdsa, digests.sha256, 64, 64, "P-256"};
    case 14:
      return Scheme{Family::ecdsa, digests.sha384, 96, 96, "P-384"};
    case 15:  // RFC 8080
      return Scheme{Family::edwards, nullptr, 32, 64, "ED25519"};
    case 16:
      return Scheme{Family::edwards, nullptr, 57, 114, "ED448"};
    default:
      return std::nullopt;
  }
}

struct RsaNumbers {
  Bytes exponent, modulus;
};

std::size_t bits_of(Bytes number) noexcept {  // without leading zeros, not empty
  return 8 * (number.size() - 1) + static_cast<std::size_t>(std::bit_width(number[0]));
}

// RFC 3110 section 2: exponent length (one octet, or zero and two octets), exponent, modulus; leading zeros are
// prohibited in both.
std::optional<RsaNumbers> rsa_numbers(std::uint8_t algorithm, Bytes key) noexcept {
  constexpr std::size_t kMinBits = 512, kMinBitsSha512 = 1024, kMaxBits = 4096;
  constexpr std::size_t kMaxExponentBits = 33;  // 2^32 + 1 has that many
  ByteReader reader(key);
  std::size_t length = reader.read8();
  if (length == 0) { length = reader.read16(); }
  const Bytes exponent = reader.read(length);
  const Bytes modulus = reader.rest();
  if (reader.failed() || exponent.empty() || modulus.empty() || exponent[0] == 0 || modulus[0] == 0) {
    return std::nullopt;
  }
  const std::size_t bits = bits_of(modulus);
  if (bits < (algorithm == 10 ? kMinBitsSha512 : kMinBits) || bits > kMaxBits) { return std::nullopt; }
  // Even numbers have no RSA in them, and to the power of 1 every message is its own signature.
  const bool is_odd = (exponent.back() & 1) != 0 && (modulus.back() & 1) != 0;
  if (!is_odd || (exponent.size() == 1 && exponent[0] == 1)) { return std::nullopt; }
  std::uint64_t value = 0;
  if (bits_of(exponent) > kMaxExponentBits) { return std::nullopt; }
  for (const Octet octet : exponent) { value = value << 8 | octet; }
  constexpr std::uint64_t kMaxExponent = (std::uint64_t{1} << 32) + 1;
  if (value > kMaxExponent) { return std::nullopt; }
  return RsaNumbers{exponent, modulus};
}

// OSSL_PARAM takes numbers in the machine's own order.
Buffer native_number(Bytes number) {
  Buffer octets(number.begin(), number.end());
  if constexpr (std::endian::native == std::endian::little) { std::ranges::reverse(octets); }
  return octets;
}

// The price of the usual key (2048 bits, exponent 65537), scaled: multiplying takes the square of the modulus' length,
// and an exponent of 32 bits twice as many steps.
std::uint32_t rsa_cost(const RsaNumbers& numbers, std::uint32_t usual) noexcept {
  constexpr std::size_t kUsualModulus = 256, kUsualExponent = 3;  // octets
  const std::size_t size = std::max(numbers.modulus.size(), kUsualModulus);
  const std::uint32_t by_modulus = static_cast<std::uint32_t>(usual * size * size / (kUsualModulus * kUsualModulus));
  return numbers.exponent.size() > kUsualExponent ? by_modulus * 2 : by_modulus;
}

openssl::Key rsa_key(const RsaNumbers& numbers) {
  Buffer modulus = native_number(numbers.modulus), exponent = native_number(numbers.exponent);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus.data(), modulus.size()),
                             OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_E, exponent.data(), exponent.size()),
                             OSSL_PARAM_construct_end()};
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
    return nullptr;
  }
  return openssl::Key(made);
}

// A key of this curve without its point. Null where the library has no such curve.
openssl::Key curve_named(const char* name) {
  std::string copy(name);
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, copy.data(), 0),
                             OSSL_PARAM_construct_end()};
  const openssl::Inquiry inquiry;
  const openssl::KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEY_PARAMETERS, parameters) != 1) {
    inquiry.said_no();  // kept until the process ends
    return nullptr;
  }
  return openssl::Key(made);
}

// Setting up a curve takes 12 us, copying one that is set up takes 2.
openssl::Key ecdsa_key(std::uint8_t algorithm, Bytes point) {
  static std::mutex mutex;  // EVP_PKEY_dup() does not promise to leave what it copies alone
  static const openssl::Key small = curve_named("P-256"), large = curve_named("P-384");
  const openssl::Key& curve = algorithm == 13 ? small : large;
  if (!curve) { return nullptr; }
  openssl::Key key;
  {
    const std::lock_guard lock(mutex);
    key.reset(EVP_PKEY_dup(curve.get()));
  }
  std::array<Octet, 1 + 96> octets{4};  // X9.62: an uncompressed point
  std::ranges::copy(point, octets.begin() + 1);
  // Refuses what is not on the curve.
  if (!key || EVP_PKEY_set1_encoded_public_key(key.get(), octets.data(), 1 + point.size()) != 1) { return nullptr; }
  return key;
}

// Of RSA and ECDSA, whose digest we make ourselves.
openssl::KeyContext verifying(const openssl::Key& key, const Scheme& scheme) {
  if (!key) { return nullptr; }
  openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!context || EVP_PKEY_verify_init(context.get()) != 1) { return nullptr; }
  if (scheme.family == Family::rsa && (EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) != 1 ||
                                       EVP_PKEY_CTX_set_signature_md(context.get(), scheme.digest) != 1)) {
    return nullptr;
  }
  return context;
}

openssl::DigestContext verifying_edwards(const Scheme& scheme, Bytes octets) {
  const openssl::Key key(EVP_PKEY_new_raw_public_key_ex(nullptr, scheme.name, nullptr, octets.data(), octets.size()));
  openssl::DigestContext context(EVP_MD_CTX_new());
  if (!key || !context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
    return nullptr;
  }
  return context;
}

// One number of an ECDSA signature as a DER INTEGER, without leading zeros but with one where the sign would be.
Octet* put_integer(Octet* to, Bytes number) noexcept {
  while (number.size() > 1 && number[0] == 0) { number = number.subspan(1); }
  const bool is_padded = (number[0] & 0x80) != 0;
  *to++ = 0x02;
  *to++ = u8(number.size() + (is_padded ? 1 : 0));
  if (is_padded) { *to++ = 0; }
  return std::ranges::copy(number, to).out;
}

// r | s (RFC 6605 section 4) as the SEQUENCE that OpenSSL reads. At most 104 octets: all lengths are of one octet.
struct DerSignature {
  std::array<Octet, 2 + 2 * (2 + 1 + 48)> octets;
  std::size_t size;
  explicit DerSignature(Bytes plain) noexcept {
    const std::size_t half = plain.size() / 2;
    const Octet* const end = put_integer(put_integer(octets.data() + 2, plain.first(half)), plain.subspan(half));
    size = static_cast<std::size_t>(end - octets.data());
    octets[0] = 0x30;
    octets[1] = u8(size - 2);
  }
};

}  // namespace

// `prepared` for RSA and ECDSA, `edwards` for the others. Read by any number of threads, changed by none.
struct PublicKey::Impl {
  Family family;
  const EVP_MD* digest;
  std::size_t signature_size;
  openssl::KeyContext prepared;
  openssl::DigestContext edwards;
  std::uint32_t cost = 0;                // microseconds
  std::uint64_t number = next_number();  // no other key of this process has it

  static std::uint64_t next_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }
  bool check_digest(Bytes digest_octets, Bytes signature) const {
    const openssl::KeyContext context(EVP_PKEY_CTX_dup(prepared.get()));
    if (!context) { openssl::lack_memory(); }
    return EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest_octets.data(),
                           digest_octets.size()) == 1;
  }
  bool check(Bytes data, Bytes signature) const {
    if (family == Family::edwards) {
      const openssl::DigestContext context(EVP_MD_CTX_new());
      if (!context || EVP_MD_CTX_copy_ex(context.get(), edwards.get()) != 1) { openssl::lack_memory(); }
      return EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(), data.size()) == 1;
    }
    std::array<Octet, EVP_MAX_MD_SIZE> hashed;
    const auto size = openssl::hash(digest, data, hashed.data());
    if (!size) { return false; }
    if (family == Family::rsa) { return check_digest({hashed.data(), *size}, signature); }
    const DerSignature der(signature);
    return check_digest({hashed.data(), *size}, {der.octets.data(), der.size});
  }
};

std::optional<PublicKey> PublicKey::make(std::uint8_t algorithm, Bytes key) {
  const auto scheme = scheme_of(algorithm);
  if (!scheme) { return std::nullopt; }
  const openssl::Inquiry inquiry;
  auto impl = std::make_shared<Impl>(scheme->family, scheme->digest, scheme->signature);
  impl->cost = verification_cost(algorithm);
  if (scheme->family == Family::rsa) {
    const auto numbers = scheme->digest != nullptr ? rsa_numbers(algorithm, key) : std::nullopt;
    if (!numbers) { return std::nullopt; }
    impl->prepared = verifying(rsa_key(*numbers), *scheme);
    impl->signature_size = numbers->modulus.size();
    impl->cost = rsa_cost(*numbers, impl->cost);
  } else if (key.size() != scheme->key) {
    return std::nullopt;
  } else if (scheme->family == Family::edwards) {
    impl->edwards = verifying_edwards(*scheme, key);
  } else if (scheme->digest != nullptr) {
    impl->prepared = verifying(ecdsa_key(algorithm, key), *scheme);
  } else {
    return std::nullopt;
  }
  if (impl->prepared || impl->edwards) { return PublicKey(std::move(impl)); }
  inquiry.said_no();
  return std::nullopt;
}

bool PublicKey::verifies(Bytes data, Bytes signature) const {
  if (!could_have_made(signature)) { return false; }
  const VerifiedMemo::Tag tag = VerifiedMemo::tag_of(impl_->number, data, signature);
  VerifiedMemo& memo = verified_memo();
  if (memo.knows(tag)) { return true; }
  const openssl::Inquiry inquiry;
  if (!impl_->check(data, signature)) { return inquiry.said_no(); }
  memo.remember(tag);
  return true;
}

std::uint32_t PublicKey::cost() const noexcept { return impl_->cost; }

bool PublicKey::could_have_made(Bytes signature) const noexcept { return signature.size() == impl_->signature_size; }

}  // namespace vouch
