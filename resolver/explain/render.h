// An explanation for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "resolver/explain/explanation.h"

namespace vouch {

// The fault in one sentence, then the chain with the fault marked (">>>"), the answer, the servers asked, the cache.
// Printable ASCII and line ends alone, whatever servers sent: fit for any terminal. Some kilooctets.
std::string explanation_text(const Explanation& explanation);

// docs/explain.md documents every member. Schema kExplanationSchema: members are added without a new number.
inline constexpr int kExplanationSchema = 1;
nlohmann::ordered_json explanation_json(const Explanation& explanation);

}  // namespace vouch
