#include "resolver/daemon/fleet.h"

#include <utility>

#include "resolver/daemon/snapshot_grounds.h"

namespace vouch {

namespace {

RedisServer server_of(const SharedCacheOptions& options) {
  return {.peer = {options.server.front(), options.tls_name, options.tls_pins},
          .tls = options.tls,
          .authority_file = options.tls_ca_file,
          .database = options.database,
          .user = options.user,
          .password = options.password};
}

}  // namespace

std::expected<std::unique_ptr<Fleet>, std::string> Fleet::make(const Configuration& configuration) {
  const SharedCacheOptions& options = configuration.shared_cache;
  if (!options.is_on()) { return nullptr; }
  const auto keys = SharedKeys::make(options.secret);
  if (!keys) {
    return std::unexpected(
        "shared_cache: OpenSSL of this system refuses HMAC with SHA-256; mend its policy "
        "(openssl.cnf), or take shared_cache.server out");
  }
  return std::unique_ptr<Fleet>(new Fleet{.options = options, .keys = *keys, .forgotten = {}});
}

FleetMember::FleetMember(const Fleet& fleet, const OutgoingOptions& outgoing, EventLoop& loop, Random& random,
                         SharedCacheCounters& counters, bool tells)
    : fleet_(fleet),
      counters_(counters),
      store_(loop, server_of(fleet.options), outgoing.source_addresses, random, counters, tells) {}

std::expected<std::unique_ptr<FleetMember>, std::string> FleetMember::make(const Fleet& fleet,
                                                                           const OutgoingOptions& outgoing,
                                                                           EventLoop& loop, Random& random,
                                                                           SharedCacheCounters& counters, bool tells) {
  std::unique_ptr<FleetMember> made(new FleetMember(fleet, outgoing, loop, random, counters, tells));
  if (auto why = made->store_.prepare_tls()) { return std::unexpected("shared_cache: " + *why); }
  return made;
}

std::unique_ptr<FleetCache> FleetMember::cache_for(const Configuration& configuration, Caches& caches,
                                                   const TrustAnchors& anchors, const Clock& clock) {
  return std::make_unique<FleetCache>(FleetCacheParts{.store = store_,
                                                      .keys = fleet_.keys,
                                                      .forgotten = fleet_.forgotten,
                                                      .caches = caches,
                                                      .anchors = anchors,
                                                      .clock = clock,
                                                      .counters = counters_,
                                                      .breaker = breaker_,
                                                      .standing = standing_,
                                                      .grounds =
                                                          [&configuration](const AnchorSet& now) {
                                                            return snapshot_grounds(configuration.resolver,
                                                                                    configuration.dnssec, now);
                                                          },
                                                      .patience = fleet_.options.patience,
                                                      .validates = configuration.dnssec.mode != DnssecMode::off,
                                                      .signature_skew = configuration.dnssec.signature_skew});
}

}  // namespace vouch
