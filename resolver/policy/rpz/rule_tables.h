// The two tables that a policy zone is made of: rules by name and rules by address. Filled by one thread, then
// immutable and shared. Built for millions of names: a rule takes its name's octets and about fifteen more.
//
// A value says what a rule does: 0 is "no rule", all else is the zone's business (resolver/policy/rpz/zone.h).
#pragma once

#include <bitset>
#include <map>
#include <memory>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/policy/hashed_name.h"

namespace vouch {

using RpzValue = std::uint32_t;
constexpr RpzValue kNoRpzRule = 0;

// Rules by name: each name has a value for itself and one for what is below it (`*.name`). An open-addressing table of
// offsets into an arena that never moves; beside it one octet of each name's hash, so that a name that is not here
// costs a glance at the tags and no way into the arena.
class RpzNameTable {
 public:
  // The arena: as much as 32-bit offsets reach. 100 million names of ordinary length.
  static constexpr std::size_t kMaxOctets = std::size_t{0xffff} << 16;

  struct Match {
    RpzValue value = kNoRpzRule;
    NameView name;             // the rule's, without asterisk; lies in the table
    bool is_wildcard = false;  // it matched what is below its name
  };
  // Exact before wildcard, and of wildcards the one with the most labels (section 5.3 of the draft).
  Match find(const HashedName& name) const noexcept;
  // Of this very rule. `name` is whole (HashedName::is_whole()), here and in set().
  RpzValue value_of(const HashedName& name, bool is_wildcard) const noexcept;

  bool set(const HashedName& name, bool is_wildcard, RpzValue value);  // false when there is no room left
  std::uint64_t rules() const noexcept { return rules_; }
  std::size_t memory() const noexcept;  // octets

 private:
  // An entry: length and labels of the name, its two values, the name.
  static constexpr std::size_t kFixed = 2 + 2 * sizeof(RpzValue);
  static constexpr std::size_t kChunk = std::size_t{1} << 16;
  static constexpr std::uint32_t kEmpty = 0xffffffff;

  static NameView name_at(const Octet* entry) noexcept { return NameView::trusted(entry + kFixed, entry[0], entry[1]); }
  static RpzValue value_at(const Octet* entry, bool is_wildcard) noexcept {
    RpzValue value = kNoRpzRule;
    std::memcpy(&value, entry + 2 + (is_wildcard ? sizeof value : 0), sizeof value);
    return value;
  }
  Octet* entry_of(std::uint32_t offset) const noexcept { return chunks_[offset >> 16].get() + (offset & 0xffffU); }
  Octet* lookup(NameView name, std::uint64_t hash) const noexcept;
  void grow();
  void enter(std::uint32_t offset, std::uint64_t hash) noexcept;

  std::vector<std::unique_ptr<Octet[]>> chunks_;
  std::size_t used_ = kChunk;  // of the last one
  std::vector<std::uint32_t> slots_;
  std::vector<Octet> tags_;
  std::size_t mask_ = 0;
  std::size_t names_ = 0;
  std::uint64_t rules_ = 0;
  std::bitset<HashedName::kMaxDepth + 1> wildcard_depths_;  // how many labels the names of wildcards have
};

// Rules by address, in levels of one prefix length each: a look-up is a binary search in each level there is, longest
// prefix first.
class RpzAddressTable {
 public:
  struct Match {
    RpzValue value = kNoRpzRule;
    Prefix prefix;
  };
  // Before settle().
  RpzValue value_of(const Prefix& prefix) const noexcept;  // of this very rule
  void set(const Prefix& prefix, RpzValue value);
  void settle();  // makes the levels

  Match find(const IpAddress& address) const noexcept;  // the longest prefix that holds it
  std::uint64_t rules() const noexcept { return rules_; }
  std::size_t memory() const noexcept;

 private:
  struct Level {
    Family family;
    std::uint8_t bits;
    std::vector<IpAddress> addresses;  // ascending
    std::vector<RpzValue> values;
  };
  std::map<Prefix, RpzValue> unsettled_;
  std::vector<Level> levels_;
  std::uint64_t rules_ = 0;
};

}  // namespace vouch
