// Very many names, packed: their octets one behind the other, and an index of 32-bit offsets beside it. Exact: a name
// is found when it is there and never otherwise. A million names of lists as people use them take some 33 MB.
//
// Built by one thread, name by name; immutable and free for all threads once finished.
#pragma once

#include <cstdint>
#include <optional>

#include "resolver/policy/hashed_name.h"
#include "resolver/policy/pages.h"

namespace vouch {

enum class NameReach : std::uint8_t {
  exact,      // the name alone
  and_below,  // and every name beneath it
};

class NameTable {
 public:
  static constexpr std::size_t kMaxNames = 20'000'000;  // twenty times what the largest public lists hold

  NameTable() = default;

  enum class Added : std::uint8_t { yes, known, too_deep, full };
  // `name` in any case. Throws std::bad_alloc.
  Added add(NameView name, NameReach reach);
  // After the last add(): gives back what growing took beyond need.
  void finish();

  // The entry with the most labels that `name` is at, or below and within reach of. Lies in the table. No allocation.
  std::optional<NameView> find(const HashedName& name) const noexcept;

  std::size_t size() const noexcept { return count_; }
  std::size_t memory() const noexcept { return names_.size() + index_.size() + tags_.size(); }  // octets

 private:
  static constexpr std::uint32_t kBelow = 1U << 31U;  // of an index entry: and_below; the rest is the offset
  static constexpr std::size_t kMaxOctets = kBelow;

  std::size_t place_of(std::uint64_t hash) const noexcept;
  static Octet tag_of(std::uint64_t hash) noexcept {
    return u8((hash & 0x7fU) | 0x80U);
  }  // never the 0 of a free place
  std::uint32_t* entries() const noexcept { return reinterpret_cast<std::uint32_t*>(index_.data()); }
  // The place where `name` is, or the free one where it belongs.
  std::size_t probe(std::uint64_t hash, NameView name) const noexcept;
  NameView name_at(std::uint32_t entry) const noexcept;
  void index_anew(std::size_t places);

  Pages names_;             // octets of names in wire form, in lower case
  std::size_t used_ = 0;    // of them
  Pages index_;             // 32-bit entries
  Pages tags_;              // an octet for each place: 0: free, else bits of the hash
  std::size_t places_ = 0;  // of the index; always more than there are names
  std::size_t count_ = 0;
  std::uint64_t depths_ = 0;  // bit n: there are names of n labels
};

}  // namespace vouch
