// SipHash (Aumasson and Bernstein, 2012): keyed hashing that hostile names and addresses cannot aim at. SipHash-2-4 for
// DNS cookies (RFC 9018 section 4.4), SipHash-1-3 for tables.
#pragma once

#include <cstdint>

#include "resolver/base/bytes.h"

namespace vouch {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  static SipKey from(Bytes sixteen_octets) noexcept;  // little-endian, as in the paper
};

// The round function as a stepwise state, so that callers can feed transformed words (case-folded names).
class SipState {
 public:
  constexpr explicit SipState(SipKey key) noexcept
      : v0_(key.k0 ^ 0x736f6d6570736575U),
        v1_(key.k1 ^ 0x646f72616e646f6dU),
        v2_(key.k0 ^ 0x6c7967656e657261U),
        v3_(key.k1 ^ 0x7465646279746573U) {}

  template <int Rounds>
  constexpr void absorb(std::uint64_t word) noexcept {
    v3_ ^= word;
    for (int i = 0; i < Rounds; ++i) { round(); }
    v0_ ^= word;
  }
  template <int Rounds>
  constexpr std::uint64_t finish() noexcept {
    v2_ ^= 0xff;
    for (int i = 0; i < Rounds; ++i) { round(); }
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  static constexpr std::uint64_t rotl(std::uint64_t x, int b) noexcept { return x << b | x >> (64 - b); }
  constexpr void round() noexcept {
    v0_ += v1_;
    v1_ = rotl(v1_, 13) ^ v0_;
    v0_ = rotl(v0_, 32);
    v2_ += v3_;
    v3_ = rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = rotl(v1_, 17) ^ v2_;
    v2_ = rotl(v2_, 32);
  }
  std::uint64_t v0_, v1_, v2_, v3_;
};

std::uint64_t siphash24(SipKey key, Bytes octets) noexcept;
std::uint64_t siphash13(SipKey key, Bytes octets) noexcept;

// The key of every in-memory table, drawn once per process from the kernel.
const SipKey& process_hash_key() noexcept;

}  // namespace vouch
