// What goes from the caches when rules change, told once for all who change them.
#pragma once

#include "resolver/cache/caches.h"
#include "resolver/dnssec/trust_cache.h"

namespace vouch {

// What rests on how the zone, and all below it, was judged; and failures that it is to blame for, wherever they were
// met. Finished answers go with the records (RRsetCache::generation()). Any thread; walks the caches, so not a
// worker's.
inline void forget_judgements(Caches& caches, TrustCache& trust, NameView zone) {
  trust.remove_below(zone);
  caches.denials.remove_below(zone);
  caches.rrsets.remove_below(zone);
  caches.failures.remove_below(zone);
  caches.failures.remove_blamed_on(zone);
}

}  // namespace vouch
