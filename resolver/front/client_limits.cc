#include "resolver/front/client_limits.h"

#include "resolver/policy/client_prefix_hash.h"

namespace vouch {

ClientLimits::Say ClientLimits::judge(const ClientQuery& query, bool competes) noexcept {
  const IpAddress& client = query.client.ip();
  if (exempt_.admits(client)) { return Say::go_on; }
  const std::uint64_t prefix = client_prefix_hash(client, options_);
  if (competes && fair_share_.stands_back(prefix)) {
    counters_.stood_back.add();
    return Say::drop;
  }
  if (rates_.answers != nullptr && !rates_.answers->take(prefix, clock_.monotonic())) { return Say::prove; }
  return Say::go_on;
}

bool ClientLimits::may_slip() noexcept {
  counters_.rate_limited.add();
  if (options_.slip == 0 || ++unslipped_ < options_.slip) { return false; }
  unslipped_ = 0;
  return true;
}

bool ClientLimits::may_tell_error(const ClientQuery& query) noexcept {
  if (rates_.errors == nullptr || query.protocol != ClientProtocol::udp || exempt_.admits(query.client.ip())) {
    return true;
  }
  if (rates_.errors->take(client_prefix_hash(query.client.ip(), options_), clock_.monotonic())) { return true; }
  counters_.rate_limited.add();
  return false;
}

}  // namespace vouch
