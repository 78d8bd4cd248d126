// What a server's QUIC listeners must know after a restart, or share when they stand behind one address.
#pragma once

#include <array>

#include "resolver/base/bytes.h"

namespace vouch {

// Filled before the first datagram is read, and not changed afterwards; outlives the listeners.
struct QuicSecrets {
  std::array<Octet, 32>
      reset{};  // makes stateless reset tokens (RFC 9000 section 10.3.2): a restart must not change it
  std::array<Octet, 32> token{};   // protects Retry and NEW_TOKEN tokens (RFC 9000 section 8.1)
  std::array<Octet, 64> ticket{};  // makes the keys of session tickets
};

}  // namespace vouch
