// The records by which clients find the encrypted ways to this resolver (DDR, RFC 9462) and learn what it does
// (RESINFO, RFC 9606). Pure: options in, records out; LocalZones serves them.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "resolver/policy/discovery_options.h"
#include "resolver/wire/rrset.h"

namespace vouch {

// Short: a listener that was taken away must not be looked for all day.
constexpr std::uint32_t kDiscoveryTtl = 300;  // seconds

// One designation for each port among these listeners of one protocol, in their order.
std::vector<Designation> designations_of(DesignatedProtocol protocol, std::span<const SocketAddress> listeners,
                                         const std::string& path = {});

// The SVCB set of _dns.resolver.arpa; null when nothing is designated. The error is a sentence for the operator.
std::expected<RRsetPtr, std::string> designated_resolvers(const DiscoveryOptions& options);

// The RESINFO set of `owner`: always one record (RFC 9606 section 3).
std::expected<RRsetPtr, std::string> resolver_information(NameView owner, const DiscoveryOptions& options);

}  // namespace vouch
