// Seam: how the validator gets the DNSKEY and DS RRsets it climbs down on. The iterator implements it.
#pragma once

#include <vector>

#include "resolver/base/budget.h"
#include "resolver/base/task.h"
#include "resolver/wire/answer.h"

namespace vouch {

class Fetch {
 public:
  virtual ~Fetch() = default;
  // What servers say of that name and type, unchecked, from the cache where it is there. Aliases are not followed.
  // Spends from the client query's budget.
  virtual Task<Answer> fetch(Question question, Budget& budget) = 0;
  // Past the cache, and not from the servers listed (which must outlive the task): what they said did not hold. A
  // failure when no other server answers.
  virtual Task<Answer> fetch_elsewhere(Question question, const std::vector<IpAddress>& not_from, Budget& budget) = 0;
  // Whether servers of a zone of that name are known: where cuts are likely, on the way down.
  virtual bool is_known_cut(NameView name) const = 0;
};

}  // namespace vouch
