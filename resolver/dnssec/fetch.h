// Seam: how the validator gets the DNSKEY and DS RRsets it climbs down on. The iterator implements it.
#pragma once

#include "resolver/base/budget.h"
#include "resolver/base/task.h"
#include "resolver/wire/answer.h"

namespace vouch {

class Fetch {
 public:
  virtual ~Fetch() = default;
  // The RRset of that name and type as servers gave it, from the cache where it is there. Spends from the client
  // query's budget.
  virtual Task<Answer> fetch(Question question, Budget& budget) = 0;
};

}  // namespace vouch
