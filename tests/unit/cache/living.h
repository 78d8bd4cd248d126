// All that lives in an RRset cache, gathered step by step with no lock held.
#pragma once

#include <iterator>
#include <vector>

#include "resolver/cache/rrset_cache.h"

namespace vouch::samples {

inline std::vector<RRsetCache::Seen> living(const RRsetCache& cache, TtlTime now) {
  std::vector<RRsetCache::Seen> all, step;
  for (RRsetCache::Cursor cursor; cache.next(cursor, now, step);) {
    all.insert(all.end(), std::move_iterator(step.begin()), std::move_iterator(step.end()));
  }
  return all;
}

}  // namespace vouch::samples
