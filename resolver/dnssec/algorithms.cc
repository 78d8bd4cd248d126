// Which algorithms there are and what they cost; DS digests and the NSEC3 hash. Public keys: algorithms_public_key.cc.
#include "resolver/dnssec/algorithms.h"

#include <algorithm>
#include <cassert>
#include <new>

#include "resolver/dnssec/algorithms_known_answers.h"
#include "resolver/dnssec/algorithms_library.h"
#include "resolver/wire/name.h"

namespace vouch {

namespace {

constexpr std::size_t kAlgorithms = 17;  // numbers from 17 on are unknown here

// By trying: a library may know an algorithm and yet refuse it, by policy (SHA-1), by build (no Ed448) or by a FIPS
// provider. Throws std::bad_alloc where memory was lacking until now: what the library could not set up then would
// count as unknown, its zones as unsigned, for as long as the process lives.
std::array<bool, kAlgorithms> try_all() {
  std::array<bool, kAlgorithms> works{};
  for (const KnownAnswer& known : kKnownAnswers) {
    const Buffer signature = octets_of(known.signature);
    Buffer damaged = signature;
    damaged[damaged.size() / 2] ^= 1;
    const auto key = PublicKey::make(known.algorithm, octets_of(known.key));
    works[known.algorithm] =
        key && key->verifies(bytes_of(kKnownMessage), signature) && !key->verifies(bytes_of(kKnownMessage), damaged);
  }
  if (openssl::failed_allocations() != 0) { openssl::lack_memory(); }
  return works;
}

const EVP_MD* digest_by_type(std::uint8_t digest_type) noexcept {
  switch (digest_type) {
    case 1:
      return openssl::digests().sha1;
    case 2:
      return openssl::digests().sha256;
    case 4:
      return openssl::digests().sha384;
    default:
      return nullptr;
  }
}

// Indexed by algorithm number.
constexpr std::array<std::uint16_t, kAlgorithms> kCosts = [] {
  constexpr std::uint16_t kRsa = 30;  // 2048 bits, the usual modulus; 4096 bits take four times as long
  std::array<std::uint16_t, kAlgorithms> costs{};
  costs[5] = costs[7] = costs[8] = costs[10] = kRsa;
  costs[13] = 75;   // P-256
  costs[14] = 650;  // P-384: OpenSSL has no code of its own for this curve
  costs[15] = 110;  // Ed25519
  costs[16] = 240;  // Ed448
  return costs;
}();

}  // namespace

bool is_supported_algorithm(std::uint8_t algorithm, Sha1Policy sha1) noexcept {
  static const std::array<bool, kAlgorithms> works = [] {
    try {
      return try_all();
    } catch (const std::bad_alloc&) {  // none: then vouchd does not start, which is where this is first called
      return std::array<bool, kAlgorithms>{};
    }
  }();
  if ((algorithm == 5 || algorithm == 7) && sha1 == Sha1Policy::insecure) { return false; }
  return algorithm < kAlgorithms && works[algorithm];
}

bool is_supported_digest(std::uint8_t digest_type) noexcept { return digest_by_type(digest_type) != nullptr; }

std::uint32_t verification_cost(std::uint8_t algorithm) noexcept {
  return algorithm < kAlgorithms ? kCosts[algorithm] : 0;
}

std::optional<Digest> digest_of(std::uint8_t digest_type, Bytes first, Bytes second) {
  const EVP_MD* const method = digest_by_type(digest_type);
  if (method == nullptr) { return std::nullopt; }
  const openssl::DigestContext context(EVP_MD_CTX_new());
  Digest digest;
  unsigned size = 0;
  if (!context || EVP_DigestInit_ex2(context.get(), method, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), first.data(), first.size()) != 1 ||
      EVP_DigestUpdate(context.get(), second.data(), second.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.octets.data(), &size) != 1) {
    openssl::lack_memory();
  }
  digest.size = u8(size);
  return digest;
}

std::optional<Nsec3Hash> nsec3_hash(Bytes name, Bytes salt, std::uint16_t iterations) {
  constexpr std::size_t kMaxSalt = 255;  // its length is one octet
  assert(name.size() <= kMaxNameLength && salt.size() <= kMaxSalt);
  const EVP_MD* const sha1 = openssl::digests().sha1;
  if (sha1 == nullptr) { return std::nullopt; }
  const openssl::DigestContext context(EVP_MD_CTX_new());
  if (!context) { openssl::lack_memory(); }
  std::array<Octet, kMaxNameLength + kMaxSalt> first;
  std::ranges::copy(name, first.begin());
  std::ranges::copy(salt, first.begin() + static_cast<std::ptrdiff_t>(name.size()));
  std::array<Octet, kNsec3HashSize + kMaxSalt> again;  // the last hash and, behind it, the salt
  std::ranges::copy(salt, again.begin() + kNsec3HashSize);
  Bytes input(first.data(), name.size() + salt.size());
  for (std::uint32_t round = 0; round <= iterations; ++round) {
    unsigned size = 0;
    if (EVP_DigestInit_ex2(context.get(), sha1, nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), input.data(), input.size()) != 1 ||
        EVP_DigestFinal_ex(context.get(), again.data(), &size) != 1 || size != kNsec3HashSize) {
      openssl::lack_memory();
    }
    input = Bytes(again.data(), kNsec3HashSize + salt.size());
  }
  Nsec3Hash hash;
  std::copy_n(again.begin(), kNsec3HashSize, hash.begin());
  return hash;
}

}  // namespace vouch
