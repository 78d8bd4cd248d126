// Names of the reverse trees, under which addresses have their PTR records (RFC 1035 section 3.5, RFC 3596
// section 2.5).
#pragma once

#include <optional>

#include "resolver/base/address.h"
#include "resolver/wire/name.h"

namespace vouch {

Name reverse_name(const IpAddress& address);
// Of a prefix whose length is a multiple of 4 (IPv6) or 8 (IPv4); others are cut to the next shorter one.
Name reverse_name(const Prefix& prefix);
// The IPv6 address that a whole name below ip6.arpa stands for; nothing: it is none.
std::optional<IpAddress> address_of_reverse6(NameView name) noexcept;

}  // namespace vouch
