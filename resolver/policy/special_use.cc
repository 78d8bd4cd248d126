#include "resolver/policy/special_use.h"

namespace vouch {

namespace {

using enum SpecialUse;

constexpr SpecialUseZone kZones[] = {
    {"localhost.", loopback, false},  // RFC 6761 section 6.3
    {"invalid.", empty, false},       // RFC 6761 section 6.4
    {"test.", empty, false},          // RFC 6761 section 6.2
    {"onion.", empty, false},         // RFC 7686: Tor's; to ask the root would tell it where one goes
    {"local.", empty,
     false},                 // RFC 6762 section 22.1, item 4: multicast DNS's; caching servers answer NXDOMAIN at once
    {"alt.", empty, false},  // RFC 9476: names that are no DNS names
    {"internal.", empty,
     false},  // ICANN's board, 2024-07-29: private use for ever, so the root has nothing to say on it
    {"home.arpa.", empty, true},        // RFC 8375
    {"resolver.arpa.", no_data, true},  // RFC 9462 section 4: no designated resolver: NODATA
    {"service.arpa.", empty, true},     // RFC 9665 section 10.1: names of a local registrar only

    // RFC 6303 section 4.1 and 4.2: private, loopback, link-local and documentation addresses.
    {"10.in-addr.arpa.", empty, true},
    {"16.172.in-addr.arpa.", empty, true},
    {"17.172.in-addr.arpa.", empty, true},
    {"18.172.in-addr.arpa.", empty, true},
    {"19.172.in-addr.arpa.", empty, true},
    {"20.172.in-addr.arpa.", empty, true},
    {"21.172.in-addr.arpa.", empty, true},
    {"22.172.in-addr.arpa.", empty, true},
    {"23.172.in-addr.arpa.", empty, true},
    {"24.172.in-addr.arpa.", empty, true},
    {"25.172.in-addr.arpa.", empty, true},
    {"26.172.in-addr.arpa.", empty, true},
    {"27.172.in-addr.arpa.", empty, true},
    {"28.172.in-addr.arpa.", empty, true},
    {"29.172.in-addr.arpa.", empty, true},
    {"30.172.in-addr.arpa.", empty, true},
    {"31.172.in-addr.arpa.", empty, true},
    {"168.192.in-addr.arpa.", empty, true},
    {"0.in-addr.arpa.", empty, true},
    {"127.in-addr.arpa.", empty, true},
    {"254.169.in-addr.arpa.", empty, true},
    {"2.0.192.in-addr.arpa.", empty, true},
    {"100.51.198.in-addr.arpa.", empty, true},
    {"113.0.203.in-addr.arpa.", empty, true},
    {"255.255.255.255.in-addr.arpa.", empty, true},

    // RFC 6303 sections 4.3 to 4.6: unspecified, loopback, unique-local, link-local and documentation.
    {"0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", empty, true},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", empty, true},
    {"d.f.ip6.arpa.", empty, true},
    {"8.e.f.ip6.arpa.", empty, true},
    {"9.e.f.ip6.arpa.", empty, true},
    {"a.e.f.ip6.arpa.", empty, true},
    {"b.e.f.ip6.arpa.", empty, true},
    {"8.b.d.0.1.0.0.2.ip6.arpa.", empty, true},

    // RFC 7793: shared address space, 100.64.0.0/10.
    {"64.100.in-addr.arpa.", empty, true},
    {"65.100.in-addr.arpa.", empty, true},
    {"66.100.in-addr.arpa.", empty, true},
    {"67.100.in-addr.arpa.", empty, true},
    {"68.100.in-addr.arpa.", empty, true},
    {"69.100.in-addr.arpa.", empty, true},
    {"70.100.in-addr.arpa.", empty, true},
    {"71.100.in-addr.arpa.", empty, true},
    {"72.100.in-addr.arpa.", empty, true},
    {"73.100.in-addr.arpa.", empty, true},
    {"74.100.in-addr.arpa.", empty, true},
    {"75.100.in-addr.arpa.", empty, true},
    {"76.100.in-addr.arpa.", empty, true},
    {"77.100.in-addr.arpa.", empty, true},
    {"78.100.in-addr.arpa.", empty, true},
    {"79.100.in-addr.arpa.", empty, true},
    {"80.100.in-addr.arpa.", empty, true},
    {"81.100.in-addr.arpa.", empty, true},
    {"82.100.in-addr.arpa.", empty, true},
    {"83.100.in-addr.arpa.", empty, true},
    {"84.100.in-addr.arpa.", empty, true},
    {"85.100.in-addr.arpa.", empty, true},
    {"86.100.in-addr.arpa.", empty, true},
    {"87.100.in-addr.arpa.", empty, true},
    {"88.100.in-addr.arpa.", empty, true},
    {"89.100.in-addr.arpa.", empty, true},
    {"90.100.in-addr.arpa.", empty, true},
    {"91.100.in-addr.arpa.", empty, true},
    {"92.100.in-addr.arpa.", empty, true},
    {"93.100.in-addr.arpa.", empty, true},
    {"94.100.in-addr.arpa.", empty, true},
    {"95.100.in-addr.arpa.", empty, true},
    {"96.100.in-addr.arpa.", empty, true},
    {"97.100.in-addr.arpa.", empty, true},
    {"98.100.in-addr.arpa.", empty, true},
    {"99.100.in-addr.arpa.", empty, true},
    {"100.100.in-addr.arpa.", empty, true},
    {"101.100.in-addr.arpa.", empty, true},
    {"102.100.in-addr.arpa.", empty, true},
    {"103.100.in-addr.arpa.", empty, true},
    {"104.100.in-addr.arpa.", empty, true},
    {"105.100.in-addr.arpa.", empty, true},
    {"106.100.in-addr.arpa.", empty, true},
    {"107.100.in-addr.arpa.", empty, true},
    {"108.100.in-addr.arpa.", empty, true},
    {"109.100.in-addr.arpa.", empty, true},
    {"110.100.in-addr.arpa.", empty, true},
    {"111.100.in-addr.arpa.", empty, true},
    {"112.100.in-addr.arpa.", empty, true},
    {"113.100.in-addr.arpa.", empty, true},
    {"114.100.in-addr.arpa.", empty, true},
    {"115.100.in-addr.arpa.", empty, true},
    {"116.100.in-addr.arpa.", empty, true},
    {"117.100.in-addr.arpa.", empty, true},
    {"118.100.in-addr.arpa.", empty, true},
    {"119.100.in-addr.arpa.", empty, true},
    {"120.100.in-addr.arpa.", empty, true},
    {"121.100.in-addr.arpa.", empty, true},
    {"122.100.in-addr.arpa.", empty, true},
    {"123.100.in-addr.arpa.", empty, true},
    {"124.100.in-addr.arpa.", empty, true},
    {"125.100.in-addr.arpa.", empty, true},
    {"126.100.in-addr.arpa.", empty, true},
    {"127.100.in-addr.arpa.", empty, true},
};

}  // namespace

std::span<const SpecialUseZone> special_use_zones() noexcept { return kZones; }

SpecialName special_name_of(std::string_view zone) noexcept {
  struct Kind {
    std::string_view suffix;
    SpecialName name;
  };
  constexpr Kind kKinds[] = {
      {"in-addr.arpa.", SpecialName::private_reverse},
      {"ip6.arpa.", SpecialName::private_reverse},
      {"localhost.", SpecialName::localhost},
      {"home.arpa.", SpecialName::home_arpa},
      {"internal.", SpecialName::internal},
      {"onion.", SpecialName::onion},
      {"invalid.", SpecialName::invalid},
      {"test.", SpecialName::test},
  };
  for (const Kind& kind : kKinds) {
    if (zone.ends_with(kind.suffix)) { return kind.name; }
  }
  return SpecialName::other;
}

}  // namespace vouch
