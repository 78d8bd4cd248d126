#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/lab/catalogue.h"
#include "tests/lab/keys.h"
#include "tests/lab/outcome.h"
#include "tests/lab/zone.h"

namespace vouch::lab {

constexpr std::int64_t kDay = 24 * 60 * 60;
constexpr std::int64_t kSignatureLife = 30 * kDay;

struct ZoneKeys {
  Key ksk;  // the key of the DS; the only one when the zone has a single key
  std::optional<Key> zsk;
  std::vector<Rr> colliding;  // DNSKEYs without a private key, see breaker.h

  const Key& data_key() const { return zsk ? *zsk : ksk; }
};

// The keys of every zone, made when first asked for. Not for several threads at once.
class KeyStore {
 public:
  KeyStore(const Catalogue& catalogue, Seed seed) : catalogue_(catalogue), seed_(seed) {}

  Outcome<const ZoneKeys*> of(const std::string& apex);
  Outcome<const Key*> stranger_of(const std::string& apex);  // a key that the zone does not publish

  // The DS RRs that the parent holds for this zone, broken if the child's flaw says so.
  Outcome<std::vector<Rr>> ds_of(const ZoneSpec& child);

  const Seed& seed() const { return seed_; }

 private:
  const Catalogue& catalogue_;
  Seed seed_;
  std::map<std::string, ZoneKeys> keys_;
  std::map<std::string, Key> strangers_;
};

// Adds the zone's DNSKEYs, its denial chain and its signatures. `now` is in Unix seconds. Unsigned zones stay as they
// are. With `all_expired` the signatures ran out before now: the copy on a secondary that stopped transferring.
Outcome<void> sign_zone(Zone& zone, const ZoneSpec& spec, KeyStore& keys, std::int64_t now, bool all_expired);

}  // namespace vouch::lab
