#include "resolver/front/server_cookies.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr Octet kVersion = 1;             // RFC 9018 section 4.1
constexpr std::size_t kTimestampAt = 12;  // client cookie, version, three reserved octets
constexpr std::size_t kHashAt = 16;

// SipHash's result as the octets that the paper prints: the lowest first.
void store_little(Octet* at, std::uint64_t value) noexcept {
  for (int i = 0; i < 8; ++i) { at[i] = u8(value >> (8 * i) & 0xff); }
}

// No early way out: how many octets fit must not show in the time it takes.
bool same_hash(const Octet* a, const Octet* b) noexcept {
  Octet difference = 0;
  for (std::size_t i = 0; i < 8; ++i) { difference = u8(difference | (a[i] ^ b[i])); }
  return difference == 0;
}

}  // namespace

std::uint64_t ServerCookies::hash(Bytes client_cookie_to_timestamp, const IpAddress& client) const noexcept {
  std::array<Octet, kHashAt + 16> input;
  const Bytes address = client.octets();
  const auto end = std::ranges::copy(client_cookie_to_timestamp, input.begin()).out;
  std::ranges::copy(address, end);
  return siphash24(key_, {input.data(), client_cookie_to_timestamp.size() + address.size()});
}

void ServerCookies::issue(Cookie& cookie, const IpAddress& client, std::uint32_t now) const noexcept {
  cookie[kClientSize] = kVersion;
  std::fill_n(cookie.begin() + kClientSize + 1, 3, Octet{0});
  store32(cookie.data() + kTimestampAt, now);
  store_little(cookie.data() + kHashAt, hash({cookie.data(), kHashAt}, client));
}

CookieState ServerCookies::check(Bytes option, const IpAddress& client, UnixTime now, Cookie& reply) const noexcept {
  const bool has_server_part = option.size() >= kClientSize + 8 && option.size() <= kMaxSize;
  if (option.size() != kClientSize && !has_server_part) { return CookieState::malformed; }
  const auto moment = static_cast<std::uint32_t>(now);  // modulo 2^32, as RFC 9018 section 4.3 has it
  std::ranges::copy(option.first(kClientSize), reply.begin());
  if (!has_server_part) {
    issue(reply, client, moment);
    return CookieState::client_only;
  }
  bool valid = option.size() == kSize && option[kClientSize] == kVersion;
  std::int32_t age = 0;
  if (valid) {
    age = static_cast<std::int32_t>(moment - load32(option.data() + kTimestampAt));  // RFC 1982
    Octet expected[8];
    store_little(expected, hash(option.first(kHashAt), client));
    valid = age <= kMaxAge && age >= -kMaxAhead && same_hash(expected, option.data() + kHashAt);
  }
  if (valid && age <= kRenewAfter) {
    std::ranges::copy(option, reply.begin());
  } else {
    issue(reply, client, moment);
  }
  return valid ? CookieState::valid : CookieState::invalid;
}

}  // namespace vouch
