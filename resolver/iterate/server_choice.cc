#include "resolver/iterate/server_choice.h"

#include <algorithm>

namespace vouch {

void ServerChoice::add(const SocketAddress& server, bool configured) {
  if (std::ranges::find(unwanted_, server.ip()) != unwanted_.end()) { return; }
  const bool known =
      std::ranges::any_of(candidates_, [&](const Candidate& candidate) { return candidate.server == server; });
  if (!known && candidates_.size() < kMaxAddresses) { candidates_.push_back({server, 0, configured}); }
}

// A root server that the operator named may be asked wherever it is, also when priming has told of it again.
bool ServerChoice::is_root_hint(const IpAddress& address) const {
  if (!zone_.view().is_root()) { return false; }
  return std::ranges::any_of(options_.root_hints, [&](const RootHint& hint) {
    return std::ranges::find(hint.addresses, address) != hint.addresses.end();
  });
}

void ServerChoice::add_learnt(const IpAddress& address) {
  if (address.is_v4() ? !options_.ipv4 : !options_.ipv6) { return; }
  if (address.is_unusable_server()) { return; }
  if (address.is_loopback() && !options_.ask_loopback && !is_root_hint(address)) { return; }
  add(SocketAddress(address, options_.upstream_port), false);
}

void ServerChoice::add_configured(const SocketAddress& address) { add(address, true); }

void ServerChoice::rule_out(const SocketAddress& server) {
  for (Candidate& candidate : candidates_) {
    if (candidate.server == server) { candidate.tries = kMaxTriesPerAddress; }
  }
}

std::optional<ServerChoice::Pick> ServerChoice::next(ServerCache& servers, Instant now, Random& random) {
  struct Option {
    std::size_t index;
    int tries;
    Duration cost;
  };
  std::vector<Option> open;
  std::vector<std::size_t> silent;
  std::vector<std::size_t> doubtful;  // lame by what is remembered, or silent but named by the operator
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const Candidate& candidate = candidates_[i];
    if (candidate.tries >= kMaxTriesPerAddress) { continue; }
    const IpAddress& ip = candidate.server.ip();
    const ServerState state = servers.find(ip, now);
    if (state.silent) {
      if (state.silent_until <= now) {
        silent.push_back(i);
      } else if (candidate.configured) {
        doubtful.push_back(i);
      }
      continue;
    }
    if (!candidate.configured && servers.is_lame(ip, zone_, now)) {
      doubtful.push_back(i);
      continue;
    }
    // A little noise, so that equals share the work.
    const Duration rtt = state.known ? state.smoothed_rtt + state.timeouts * ServerCache::kFirstTimeout : kUnknownRtt;
    open.push_back({i, candidate.tries, rtt + std::chrono::microseconds(random.below(1000))});
  }
  // A dead server that is back must be noticed even while others answer; else the silent are for when nobody else is
  // left.
  const bool explore = random.below(kExploreOneIn) == 0;
  if (open.empty() || explore) {
    while (!silent.empty()) {
      const std::size_t at = random.below(static_cast<std::uint32_t>(silent.size()));
      const std::size_t index = silent[at];
      silent.erase(silent.begin() + static_cast<std::ptrdiff_t>(at));
      candidates_[index].tries = kMaxTriesPerAddress;
      if (servers.claim_probe(candidates_[index].server.ip(), now)) { return Pick{candidates_[index].server, 0}; }
    }
  }
  if (!open.empty()) {
    const int fewest = std::ranges::min_element(open, {}, &Option::tries)->tries;
    std::erase_if(open, [fewest](const Option& option) { return option.tries > fewest; });
    const Option picked = explore ? open[random.below(static_cast<std::uint32_t>(open.size()))]
                                  : *std::ranges::min_element(open, {}, &Option::cost);
    return Pick{candidates_[picked.index].server, candidates_[picked.index].tries++};
  }
  // One odd reply makes no server useless for good: before giving up, each of these is asked once.
  if (!doubtful.empty()) {
    const std::size_t index = doubtful[random.below(static_cast<std::uint32_t>(doubtful.size()))];
    candidates_[index].tries = kMaxTriesPerAddress;
    return Pick{candidates_[index].server, 0};
  }
  return std::nullopt;
}

}  // namespace vouch
