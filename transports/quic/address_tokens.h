// What a client carries to prove that it is at the address it writes from: the token of a Retry (RFC 9000 section
// 8.1.2), worth one handshake within ten seconds, and the one of NEW_TOKEN (section 8.1.3) for its next visit. Both are
// sealed with the server's secret and bound to the address; the server keeps nothing. Pure but for the library's random
// octets; time comes in, in nanoseconds since 1970, because tokens outlive the process.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "transports/quic/compat.h"
#include "transports/quic/connection_id.h"

namespace vouch {

class AddressTokens {
 public:
  static constexpr std::size_t kSecret = 32;
  static constexpr std::uint64_t kRetryLife = 10 * NGTCP2_SECONDS;  // a round trip, and some patience
  // A new client at the same address comes back within the hour or not for long; a stolen one is of use only to who has
  // the address, and then only to be asked for no Retry (it does not lift the limit on octets sent).
  static constexpr std::uint64_t kVisitLife = 3600 * NGTCP2_SECONDS;
  static constexpr std::size_t kRoom = 256;  // more than the longest token of either kind
  static_assert(kRoom >= NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN && kRoom >= NGTCP2_CRYPTO_MAX_REGULAR_TOKENLEN);
  using Room = std::array<Octet, kRoom>;

  explicit AddressTokens(const std::array<Octet, kSecret>& secret) noexcept : secret_(secret) {}

  // For a Retry that answers an Initial to `original` and names `ours`. Empty: it could not be made.
  Bytes make_retry(const ngtcp2_addr& client, const ConnectionId& ours, const ConnectionId& original, std::uint64_t now,
                   Room& room) const noexcept;
  Bytes make_visit(const ngtcp2_addr& client, std::uint64_t now, Room& room) const noexcept;

  enum class Kind : std::uint8_t {
    none,         // no token, or one that means nothing (any more): as if there were none
    retry,        // the client has just answered our Retry
    visit,        // the client was here before
    wrong_retry,  // looks like a Retry's and is not good: an error by RFC 9000 section 8.1.3
  };
  struct Found {
    Kind kind = Kind::none;
    ConnectionId original;  // with `retry`: the id that the client's first Initial went to
  };
  Found read(const ngtcp2_pkt_hd& initial, const ngtcp2_addr& client, std::uint64_t now) const noexcept;

 private:
  std::array<Octet, kSecret> secret_;
};

}  // namespace vouch
