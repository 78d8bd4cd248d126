// Whom to ask next: the addresses of one zone cut during one question. Prefers the server that answers fastest, looks
// at the others now and then, leaves out the silent and the lame while there is anybody else, and asks nobody more than
// kMaxTriesPerAddress times. Pure but for the server cache it reads.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "resolver/base/random.h"
#include "resolver/cache/server_cache.h"
#include "resolver/iterate/resolver_options.h"

namespace vouch {

class ServerChoice {
 public:
  static constexpr std::size_t kMaxAddresses = 26;    // per question: twice 13 names (PowerDNS visits as many)
  static constexpr int kMaxTriesPerAddress = 3;       // RFC 9520 section 3.1
  static constexpr std::uint32_t kExploreOneIn = 20;  // so often somebody else than the fastest is asked
  // What an unknown server counts as: nearer than a far one, farther than a near one.
  static constexpr Duration kUnknownRtt = std::chrono::milliseconds(120);

  // Addresses in `unwanted`, which must outlive this, are never picked.
  ServerChoice(const ResolverOptions& options, NameView zone, std::span<const IpAddress> unwanted = {})
      : options_(options), zone_(zone), unwanted_(unwanted) {}

  // Learnt addresses are filtered by family and policy, configured ones are not. Duplicates are dropped.
  void add_learnt(const IpAddress& address);
  void add_configured(const SocketAddress& address);

  struct Pick {
    SocketAddress server;
    int earlier_tries = 0;  // of this server for this question
  };
  // Nothing: nobody is left that is worth asking now. A silent server is picked by the one query that gets to probe it,
  // seldom while others are left; a lame one, or a silent one that the operator named, once and last of all.
  std::optional<Pick> next(ServerCache& servers, Instant now, Random& random);
  // It was no use for this question (it answered, but badly): not again.
  void rule_out(const SocketAddress& server);
  std::size_t size() const noexcept { return candidates_.size(); }

 private:
  struct Candidate {
    SocketAddress server;
    int tries = 0;
    bool configured = false;
  };
  void add(const SocketAddress& server, bool configured);
  bool is_root_hint(const IpAddress& address) const;

  const ResolverOptions& options_;
  Name zone_;
  std::span<const IpAddress> unwanted_;
  std::vector<Candidate> candidates_;
};

}  // namespace vouch
