#include "resolver/iterate/local_root_options.h"

#include <cassert>
#include <string_view>

namespace vouch {

std::vector<SocketAddress> builtin_root_sources() {
  constexpr std::uint16_t kPort = 53;
  constexpr std::string_view kAddresses[] = {
      "192.0.32.132",  "2620:0:2d0:202::132",   // xfr.lax.dns.icann.org
      "192.0.47.132",  "2620:0:2830:202::132",  // xfr.cjr.dns.icann.org
      "170.247.170.2", "2801:1b8:10::b",        // b.root-servers.net, where it has been since November 2023
      "192.33.4.12",   "2001:500:2::c",         // c
      "199.7.91.13",   "2001:500:2d::d",        // d
      "192.5.5.241",   "2001:500:2f::f",        // f
      "192.112.36.4",  "2001:500:12::d0d",      // g
      "193.0.14.129",  "2001:7fd::1",           // k
  };
  std::vector<SocketAddress> sources;
  for (const std::string_view text : kAddresses) {
    const auto address = IpAddress::parse(text);
    assert(address);
    sources.emplace_back(*address, kPort);
  }
  return sources;
}

}  // namespace vouch
