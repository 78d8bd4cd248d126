// The keys of TLS session tickets (RFC 8446 section 4.6.1, RFC 5077), for all workers, and for all servers that share
// the secret: each key is derived from the secret and the number of its period, so that nothing need be passed around
// and a key goes by itself. A ticket opens its period's key and the one before; older ones are of no use to anybody.
//
// Threads: immutable; for all threads. Secrets are wiped by the destructors. Everything here throws std::bad_alloc and
// nothing else; a C library's callback must not let it pass.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/base/bytes.h"

namespace vouch {

struct TicketKey {
  std::array<Octet, 16> name;            // in clear in the ticket: tells which key it is
  std::array<Octet, 32> encryption;      // AES-256-CBC
  std::array<Octet, 32> authentication;  // HMAC-SHA-256
  ~TicketKey();                          // wipes the last two
};

class TicketKeys {
 public:
  // Long enough to resume after a night in the pocket, short enough that a stolen key opens little (RFC 8446 section
  // 4.6.1 allows seven days).
  static constexpr std::int64_t kPeriod = 12 * 3600;  // seconds
  static constexpr std::size_t kLeastSecret = 32;

  explicit TicketKeys(Bytes secret);  // at least kLeastSecret unpredictable octets
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  TicketKey to_make(std::int64_t now) const;  // `now` in seconds since 1970
  // The key with this name when it is this period's or the last one's. `is_fresh` false: a new ticket is due.
  struct Found {
    TicketKey key;
    bool is_fresh;
  };
  std::optional<Found> to_open(Bytes name, std::int64_t now) const;
  // A secret for another library's own rotation (GnuTLS wants 64 octets): derived, so that one secret file serves both.
  std::array<Octet, 64> derived_for(std::string_view purpose) const;

 private:
  std::array<Octet, 32> secret_;
};

}  // namespace vouch
