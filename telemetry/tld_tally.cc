#include "telemetry/tld_tally.h"

#include <algorithm>

namespace vouch {

TldTally::Slot* TldTally::find(NameView tld, std::uint64_t hash, bool may_enter) noexcept {
  // Without the root's octet; of the root itself nothing is left.
  const Bytes label = tld.octets().first(tld.length() - std::size_t{1});
  for (std::size_t at = hash & (kSlots - 1);; at = (at + 1) & (kSlots - 1)) {  // half of them are free
    Slot& slot = slots_[at];
    const std::uint64_t there = slot.hash.load(std::memory_order_relaxed);
    if (there == hash && same_ignoring_case(slot.label.data(), label.data(), label.size()) &&
        (!label.empty() || slot.label[0] == 0)) {
      return &slot;
    }
    if (there != 0) { continue; }
    if (!may_enter || used_ == kMaxTlds) { return nullptr; }
    std::ranges::copy(label, slot.label.begin());
    ++used_;
    slot.hash.store(hash, std::memory_order_release);
    return &slot;
  }
}

// Cheaper than a name's own hash, and for this table as good: what enters has data in the tree, and that nobody can
// choose. Short labels, which are nearly all, are one word.
std::uint64_t TldTally::hash_of(NameView tld) const noexcept {
  constexpr std::uint64_t kLowerCase =
      0x2020'2020'2020'2020U;                                // letters of both cases alike; some others, too: no harm
  const std::size_t length = tld.length() - std::size_t{1};  // with the label's length octet, without the root's
  std::uint64_t x = 0;
  if (length <= sizeof x) {
    std::memcpy(&x, tld.data(), length);
    x |= kLowerCase;
  } else {
    x = tld.hash(process_hash_key());
  }
  x = (x ^ seed_) * 0xff51afd7ed558ccdU;
  return (x ^ x >> 32U) | 1;  // never the 0 of a free slot
}

void TldTally::add(NameView name, Standing standing, bool has_data) noexcept {
  const NameView tld = name.suffix(1);
  Slot* const slot = find(tld, hash_of(tld), has_data);
  auto& counters = slot == nullptr ? rest_ : slot->answers;
  counters[static_cast<std::size_t>(standing)].add();
}

std::vector<TldTally::Row> TldTally::rows() const {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < kSlots; ++i) {
    const Slot& slot = slots_[i];
    if (slot.hash.load(std::memory_order_acquire) == 0) { continue; }
    Row& row = rows.emplace_back();
    const std::size_t length = slot.label[0];
    if (length > 0) { row.tld.prepend_label(Bytes(slot.label).subspan(1, length)); }
    row.tld.lower_case();
    for (std::size_t s = 0; s < kStandings; ++s) { row.answers[s] = slot.answers[s].value(); }
  }
  return rows;
}

}  // namespace vouch
