// Seam: what a resolution sees of the cache that the nodes of a fleet share. It lies behind this node's own caches:
// asked where they know nothing, and told what was learnt. It can only help: whatever becomes of it, the resolution
// goes on.
//
// One per worker; used on its thread alone. Destroying a Task gives up what it waits for.
#pragma once

#include <span>

#include "resolver/base/clock.h"
#include "resolver/base/task.h"
#include "resolver/wire/answer.h"

namespace vouch {

// A place in the RRset cache: `type` as find() is asked for it.
struct CachePlace {
  Name name;
  Type type = Type::none;
};

class SharedCache {
 public:
  virtual ~SharedCache() = default;

  // Whether asking could bring anything at this moment. While the store is away this is all that a question costs.
  virtual bool is_within_reach() const noexcept = 0;
  // How long one resolution may wait here, all its aliases together.
  virtual Duration patience() const noexcept = 0;
  // True: what the fleet knows of this question lies in the caches now. Waits for `patience` at most, and takes what it
  // waited off it.
  virtual Task<bool> recall(Question question, Duration& patience) = 0;
  // What lies in these places is the answer to the question, or its part up to the next alias: it is handed to the
  // fleet, as far as it is fit for that. Waits for nothing.
  virtual void remember(const Question& question, std::span<const CachePlace> places) = 0;
};

}  // namespace vouch
