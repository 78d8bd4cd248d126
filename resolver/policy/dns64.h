// DNS64 (RFC 6147): for clients that have IPv6 alone, names that have only IPv4 addresses get IPv6 addresses that lead
// through a translator (NAT64). Here is what is pure about it: addresses, sets, names. When it is done is the front's.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "resolver/policy/local_zones.h"
#include "resolver/policy/policy_options.h"
#include "resolver/wire/rrset.h"

namespace vouch {

class Dns64 {
 public:
  // The prefix must be one that a translator can have (translator_prefix_problem()).
  explicit Dns64(const Dns64Options& options);

  IpAddress embed(const IpAddress& ipv4) const noexcept;                   // RFC 6052 section 2.3
  std::optional<IpAddress> extract(const IpAddress& ipv6) const noexcept;  // nothing: not below the prefix
  bool is_translated(const IpAddress& ipv4) const noexcept;                // whether an AAAA is made for it

  // An AAAA set without records that count as not there (section 5.1.4); itself when there are none, null when nothing
  // is left.
  RRsetPtr without_excluded(const RRsetPtr& aaaa) const;
  // The AAAA set for an A set, `ttl` in seconds; null when none of its addresses is translated.
  RRsetPtr synthesise(const RRset& a, std::uint32_t ttl) const;

  // Names that have a meaning under DNS64 alone: ipv4only.arpa, by which hosts find the prefix (RFC 7050, RFC 8880),
  // and its way back. Nothing: any other name.
  std::optional<LocalAnswer> find(NameView name, Type type) const;
  // For a name of the prefix's reverse tree that stands for a whole address: an alias to the IPv4 address's own reverse
  // name (section 5.3.1). Null: it is none.
  RRsetPtr reverse_alias(NameView name) const;

  // Of synthesised records when the negative answer had no SOA to say (section 5.1.7).
  static constexpr std::uint32_t kTtlWithoutSoa = 600;

 private:
  Prefix prefix_;
  std::vector<Prefix> not_for_, exclude_;
  bool is_well_known_;
  Name reverse_;                             // the prefix's own name in ip6.arpa
  RRsetPtr well_known_a_, well_known_aaaa_;  // ipv4only.arpa's
  RRsetPtr well_known_soa_;
  std::array<RRsetPtr, 2> well_known_ptr_;
};

}  // namespace vouch
