// Response Policy Zones (draft-vixie-dnsop-dns-rpz): the words of a rule. A rule is a trigger, the owner name of
// records in the policy zone, and an action, what those records say.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "resolver/wire/rrset.h"

namespace vouch {

// In the order in which they take precedence within one zone (section 5.4 of the draft).
enum class RpzTrigger : std::uint8_t {
  client_ip,    // rpz-client-ip: who asks
  qname,        // what is asked for, and what its aliases lead to
  response_ip,  // rpz-ip: an address in the answer
  nsdname,      // rpz-nsdname: the name of a server of the zone, or of one above it
  nsip,         // rpz-nsip: such a server's address
};
constexpr std::size_t kRpzTriggers = 5;

enum class RpzAction : std::uint8_t {
  nxdomain,  // CNAME .
  nodata,    // CNAME *.
  passthru,  // CNAME rpz-passthru., or in the old form the trigger itself: the answer stays as it is
  drop,      // CNAME rpz-drop.
  tcp_only,  // CNAME rpz-tcp-only.: over UDP an empty answer with TC; elsewhere as passthru
  data,      // any other records: the answer's own, a CNAME among them
};
constexpr std::size_t kRpzActions = 6;

std::string_view rpz_trigger_id(RpzTrigger trigger) noexcept;  // "client_ip": stable, metrics and the log name them
std::string_view rpz_action_id(RpzAction action) noexcept;     // "tcp_only"

// What a rule answers with (RpzAction::data). Immutable; shared by all rules that say the same.
struct RpzData {
  // One for each type, under the root's name; a CNAME is alone. As its target, *.garden. lets the name asked for take
  // the place of the asterisk.
  std::vector<RRsetPtr> sets;
};

}  // namespace vouch
