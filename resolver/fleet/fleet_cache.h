// The shared cache on a remote store: what goes in, what may come out, and when to leave it alone. See shared_cache.h.
//
// Stored: what lies in this node's RRset cache as the answer to a client's question, judged good or unsigned (or by
// nobody, where nobody judges), for at least kLeastLife more seconds. Never what failed, never what policy made of it:
// policy has its say behind this, at each node for itself. Not asked while policy looks at the servers that an answer
// came from, which the store does not know.
//
// One per worker and configuration; used on its thread alone.
#pragma once

#include <functional>
#include <optional>

#include "resolver/cache/caches.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/fleet/breaker.h"
#include "resolver/fleet/forgotten.h"
#include "resolver/fleet/remote_store.h"
#include "resolver/fleet/shared_cache.h"
#include "resolver/fleet/shared_entry.h"
#include "telemetry/counters.h"

namespace vouch {

// On what grounds the worker's latest cache stands, whatever the configuration.
struct FleetStanding {
  std::optional<SnapshotGrounds> grounds = {};
  Instant quiet_until{};  // until then what comes into the caches may rest on former grounds: nothing is stored
};

// All of it outlives the cache.
struct FleetCacheParts {
  RemoteStore& store;
  const SharedKeys& keys;
  const Forgotten& forgotten;
  Caches& caches;
  const TrustAnchors& anchors;
  const Clock& clock;
  SharedCacheCounters& counters;
  Breaker& breaker;  // the store's, whatever the configuration
  FleetStanding& standing;
  std::function<SnapshotGrounds(const AnchorSet&)> grounds;
  Duration patience{};
  bool validates = true;             // what nobody has judged is neither stored nor taken
  std::uint32_t signature_skew = 0;  // seconds that a signature's window is stretched by
};

class FleetCache final : public SharedCache {
 public:
  static constexpr std::uint32_t kLeastLife = 5;  // seconds: less than that, and nobody else is likely to ask in time

  explicit FleetCache(FleetCacheParts parts) : parts_(std::move(parts)) {}

  bool is_within_reach() const noexcept override {
    return parts_.store.is_ready() && parts_.breaker.may_ask(parts_.clock.monotonic()) &&
           !parts_.caches.keeps_answers_within_delegations.load(std::memory_order_relaxed);
  }
  Duration patience() const noexcept override { return parts_.patience; }
  Task<bool> recall(Question question, Duration& patience) override;
  void remember(const Question& question, std::span<const CachePlace> places) override;
  // Takes a name out of the store, for the whole fleet: under this type, or under those that clients ask for.
  void remove(NameView name, Type type);

 private:
  std::optional<SharedKeys::Digest> digest_of(NameView name, Type type);
  bool take(const Question& question, const SharedKeys::Digest& digest, Bytes octets, std::uint64_t as_of);
  std::optional<SharedFlaw> flaw_of(const Question& question, OpenedEntry& entry, std::uint64_t as_of) const;
  bool put(const KeptEntry& set, TtlTime now, std::uint64_t as_of);
  std::optional<KeptEntry> fit_to_store(const CachePlace& place, TtlTime now) const;

  FleetCacheParts parts_;
  AnchorSetPtr anchors_;  // that grounds_ were made with; null: none yet
  SnapshotGrounds grounds_;
};

}  // namespace vouch
