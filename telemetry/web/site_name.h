// What people type or paste into "Check a site", made a domain name: white space, a scheme, a user, a port and a path
// are left out; what is not ASCII is converted (IDNA 2008 with the mapping of UTS 46, by libidn2), for sites in our
// readers' languages have such names. Pure; any octets are fine.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace vouch {

enum class SiteNameFault : std::uint8_t {
  empty,
  address,  // an address literal: it has no name that could be checked
  no_name,  // too long, empty labels, or characters that no name has
};
std::string_view site_name_fault_text(SiteNameFault fault) noexcept;

// The presentation form, lower case, with a final dot: "www.example.org." for " https://WWW.example.org:443/x?y#z".
std::expected<std::string, SiteNameFault> site_name_in(std::string_view typed);

}  // namespace vouch
