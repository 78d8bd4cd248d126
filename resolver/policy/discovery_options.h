// What this resolver tells clients about itself: how else it can be reached (RFC 9462) and what it does (RFC 9606).
// Plain data; the daemon fills it in from its listeners.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

enum class DesignatedProtocol : std::uint8_t { dot, doh, doq, doh3 };

// One protocol on one port.
struct Designation {
  DesignatedProtocol protocol = DesignatedProtocol::dot;
  std::uint16_t port = 0;
  std::vector<IpAddress> addresses{};  // that it listens on; with an unspecified one among them none is told
  std::string path{};                  // of DoH and DoH3: "/dns-query"
};

struct DiscoveryOptions {
  // Whom the certificate names. The root: nobody, and then nothing is designated, for a client could not tell the
  // designated resolver from another, and RFC 9462 section 4 forbids the target ".".
  Name name{};
  std::vector<Designation> designations{};  // the first is preferred
  bool qname_minimisation = true;
  std::vector<Ede> errors{kErrors.begin(), kErrors.end()};  // extended errors that clients may see
  std::string info_url{};  // https, for people; empty: none. At most kMaxInfoUrl octets

  static constexpr std::size_t kMaxInfoUrl = 255 - 8;  // one <character-string> holds it behind "infourl="
  static constexpr std::array kErrors = {Ede::other,
                                         Ede::unsupported_dnskey_algorithm,
                                         Ede::unsupported_ds_digest,
                                         Ede::stale_answer,
                                         Ede::dnssec_indeterminate,
                                         Ede::dnssec_bogus,
                                         Ede::signature_expired,
                                         Ede::signature_not_yet_valid,
                                         Ede::dnskey_missing,
                                         Ede::rrsigs_missing,
                                         Ede::no_zone_key_bit,
                                         Ede::nsec_missing,
                                         Ede::cached_error,
                                         Ede::not_ready,
                                         Ede::prohibited,
                                         Ede::stale_nxdomain,
                                         Ede::not_authoritative,
                                         Ede::no_reachable_authority,
                                         Ede::network_error,
                                         Ede::signature_expired_before_valid,
                                         Ede::unsupported_nsec3_iterations,
                                         Ede::synthesized,
                                         Ede::invalid_query_type,
                                         Ede::negative_trust_anchor};
};

}  // namespace vouch
