#include "resolver/wire/suffix_table.h"

#include "resolver/wire/name_kernels.h"

namespace vouch {

namespace {
constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15U;  // 2^64 divided by the golden ratio: spreads the low bits upwards
constexpr std::uint8_t slot_of(std::uint64_t hash) noexcept { return u8(hash >> 56); }
constexpr std::uint16_t tag_of(std::uint64_t hash) noexcept { return u16(hash >> 40 & 0xffff); }
}  // namespace

// Without a key: whoever makes names collide here only spends the probes and gets a longer message.
std::uint64_t SuffixTable::hash(Entry parent, Bytes label) noexcept {
  std::uint64_t hash = (parent + std::uint64_t{1}) * kOdd;
  const Octet* at = label.data();
  std::size_t left = label.size();
  for (; left >= 8; at += 8, left -= 8) {
    hash = (hash ^ kernels::fold(kernels::load_little<std::uint64_t>(at))) * kOdd;
    hash ^= hash >> 32;
  }
  hash = (hash ^ kernels::fold(kernels::load_tail(at, left))) * kOdd;
  return (hash ^ hash >> 32) * kOdd;
}

SuffixTable::Entry SuffixTable::find(Bytes message, Entry parent, Bytes label) noexcept {
  const std::uint64_t hash = SuffixTable::hash(parent, label);
  for (std::uint8_t slot = slot_of(hash); probes_left_ > 0 && slots_[slot] != 0; slot = u8(slot + 1U)) {
    --probes_left_;
    const Entry entry = u8(slots_[slot] - 1U);
    const Suffix& suffix = entries_[entry];
    if (suffix.tag == tag_of(hash) && suffix.parent == parent && message[suffix.offset] == label[0] &&
        kernels::same_folded(message.data() + suffix.offset, label.data(), label.size())) {
      return entry;
    }
  }
  return kRoot;
}

SuffixTable::Entry SuffixTable::add(Entry parent, Bytes label, std::size_t offset) noexcept {
  if (count_ == kEntries || offset >= kMaxOffset) { return kRoot; }
  const std::uint64_t hash = SuffixTable::hash(parent, label);
  std::uint8_t slot = slot_of(hash);
  while (slots_[slot] != 0) {  // ends: half of the slots are free
    if (probes_left_ == 0) { return kRoot; }
    --probes_left_;
    slot = u8(slot + 1U);
  }
  entries_[count_] = {u16(offset), tag_of(hash), parent, slot};
  slots_[slot] = u8(count_ + 1U);
  return count_++;
}

void SuffixTable::rewind(std::size_t offset) noexcept {
  // Last in, first out: whatever was placed around an entry because its slot was taken is gone before the entry is.
  while (count_ > 0 && entries_[count_ - 1U].offset >= offset) { slots_[entries_[--count_].slot] = 0; }
}

}  // namespace vouch
