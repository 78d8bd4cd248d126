// RDATA of SVCB and HTTPS records that are made here (RFC 9460 section 2.2, RFC 9461). Pure; no parser: what others
// send is opaque.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/wire/name.h"

namespace vouch {

// The parameters that name an encrypted resolver. What is empty is left out.
struct ServiceBinding {
  std::uint16_t priority = 1;  // 0: an alias, without parameters; otherwise the lowest is tried first
  Name target{};
  std::vector<std::string> alpn{};  // protocols, of 1 to 255 octets each
  std::optional<std::uint16_t> port{};
  std::vector<IpAddress> hints{};  // of both families, in any order
  std::string dohpath{};           // RFC 9461 section 5: a relative URI template with the variable `dns`
};

// Nothing when it cannot be said: a parameter beyond 65535 octets, a protocol's name without octets or with more than
// 255, or parameters in an alias.
std::optional<Buffer> svcb_rdata(const ServiceBinding& binding);

}  // namespace vouch
