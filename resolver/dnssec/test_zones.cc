#include "resolver/dnssec/test_zones.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vouch {

namespace {

// By who keeps them, as far as they say so in public.
constexpr std::array<std::string_view, 14> kTestZones = {
    "dnssec-failed.org.",          // Comcast
    "rhybar.cz.",                  // CZ.NIC
    "servfail.nl.",                // SIDN
    "bad-dnssec.wb.sidnlabs.nl.",  // SIDN Labs
    "brokendnssec.net.",
    "sigfail.verteiltesysteme.net.",  // University of Duisburg-Essen
    "fail01.dnssec.works.",           // dnssec.works
    "fail02.dnssec.works.",
    "fail03.dnssec.works.",
    "fail04.dnssec.works.",
    "badsig.go.dnscheck.tools.",  // dnscheck.tools
    "expiredsig.go.dnscheck.tools.",
    "nosig.go.dnscheck.tools.",
    "extended-dns-errors.com.",  // one subdomain for each extended error
};

// Made before main(): whoever asks must not throw, and memory may run out later.
const std::array<Name, kTestZones.size()> kNames = [] {
  std::array<Name, kTestZones.size()> parsed;
  std::ranges::transform(kTestZones, parsed.begin(), [](std::string_view text) { return Name::of(text); });
  return parsed;
}();

}  // namespace

bool is_test_zone(NameView zone) noexcept {
  return std::ranges::any_of(kNames, [zone](const Name& name) { return zone.is_at_or_below(name); });
}

}  // namespace vouch
