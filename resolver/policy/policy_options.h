// What the operator says about what clients may and may not reach; conf/vouch.yaml documents each key, docs/policy.md
// tells how they go together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/policy/local_data_options.h"
#include "resolver/wire/name.h"

namespace vouch {

// The longest name of a list or a view, in octets.
inline constexpr std::size_t kMaxPolicyName = 64;
// A list holds no deeper name: each look-up hashes every suffix of what is asked for, up to here (hashed_name.h).
inline constexpr std::size_t kMaxListedLabels = 32;

enum class ListFormat : std::uint8_t {
  automatic,  // told from each line
  hosts,      // "0.0.0.0 name name...": each name, and nothing below it
  domains,    // a name in each line, and all below it
  adblock,    // "||name^": the name and all below it; "@@||name^" is let through; other filters are passed over
};

enum class ListAction : std::uint8_t { nxdomain, nodata, null_address, refuse, allow };

// Why a name is on a list, for the client's extended error (RFC 8914 sections 4.16 to 4.18).
enum class ListReason : std::uint8_t { blocked, filtered, censored };

struct PolicyListOptions {
  std::string name;  // 1 to 64 of [a-z0-9_-]
  std::string file;  // absolute once loaded
  ListFormat format = ListFormat::automatic;
  ListAction action = ListAction::nxdomain;
  ListReason reason = ListReason::blocked;
  bool everyone = true;  // false: for the views that name it alone
};

struct Dns64Options {  // RFC 6147
  bool enabled = false;
  Prefix prefix;  // of a length of RFC 6052 section 2.2; 64:ff9b::/96 by default
  // IPv4 addresses for which no AAAA is made: those behind the translator that it cannot reach.
  std::vector<Prefix> not_for;
  // AAAA records that count as if they were not there.
  std::vector<Prefix> exclude;
  Dns64Options() : prefix(*Prefix::parse("64:ff9b::/96")), exclude{*Prefix::parse("::ffff:0:0/96")} {}
};

// Why no translator can have this prefix (RFC 6052 section 2.2), for the operator: "has ..."; nothing: it can.
inline std::optional<std::string> translator_prefix_problem(const Prefix& prefix) {
  constexpr std::size_t kReserved = 8;  // bits 64 to 71
  if (prefix.address().is_v4()) { return "is an IPv4 prefix"; }
  const unsigned bits = prefix.bits();
  if (bits != 96 && (bits < 32 || bits > 64 || bits % 8 != 0)) {
    return "has a length other than 32, 40, 48, 56, 64 or 96 (RFC 6052 section 2.2)";
  }
  if (prefix.address().octets()[kReserved] != 0) { return "has bits 64 to 71 not zero (RFC 6052 section 2.2)"; }
  return std::nullopt;
}

struct RebindingOptions {
  bool enabled = false;
  std::vector<Name> allowed;  // names, with all below them, that may have private addresses
};

// Clients for whom something is different. What is left out is as for everyone.
struct ViewOptions {
  std::string name{};  // 1 to 64 of [a-z0-9_-]
  std::vector<Prefix> clients{};
  std::optional<std::vector<std::string>> lists{};  // names of lists that hold in place of everyone's
  std::vector<Name> allow{};                        // beside everyone's
  std::vector<Name> block{};
  std::optional<bool> rebinding_protection{};
  std::optional<bool> dns64{};
  LocalDataOptions local_data{};  // of this only zones and records; looked up before everyone's
};

struct PolicyOptions {
  std::vector<PolicyListOptions> lists;
  // Of allow and block, here and in views, no name has more than kMaxListedLabels labels.
  std::vector<Name> allow;  // with all below: no list and no policy zone blocks them
  std::vector<Name> block;
  std::uint32_t blocked_ttl = 60;  // seconds that clients may keep the word that a name is blocked
  RebindingOptions rebinding;
  Dns64Options dns64;
  std::vector<ViewOptions> views;

  // Nothing is said that would change an answer.
  bool empty() const noexcept {
    return lists.empty() && allow.empty() && block.empty() && views.empty() && !rebinding.enabled && !dns64.enabled;
  }

  static constexpr std::size_t kMaxLists = 64;
  static constexpr std::size_t kMaxViews = 250;  // a finished answer knows its view by one octet
};

}  // namespace vouch
