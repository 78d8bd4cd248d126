// Where the name suffixes of a message under construction lie, for compression (RFC 1035 section 4.1.4). A trie by
// labels: an entry is one label and the entry of the suffix behind it, so that a look-up compares each label once.
//
// Invariants: entries stand in the order of writing, so rewind() pops from the end; an entry's parent stands before it.
// Limits: kEntries suffixes and kProbes steps for a whole message (CVE-2024-8508): beyond them names are written less
// compressed, never slower. Nothing is cleared before the first look-up, so an answer that never compresses pays
// nothing.
#pragma once

#include <array>
#include <cstdint>

#include "resolver/wire/name.h"

namespace vouch {

class SuffixTable {
 public:
  using Entry = std::uint8_t;
  static constexpr Entry kRoot = 0xff;  // the empty suffix, and "not found"

  SuffixTable() noexcept {}  // leaves the arrays as they are: see started()

  bool started() const noexcept { return started_; }
  void start() noexcept {
    slots_.fill(0);
    count_ = 0;
    started_ = true;
  }
  // The entry for `label` (its length octet included) in front of `parent`; kRoot when there is none.
  Entry find(Bytes message, Entry parent, Bytes label) noexcept;
  // Adds what find() has just not found; it lies at `offset`. kRoot when it cannot be added.
  Entry add(Entry parent, Bytes label, std::size_t offset) noexcept;
  std::uint16_t offset(Entry entry) const noexcept { return entries_[entry].offset; }
  // Forgets whatever lies at or behind `offset`.
  void rewind(std::size_t offset) noexcept;

 private:
  static constexpr std::size_t kEntries = 128;
  static constexpr std::size_t kSlots = 256;         // twice the entries: short probes
  static constexpr std::size_t kMaxOffset = 0x4000;  // a pointer has 14 bits
  static constexpr std::uint32_t kProbes = 16384;    // some 4000 names of four labels: 0.1 ms

  struct Suffix {
    std::uint16_t offset;
    std::uint16_t tag;
    Entry parent;
    std::uint8_t slot;
  };
  static std::uint64_t hash(Entry parent, Bytes label) noexcept;

  std::uint32_t probes_left_ = kProbes;
  std::uint8_t count_ = 0;
  bool started_ = false;
  std::array<std::uint8_t, kSlots> slots_;  // an entry's number plus one; 0: free
  std::array<Suffix, kEntries> entries_;
};

}  // namespace vouch
