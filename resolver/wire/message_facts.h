// The few facts of a message that its transport must know: how long HTTP may keep an answer (RFC 8484 section 5.1), and
// what QUIC forbids in a query (RFC 9250 sections 4.5 and 5.5.2). Read from the octets, because a transport knows
// nothing else of DNS. Pure; any octets are fine.
#pragma once

#include <cstdint>

#include "resolver/base/bytes.h"

namespace vouch {

// Seconds: the smallest TTL of the answer section, or for an empty one what the SOA of the authority section allows.
// 0, not to be kept: failures, truncated and malformed messages, and an empty answer without SOA.
std::uint32_t lifetime_of(Bytes answer) noexcept;

// A query proper (opcode QUERY), and none of the others, some of which change something.
bool is_plain_query(Bytes message) noexcept;

// Whether EDNS in it holds the TCP keepalive option (RFC 7828). False for malformed messages.
bool has_keepalive_option(Bytes query) noexcept;

}  // namespace vouch
