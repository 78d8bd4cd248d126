// One policy zone: its rules as a compact, immutable structure, made record by record from zone-file text
// (resolver/policy/rpz/text.h) or from a zone that was transferred. A change makes a new one, off the workers' threads.
//
// A rule that cannot be understood is counted and told with its place, and never stops the zone: what the others
// protect from is worth more than being strict with one. What makes the whole zone worthless does: no SOA, or too
// large.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "resolver/policy/rpz/owner.h"
#include "resolver/policy/rpz/rule_tables.h"

namespace vouch {

// What a zone was made from.
struct RpzReport {
  static constexpr std::size_t kMaxTold = 20;  // problems in words; the rest are counted
  struct Problem {
    std::uint64_t place = 0;  // line of the file, or number of the record in the transfer
    std::string text;
  };
  std::uint64_t records = 0;      // all that came
  std::uint64_t ignored = 0;      // no rules by their nature: NS at the apex, the zone's own DNSSEC records
  std::uint64_t out_of_zone = 0;  // dropped
  std::uint64_t malformed = 0;    // addresses that are none
  std::uint64_t unsupported = 0;  // triggers, actions and types that are not known here; names of too many labels
  std::uint64_t conflicting = 0;  // beside a CNAME at the same owner, or a second one
  std::vector<Problem> problems;

  std::uint64_t skipped() const noexcept { return out_of_zone + malformed + unsupported + conflicting; }
};

// The rule that a look-up found. Points into its zone.
struct RpzHit {
  RpzTrigger trigger = RpzTrigger::qname;
  RpzAction action = RpzAction::nxdomain;
  const RpzData* data = nullptr;  // of RpzAction::data
  // The rule, for those who tell of it: a name without its asterisk, or a prefix.
  NameView name;
  bool is_wildcard = false;
  Prefix prefix;

  std::string text() const;  // "*.bad.example.", "192.0.2.0/24"
};

class RpzZone {
 public:
  // The largest public feeds have ten million.
  static constexpr std::uint64_t kMaxRules = 50'000'000;

  const Name& name() const noexcept { return name_; }
  const RRset& soa() const noexcept { return *soa_; }
  std::uint32_t serial() const noexcept;
  const RpzReport& report() const noexcept { return report_; }
  std::uint64_t rules(RpzTrigger trigger) const noexcept;
  std::uint64_t rules() const noexcept;
  bool has(RpzTrigger trigger) const noexcept { return rules(trigger) != 0; }
  std::size_t memory() const noexcept;  // octets

  // Each takes what one trigger is about. Of several addresses the one with the longest matching prefix wins (IPv4
  // counts as mapped into ::ffff:0:0/96), then the smallest; of several names the first in DNSSEC's order (sections 5.5
  // to 5.7 of the draft).
  std::optional<RpzHit> find_client(const IpAddress& client) const noexcept;
  std::optional<RpzHit> find_name(const HashedName& name) const noexcept;
  std::optional<RpzHit> find_addresses(RpzTrigger trigger, std::span<const IpAddress> addresses) const noexcept;
  std::optional<RpzHit> find_servers(std::span<const NameView> servers) const noexcept;

 private:
  friend class RpzZoneBuilder;
  RpzZone() = default;
  RpzHit hit(RpzTrigger trigger, RpzValue value) const noexcept;
  RpzHit hit(RpzTrigger trigger, const RpzNameTable::Match& match) const noexcept;
  const RpzNameTable& names(RpzTrigger trigger) const noexcept {
    return trigger == RpzTrigger::nsdname ? nsdnames_ : qnames_;
  }
  const RpzAddressTable& addresses(RpzTrigger trigger) const noexcept;

  Name name_;
  RRsetPtr soa_;
  RpzNameTable qnames_, nsdnames_;
  RpzAddressTable client_ips_, response_ips_, nsips_;
  std::vector<RpzData> data_;
  RpzReport report_;
  std::size_t data_octets_ = 0;
};
using RpzZonePtr = std::shared_ptr<const RpzZone>;

class RpzZoneBuilder {
 public:
  explicit RpzZoneBuilder(NameView zone);
  // A record of the zone, uncompressed. `place`: where it stands, for those who must find it.
  void add(NameView owner, Type type, std::uint32_t ttl, Bytes rdata, std::uint64_t place);
  // The zone; or why there is none. The builder is done with then.
  std::expected<RpzZonePtr, std::string> finish();

 private:
  struct StringHash {
    std::size_t operator()(const std::string& text) const noexcept {
      return siphash13(process_hash_key(), bytes_of(text));
    }
  };
  // Sets of records are kept once, however many rules say the same: a feed sends a million names to one garden. They
  // grow record by record, and each set on the way to the last goes with its last rule: an owner of n records would
  // leave n of them, of n^2 / 2 records, behind.
  using Known = std::unordered_map<std::string, RpzValue, StringHash>;
  struct RecordSet {
    const std::string* text = nullptr;  // the key in known_; null: free
    std::uint64_t rules = 0;            // that have it
  };

  void tell(std::uint64_t& counter, std::uint64_t place, NameView owner, std::string_view problem);
  void add_rule(const RpzOwner& owner, NameView name, Type type, std::uint32_t ttl, Bytes rdata, std::uint64_t place);
  RpzValue with_record(RpzValue value, Type type, std::uint32_t ttl, Bytes rdata);
  bool is_this_alone(RpzValue value, Type type, std::uint32_t ttl, Bytes rdata) const;
  void use(RpzValue value);
  void leave(RpzValue value);
  bool has_alias(RpzValue value) const;
  bool make_data();
  RpzAddressTable& addresses(RpzTrigger trigger) noexcept;

  std::unique_ptr<RpzZone> zone_;
  Known known_;
  std::vector<RecordSet> records_;  // by value
  std::vector<RpzValue> free_;      // values that no rule has any more
  std::uint64_t rules_ = 0;
  std::string error_;  // what ends it
};

}  // namespace vouch
