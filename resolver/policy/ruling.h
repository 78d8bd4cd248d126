// What policy says of one query, and the interface of whatever says it: a block list, a response policy zone. A source
// of rules is consulted at named points only, each with the one thing that its rules look at there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "resolver/base/address.h"
#include "resolver/policy/hashed_name.h"
#include "resolver/policy/policy_options.h"
#include "resolver/wire/rrset.h"
#include "resolver/wire/types.h"

namespace vouch {

// Where rules are looked up. In this order a query comes by, but for the last three: those are looked at together,
// before an answer leaves, whether it was resolved or lay in the cache. Within one source an earlier point's rule wins.
enum class PolicyPoint : std::uint8_t {
  client,          // the client's address
  query_name,      // the name asked; and each name that an alias leads to
  answer_address,  // an address in the answer
  server_name,     // a name server of a zone on the way to the name
  server_address,  // that server's address
};

// A set of points.
class PolicyPoints {
 public:
  constexpr PolicyPoints() noexcept = default;
  constexpr PolicyPoints(std::initializer_list<PolicyPoint> points) noexcept {
    for (const PolicyPoint point : points) { add(point); }
  }
  constexpr void add(PolicyPoint point) noexcept { bits_ |= bit(point); }
  constexpr void add(PolicyPoints other) noexcept { bits_ |= other.bits_; }
  constexpr bool has(PolicyPoint point) const noexcept { return (bits_ & bit(point)) != 0; }
  constexpr bool has_after(PolicyPoint point) const noexcept { return bits_ >= bit(point) << 1U; }

 private:
  static constexpr unsigned bit(PolicyPoint point) noexcept { return 1U << static_cast<unsigned>(point); }
  unsigned bits_ = 0;
};

enum class PolicyAction : std::uint8_t {
  pass_on,     // no later rule counts: the answer is what it would be without policy
  name_error,  // NXDOMAIN
  no_data,     // NOERROR, and nothing
  drop,        // no answer at all
  truncate,    // over UDP an empty answer with TC; over connections it passes on
  local_data,  // the records of `data` in place of the real ones
  refuse,      // REFUSED
};
inline constexpr std::size_t kPolicyActions = 7;

// The place of a source among all of a Policy's: a lower one wins.
using PolicyRank = std::uint16_t;
inline constexpr PolicyRank kNoRank = 0xffff;  // behind all sources

// A small value. What it points to lies in its source, and so lives as long as the Policy that holds that.
struct Ruling {
  PolicyAction action = PolicyAction::pass_on;
  // RFC 8914: 15 blocked, 16 censored, 17 filtered; 4 forged answer where records take the place of others.
  std::optional<Ede> ede{};
  // For people and EXTRA-TEXT: the name that the rule is written under. The root: nothing is told.
  NameView rule{};
  // For local_data: sets of different types, whatever their owner: the name that the rule met takes its place. What the
  // client did not ask for is left out, so that a missing type is NODATA. A set of type CNAME is alone: the name is an
  // alias, and its target is looked up; with a wildcard as target ("*.garden.example.") the name stands for the "*".
  std::span<const RRsetPtr> data{};
  std::uint32_t ttl = 60;                   // seconds, of the SOA that is made up for a negative answer
  const RRset* additional = nullptr;        // for the additional section: the SOA of a policy zone; null: none
  std::uint32_t max_data_ttl = kNoCeiling;  // seconds, of `data`

  // Filled in by Policy.
  PolicyRank rank = kNoRank;
  PolicyPoint point = PolicyPoint::query_name;
};

// Immutable once it is part of a Policy, and then used by all workers at once: const members are thread-safe. They
// neither allocate nor block, for each stands in the way of every query; but for a policy zone whose matches are
// logged, which takes a lock for each match and writes a line as often as its limit lets it (RpzHits).
class RuleSource {
 public:
  virtual ~RuleSource() = default;

  // What it is called where people see it: printable ASCII, unique among a Policy's sources. A list's own name (at most
  // kMaxPolicyName octets), or "rpz:" and the name of a policy zone.
  virtual std::string_view name() const noexcept = 0;
  virtual PolicyPoints points() const noexcept = 0;  // at which it has rules; asked at no other

  virtual std::optional<Ruling> at_client(const IpAddress&) const noexcept { return std::nullopt; }
  virtual std::optional<Ruling> at_query_name(const HashedName&) const noexcept { return std::nullopt; }
  // Of all addresses of a set, or of all servers on the way, the source chooses whose rule counts.
  virtual std::optional<Ruling> at_answer_addresses(std::span<const IpAddress>) const noexcept { return std::nullopt; }
  virtual std::optional<Ruling> at_server_names(std::span<const NameView>) const noexcept { return std::nullopt; }
  virtual std::optional<Ruling> at_server_addresses(std::span<const IpAddress>) const noexcept { return std::nullopt; }
};

}  // namespace vouch
