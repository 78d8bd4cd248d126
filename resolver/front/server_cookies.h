// DNS cookies, the server's side (RFC 7873, RFC 9018): a client that returns our cookie is where its address says it
// is. Stateless: the cookie is a keyed hash of the client's address and the time. One per worker; const members are
// thread-safe.
#pragma once

#include <array>
#include <optional>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "resolver/base/siphash.h"

namespace vouch {

enum class CookieState : std::uint8_t {
  none,         // the query carried no cookie
  malformed,    // a length that cannot be: FORMERR (RFC 7873 section 5.2.2)
  client_only,  // the client's part alone
  invalid,      // a server part that is not ours, not for this address, or too old
  valid,
};

class ServerCookies {
 public:
  static constexpr std::size_t kClientSize = 8;
  static constexpr std::size_t kServerSize = 16;
  static constexpr std::size_t kSize = kClientSize + kServerSize;
  static constexpr std::size_t kMaxSize = 40;        // RFC 7873 section 4: a server part of 8 to 32 octets
  static constexpr std::int32_t kMaxAge = 3600;      // RFC 9018 section 4.3: accepted for an hour,
  static constexpr std::int32_t kMaxAhead = 300;     // five minutes ahead (a fleet's clocks differ),
  static constexpr std::int32_t kRenewAfter = 1800;  // and made anew after half an hour

  using Cookie = std::array<Octet, kSize>;  // client and server part, as the option carries them

  explicit ServerCookies(Bytes sixteen_octets) noexcept : key_(SipKey::from(sixteen_octets)) {}

  // What `option` (the COOKIE option's data) says about a client at `client`; in `reply` what to send back, unless
  // malformed.
  CookieState check(Bytes option, const IpAddress& client, UnixTime now, Cookie& reply) const noexcept;

 private:
  std::uint64_t hash(Bytes client_cookie_to_timestamp, const IpAddress& client) const noexcept;
  void issue(Cookie& cookie, const IpAddress& client, std::uint32_t now) const noexcept;

  SipKey key_;
};

}  // namespace vouch
