#include "resolver/policy/rpz/rule.h"

#include <array>

namespace vouch {

std::string_view rpz_trigger_id(RpzTrigger trigger) noexcept {
  constexpr std::array<std::string_view, kRpzTriggers> kIds{"client_ip", "qname", "response_ip", "nsdname", "nsip"};
  return kIds[static_cast<std::size_t>(trigger)];
}

std::string_view rpz_action_id(RpzAction action) noexcept {
  constexpr std::array<std::string_view, kRpzActions> kIds{"nxdomain", "nodata",   "passthru",
                                                           "drop",     "tcp_only", "data"};
  return kIds[static_cast<std::size_t>(action)];
}

}  // namespace vouch
