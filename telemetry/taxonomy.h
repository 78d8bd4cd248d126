// How answers and failures are classed wherever they are told: metrics, the zone ledger, the pages, the history. The
// ids are stable: dashboards and files name them. docs/telemetry.md says what each figure proves, and what it does not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "resolver/wire/verdict.h"

namespace vouch {

// What an answer was worth when it went out to a client.
enum class Standing : std::uint8_t {
  secure,           // every part was proven genuine
  insecure,         // proven to be unsigned, or signed in a way that cannot be checked
  bogus,            // failed; withheld unless the client said CD or nothing is enforced
  indeterminate,    // no trust anchor covers the name
  negative_anchor,  // the operator has switched validation off here (RFC 7646)
  unchecked,        // nobody judged: validation is off, CD, refusals, local names, failures without data
};
inline constexpr std::size_t kStandings = 6;
inline constexpr std::array<std::string_view, kStandings> kStandingIds{"secure",        "insecure", "bogus",
                                                                       "indeterminate", "nta",      "unchecked"};

// Where an answer came from.
enum class AnswerSource : std::uint8_t { cache, recursion, stale, synthesised, local };
inline constexpr std::size_t kAnswerSources = 5;
inline constexpr std::array<std::string_view, kAnswerSources> kAnswerSourceIds{"cache", "recursion", "stale",
                                                                               "synthesized", "local"};

// How clients come; the order of ClientProtocol (resolver/front/query_sink.h).
inline constexpr std::size_t kTransports = 6;
inline constexpr std::size_t kFirstEncryptedTransport = 2;
inline constexpr std::array<std::string_view, kTransports> kTransportIds{"udp", "tcp", "dot", "doh", "doq", "doh3"};
inline constexpr std::array<std::string_view, 2> kFamilyIds{"4", "6"};

// Response codes that are told apart (RFC 1035, RFC 2136, RFC 7873); whatever else there is counts as the last.
inline constexpr std::size_t kRcodeClasses = 8;
inline constexpr std::array<std::string_view, kRcodeClasses> kRcodeIds{"noerror", "formerr", "servfail",  "nxdomain",
                                                                       "notimp",  "refused", "badcookie", "other"};
std::size_t rcode_class(Rcode rcode) noexcept;

// Mistake or attack, as far as the criteria of docs/telemetry.md allow to tell. Least to most grave.
enum class Evidence : std::uint8_t {
  error_shown,
  error_likely,
  undetermined,
  path_likely,
  forgery_likely,
  forgery_shown,
};
inline constexpr std::size_t kEvidences = 6;
inline constexpr std::array<std::string_view, kEvidences> kEvidenceIds{
    "error_shown", "error_likely", "undetermined", "path_likely", "forgery_likely", "forgery_shown"};
// What a verdict alone lets us say. The active second look, which could say more, is not built yet.
Evidence evidence_of(Reason reason) noexcept;

// Who can mend it, in the first place.
enum class Fixer : std::uint8_t { zone_operator, registrar, parent_operator, resolver_operator, network, nobody };
inline constexpr std::size_t kFixers = 6;
inline constexpr std::array<std::string_view, kFixers> kFixerIds{"zone_operator",     "registrar", "parent_operator",
                                                                 "resolver_operator", "network",   "nobody"};
Fixer fixer_of(Reason reason) noexcept;

// Names that are answered here and asked of nobody.
enum class SpecialName : std::uint8_t { private_reverse, localhost, home_arpa, internal, onion, invalid, test, other };
inline constexpr std::size_t kSpecialNames = 8;
inline constexpr std::array<std::string_view, kSpecialNames> kSpecialNameIds{
    "private_reverse", "localhost", "home_arpa", "internal", "onion", "invalid", "test", "other"};

// What a rule of policy does to an answer; the order of PolicyAction (resolver/policy/ruling.h).
inline constexpr std::size_t kPolicyActionClasses = 7;
inline constexpr std::array<std::string_view, kPolicyActionClasses> kPolicyActionIds{
    "pass", "nxdomain", "nodata", "drop", "truncate", "local_data", "refuse"};
// Lists and policy zones that have a counter of their own; the last one is everybody else's.
inline constexpr std::size_t kPolicySourceSlots = 48;

// Why an answer was made of expired data (RFC 8767).
enum class StaleCause : std::uint8_t {
  timeout,         // cache.serve_stale.client_timeout went by
  failure,         // its servers were asked for this client, and failed
  recent_failure,  // they failed, or took too long, a moment ago and are let rest
  at_once,         // client_timeout is 0: it is asked behind the answer
};
inline constexpr std::size_t kStaleCauses = 4;
inline constexpr std::array<std::string_view, kStaleCauses> kStaleCauseIds{"timeout", "failure", "recent_failure",
                                                                           "at_once"};

// How far up the tree a server stands: what it is shown tells how much others learn.
inline constexpr std::size_t kTreeLevels = 3;
inline constexpr std::array<std::string_view, kTreeLevels> kTreeLevelIds{"root", "tld", "other"};

// Of the cache that a fleet shares: what was wrong with an entry (SharedFlaw), and with the store
// (RedisStore::Failure).
inline constexpr std::array<std::string_view, 5> kSharedFlawIds{"forged", "malformed", "from_future", "ended",
                                                                "forgotten"};
inline constexpr std::array<std::string_view, 6> kStoreFailureIds{"unreachable", "untrusted", "rejected",
                                                                  "closed",      "silent",    "nonsense"};

// DNSSEC signature algorithms that are told apart, by IANA's number; the last stands for the rest.
inline constexpr std::size_t kAlgorithmClasses = 9;
inline constexpr std::array<std::uint8_t, kAlgorithmClasses - 1> kAlgorithmNumbers{5, 7, 8, 10, 13, 14, 15, 16};
inline constexpr std::array<std::string_view, kAlgorithmClasses> kAlgorithmIds{
    "RSASHA1", "RSASHA1-NSEC3-SHA1", "RSASHA256", "RSASHA512", "ECDSAP256SHA256", "ECDSAP384SHA384", "ED25519", "ED448",
    "other"};
constexpr std::size_t algorithm_class(std::uint8_t number) noexcept {
  for (std::size_t i = 0; i < kAlgorithmNumbers.size(); ++i) {
    if (kAlgorithmNumbers[i] == number) { return i; }
  }
  return kAlgorithmClasses - 1;
}

}  // namespace vouch
