// Clients as far as they are told apart: by address prefix, hashed with a salt that is new every day and never stored
// (privacy rule R2). From yesterday's hashes nothing can be said of today's clients, and the other way round.
#pragma once

#include <atomic>
#include <cstdint>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "resolver/base/random.h"
#include "resolver/base/siphash.h"
#include "telemetry/telemetry_options.h"

namespace vouch {

// The part of an address that counts, as one word: the prefix's leading bits, the family in none of them.
class PrefixRule {
 public:
  explicit PrefixRule(const TelemetryOptions& options) noexcept
      : v4_mask_(mask(options.ipv4_prefix, 32)), v6_mask_(mask(options.ipv6_prefix, 64)) {}

  std::uint64_t prefix_of(const IpAddress& client) const noexcept {
    const Bytes octets = client.octets();
    if (client.is_v4()) { return (load32(octets.data()) & v4_mask_) | kV4; }
    const std::uint64_t high = std::uint64_t{load32(octets.data())} << 32U | load32(octets.data() + 4);
    return high & v6_mask_;
  }

 private:
  static constexpr std::uint64_t kV4 = std::uint64_t{1}
                                       << 63U;  // no IPv6 prefix in use begins with 8000::/1 and 32 zeros
  static constexpr std::uint64_t mask(unsigned bits, unsigned width) noexcept {
    const std::uint64_t all = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
    return bits == 0 ? 0 : all & ~(bits >= width ? 0 : all >> bits);
  }
  std::uint64_t v4_mask_, v6_mask_;
};

// The day's salt. Workers read, one thread renews: who reads in that very moment may hash once with a mixture of both,
// which counts one prefix twice.
class DailySalt {
 public:
  DailySalt(Random& random, UnixTime now) { renew(random, now); }

  SipKey key() const noexcept { return {k0_.load(std::memory_order_relaxed), k1_.load(std::memory_order_relaxed)}; }
  // The number of the day, which changes with the salt.
  std::uint32_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }
  static std::uint32_t day_of(UnixTime now) noexcept {
    constexpr UnixTime kDay = 86400;
    return static_cast<std::uint32_t>(now / kDay);
  }
  // True when a new day has begun.
  bool renew_daily(Random& random, UnixTime now) {
    if (day_of(now) == epoch()) { return false; }
    renew(random, now);
    return true;
  }

  // For what never leaves a sketch, a fifth of the cost: the finaliser of MurmurHash3, keyed. Nobody outside sees which
  // register a prefix falls into.
  static std::uint64_t mix(SipKey key, std::uint64_t prefix) noexcept {
    std::uint64_t x = prefix ^ key.k0;
    x = (x ^ x >> 33U) * 0xff51afd7ed558ccdU;
    x = (x ^ x >> 33U ^ key.k1) * 0xc4ceb9fe1a85ec53U;
    return x ^ x >> 33U;
  }
  static std::uint64_t hash(SipKey key, std::uint64_t prefix) noexcept {
    SipState state(key);
    state.absorb<1>(prefix);
    return state.finish<3>();
  }

 private:
  void renew(Random& random, UnixTime now) {
    k0_.store(random.next64(), std::memory_order_relaxed);
    k1_.store(random.next64(), std::memory_order_relaxed);
    epoch_.store(day_of(now), std::memory_order_release);
  }
  std::atomic<std::uint64_t> k0_{0}, k1_{0};
  std::atomic<std::uint32_t> epoch_{0};
};

}  // namespace vouch
