// The policy of a configuration: what it names, as that is now. Everything that says what clients may reach comes
// together here, in the order in which it takes precedence.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "conf/configuration.h"
#include "resolver/daemon/policy_lists.h"
#include "resolver/policy/policy.h"

namespace vouch {

using PolicyPtr = std::shared_ptr<const Policy>;

// Null: there is none. On failure a sentence for the operator. Blocking, for seconds where a file of a million names
// has changed; not on a worker's thread.
std::expected<PolicyPtr, std::string> policy_of(const Configuration& configuration, PolicyLists& lists);

}  // namespace vouch
