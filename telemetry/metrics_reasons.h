// Reasons as label values.
#pragma once

#include <cstddef>
#include <string_view>

#include "resolver/wire/verdict.h"
#include "telemetry/taxonomy.h"

namespace vouch {

inline constexpr std::string_view kOtherLabel = "other";

// Whether data can be bogus for it. What else a verdict may name makes data insecure or indeterminate, and would be a
// series that stays at 0 for ever.
constexpr bool is_failure(Reason reason) noexcept {
  switch (reason) {
    case Reason::none:
    case Reason::nsec3_cost:
    case Reason::alg_unsupported:
    case Reason::ds_digest_unsupported:
    case Reason::negative_anchor:
    case Reason::no_anchor:
      return false;
    default:
      return true;
  }
}

inline std::string_view reason_label(Reason reason) noexcept {
  return reason == Reason::none ? "none" : reason_id(reason);
}
inline std::string_view evidence_label(Evidence evidence) noexcept {
  return kEvidenceIds[static_cast<std::size_t>(evidence)];
}

}  // namespace vouch
