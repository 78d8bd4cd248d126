// Which of our addresses a question leaves from: one of the server's family, drawn anew each time, so that more than
// one configured address is more for a forger to guess.
#pragma once

#include <span>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/random.h"

namespace vouch {

class SourceAddresses {
 public:
  explicit SourceAddresses(std::span<const IpAddress> configured) {
    for (const IpAddress& address : configured) { (address.is_v4() ? v4_ : v6_).push_back(address); }
  }
  bool any_for(const IpAddress& server) const noexcept { return !of(server).empty(); }
  // The unspecified address when none of the server's family is configured.
  IpAddress draw(const IpAddress& server, Random& random) const {
    const auto& ours = of(server);
    if (ours.empty()) { return server.is_v4() ? IpAddress() : IpAddress::v6(kAnyV6); }
    return ours.size() == 1 ? ours.front() : ours[random.below(static_cast<std::uint32_t>(ours.size()))];
  }

 private:
  static constexpr Octet kAnyV6[16] = {};
  const std::vector<IpAddress>& of(const IpAddress& server) const noexcept { return server.is_v4() ? v4_ : v6_; }
  std::vector<IpAddress> v4_;
  std::vector<IpAddress> v6_;
};

}  // namespace vouch
