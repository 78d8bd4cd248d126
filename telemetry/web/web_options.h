// Where the pages, /metrics and the API are served, and to whom.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

// A token shorter than this could be guessed at the pace that Access leaves to guessers; the configuration refuses it.
inline constexpr std::size_t kMinWebToken = 16;
// As long as a Basic credential may be within the head of a request, with room for the rest of it.
inline constexpr std::size_t kMaxWebToken = 256;

inline constexpr std::uint16_t kWebPort = 8053;

struct WebOptions {
  // Empty: nothing is served. Any that is not loopback requires a token.
  std::vector<SocketAddress> listen{SocketAddress(IpAddress::v4(Bytes(kLoopback)), kWebPort)};

  // Names under which browsers may ask for us, beside `localhost` and our addresses. We are the resolver that tells a
  // hostile page where its name leads, so that a Host which we do not know is refused (DNS rebinding).
  std::vector<std::string> host_names{};

  // What the operator shows, as the password of HTTP Basic or as a bearer token. Empty, and all listeners on loopback:
  // whoever may connect is the operator; set one where a proxy lets others in, or where the machine has other users.
  std::string token{};

  static constexpr Octet kLoopback[4] = {127, 0, 0, 1};
};

}  // namespace vouch
