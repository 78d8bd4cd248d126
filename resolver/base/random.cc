#include "resolver/base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace vouch {

std::uint16_t Random::next16() {
  std::array<Octet, 2> octets;
  fill(octets);
  return load16(octets.data());
}

std::uint32_t Random::next32() {
  std::array<Octet, 4> octets;
  fill(octets);
  return load32(octets.data());
}

std::uint64_t Random::next64() {
  const std::uint64_t high = next32();
  return high << 32 | next32();
}

std::uint32_t Random::below(std::uint32_t bound) {
  // Lemire's multiply-and-reject: the few values that would favour some results are drawn again.
  std::uint64_t product = std::uint64_t{next32()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = -bound % bound;
    while (static_cast<std::uint32_t>(product) < threshold) { product = std::uint64_t{next32()} * bound; }
  }
  return static_cast<std::uint32_t>(product >> 32);
}

SystemRandom::~SystemRandom() { explicit_bzero(block_.data(), block_.size()); }

void SystemRandom::fill(MutableBytes out) {
  while (!out.empty()) {
    if (used_ == kBlock) {
      std::size_t have = 0;
      while (have < kBlock) {
        const ssize_t got = getrandom(block_.data() + have, kBlock - have, 0);
        if (got < 0 && errno != EINTR) { std::abort(); }  // no randomness, no safe resolver
        if (got > 0) { have += static_cast<std::size_t>(got); }
      }
      used_ = 0;
    }
    const std::size_t count = std::min(out.size(), kBlock - used_);
    std::copy_n(block_.begin() + static_cast<std::ptrdiff_t>(used_), count, out.begin());
    explicit_bzero(block_.data() + used_, count);
    used_ += count;
    out = out.subspan(count);
  }
}

}  // namespace vouch
