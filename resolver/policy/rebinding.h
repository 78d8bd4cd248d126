// Protection against DNS rebinding: a name on the Internet that leads to an address of the home's own network lets a
// hostile page speak, through a visitor's browser, with what trusts its neighbours. Addresses that no public name has a
// reason to have are taken out of answers, also where they are hints (RFC 9460 section 7.3). Pure.
#pragma once

#include <optional>

#include "resolver/base/address.h"
#include "resolver/wire/rrset.h"

namespace vouch {

// This network, private use, shared space, loopback, link-local, unique-local, site-local; all of ::/96 and of
// ::ffff:0:0/96, which belong into no record (RFC 4291 section 2.5.5); and 64:ff9b::/96 around one of the former
// (RFC 6890, RFC 4193, RFC 6598, RFC 6052).
bool is_internal_address(const IpAddress& address) noexcept;

// `set` of type A, AAAA, SVCB or HTTPS without such addresses: itself when there is none, null when nothing is left.
// Sets of other types are themselves. What has lost a record has lost its signatures, too.
RRsetPtr without_internal_addresses(const RRsetPtr& set);

// RDATA of SVCB or HTTPS without hints of such addresses; nothing: it is unusable without them (they are mandatory), or
// malformed.
std::optional<Buffer> without_internal_hints(Bytes rdata);

}  // namespace vouch
