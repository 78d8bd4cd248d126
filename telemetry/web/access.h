// Who is the operator. Without a token, and with nothing but loopback listeners, everybody who can connect is; else
// whoever shows the token. Guessing is slowed down per source.
//
// Limits: kMaxSources of those who failed are remembered; the one that has been quiet for longest makes room, so that a
// crowd of sources can win back some guesses, but no memory. A source is a /32 or a /64.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"

namespace vouch {

class Access {
 public:
  static constexpr unsigned kFreeFailures = 5;  // a person who mistypes needs fewer
  static constexpr Duration kFirstWait = std::chrono::seconds(1);
  // Doubled with each failure up to this: below three guesses a minute. Not more, for clients behind one address (a
  // proxy, a tunnel) share it, and one of them must not lock the operator out for long.
  static constexpr Duration kLongestWait = std::chrono::seconds(30);
  static constexpr Duration kForgotten = std::chrono::minutes(15);
  static constexpr std::size_t kMaxSources = 1024;

  // `all_loopback`: every listener is on loopback.
  Access(std::string token, bool all_loopback);

  enum class Grant : std::uint8_t {
    resolver_operator,
    none,   // no credential was shown
    wrong,  // one that is not the token
    wait,   // too many were wrong: this one was not looked at
  };
  struct Judgement {
    Grant grant;
    std::uint32_t retry_after = 0;  // seconds, of `wait`
  };
  // `authorization`: the field's value (RFC 7617, RFC 6750).
  Judgement judge(std::optional<std::string_view> authorization, const IpAddress& source, Instant now);

  bool can_be_granted() const noexcept { return is_open_ || !token_.empty(); }
  std::size_t sources() const noexcept { return failures_.size(); }

 private:
  struct Failures {
    unsigned count = 0;
    Instant last{}, free_from{};
  };
  void note_failure(const IpAddress& source, Instant now);
  std::string token_;
  bool is_open_;
  std::unordered_map<IpAddress, Failures> failures_;
};

// What is shown as a token: the password of Basic, whatever the user name, or the bearer token. Nothing: neither.
std::optional<std::string> token_in(std::string_view authorization);

// In a time that depends on `given` alone.
bool same_secret(std::string_view given, std::string_view secret) noexcept;

}  // namespace vouch
