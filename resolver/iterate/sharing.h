// What a step of a client's resolution has to do with the cache that the fleet shares: which sets in this node's cache
// are its outcome.
#pragma once

#include <vector>

#include "resolver/fleet/shared_cache.h"
#include "resolver/iterate/classify.h"

namespace vouch {

// Where StepCache::store() keeps what the response says, in the order in which they lead from one to the next.
std::vector<CachePlace> places_of(const Question& question, const Response& response);

}  // namespace vouch
