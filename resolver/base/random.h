// Unpredictable numbers. One kind of generator in the whole house: ports, message ids, cookies, 0x20 and server choice
// all draw from the kernel's CSPRNG (RFC 5452 section 4.5; a weak generator here is a poisoning hole, CVE-2025-40780).
#pragma once

#include <array>
#include <cstdint>

#include "resolver/base/bytes.h"

namespace vouch {

// Not thread-safe: each worker has its own.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(MutableBytes out) = 0;

  std::uint16_t next16();
  std::uint32_t next32();
  std::uint64_t next64();
  std::uint32_t below(std::uint32_t bound);  // uniform in 0..bound-1, without modulo bias; bound > 0
};

// getrandom(2), read in blocks so that a query does not pay for a system call; used octets are wiped.
class SystemRandom final : public Random {
 public:
  ~SystemRandom() override;
  void fill(MutableBytes out) override;

 private:
  static constexpr std::size_t kBlock = 1024;  // about 60 queries' worth of ids, ports and 0x20 bits
  std::array<Octet, kBlock> block_{};
  std::size_t used_ = kBlock;
};

}  // namespace vouch
