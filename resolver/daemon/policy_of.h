// The policy of a configuration: what it names, as that is now. Everything that says what clients may reach comes
// together here, in the order in which it takes precedence: the operator's own lists, then policy zones.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "conf/configuration.h"
#include "resolver/cache/caches.h"
#include "resolver/daemon/policy_lists.h"
#include "resolver/daemon/rpz_store.h"
#include "resolver/policy/policy.h"

namespace vouch {

using PolicyPtr = std::shared_ptr<const Policy>;

// Null: there is none. On failure a sentence for the operator. Policy zones are as `zones` has them: of a new
// configuration, RpzStore::read_all() comes first. Blocking, for seconds where a list of a million names has changed;
// not on a worker's thread.
std::expected<PolicyPtr, std::string> policy_of(const Configuration& configuration, PolicyLists& lists,
                                                const RpzStore& zones);

// Before workers use it: lets the caches keep what its rules look at. What was cached while no rule was about servers
// goes: nobody could tell any more from whom it came.
void prepare_caches_for(const PolicyPtr& policy, Caches& caches);

}  // namespace vouch
