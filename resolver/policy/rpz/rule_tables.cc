#include "resolver/policy/rpz/rule_tables.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr std::size_t kFirstSlots = 64;

// Never 0, which is an empty slot's. The slot is chosen by the low bits.
Octet tag_of(std::uint64_t hash) noexcept { return u8(hash >> 56 | 1U); }

}  // namespace

// --------------------------------------------------------------------------------------------------------------- names

Octet* RpzNameTable::lookup(NameView name, std::uint64_t hash) const noexcept {
  if (slots_.empty()) { return nullptr; }
  const Octet tag = tag_of(hash);
  for (std::size_t slot = hash & mask_; tags_[slot] != 0; slot = (slot + 1) & mask_) {
    if (tags_[slot] != tag) { continue; }
    Octet* const entry = entry_of(slots_[slot]);
    if (name_at(entry) == name) { return entry; }
  }
  return nullptr;
}

RpzNameTable::Match RpzNameTable::find(const HashedName& name) const noexcept {
  if (names_ == 0) { return {}; }
  std::size_t labels = name.depth();
  if (name.is_whole()) {
    const Octet* const entry = lookup(name.name(), name.hash(labels));
    if (entry != nullptr && value_at(entry, false) != kNoRpzRule) {
      return {value_at(entry, false), name_at(entry), false};
    }
  } else {
    ++labels;  // deeper than any rule's name: what is hashed is above it
  }
  while (labels-- > 0) {
    if (!wildcard_depths_.test(labels)) { continue; }
    const Octet* const entry = lookup(name.suffix(labels), name.hash(labels));
    if (entry != nullptr && value_at(entry, true) != kNoRpzRule) {
      return {value_at(entry, true), name_at(entry), true};
    }
  }
  return {};
}

RpzValue RpzNameTable::value_of(const HashedName& name, bool is_wildcard) const noexcept {
  const Octet* const entry = lookup(name.name(), name.hash(name.depth()));
  return entry == nullptr ? kNoRpzRule : value_at(entry, is_wildcard);
}

void RpzNameTable::enter(std::uint32_t offset, std::uint64_t hash) noexcept {
  std::size_t slot = hash & mask_;
  while (tags_[slot] != 0) { slot = (slot + 1) & mask_; }
  slots_[slot] = offset;
  tags_[slot] = tag_of(hash);
}

void RpzNameTable::grow() {
  const std::size_t size = std::max(kFirstSlots, slots_.size() * 2);
  std::vector<std::uint32_t> old(size, kEmpty);
  std::vector<Octet> tags(size, Octet{0});
  old.swap(slots_);
  tags_.swap(tags);
  mask_ = size - 1;
  for (const std::uint32_t offset : old) {
    if (offset == kEmpty) { continue; }
    const HashedName name(name_at(entry_of(offset)));
    enter(offset, name.hash(name.depth()));
  }
}

bool RpzNameTable::set(const HashedName& hashed, bool is_wildcard, RpzValue value) {
  const NameView name = hashed.name();
  const std::uint64_t hash = hashed.hash(hashed.depth());
  Octet* entry = lookup(name, hash);
  if (entry == nullptr) {
    if ((names_ + 1) * 4 > slots_.size() * 3) { grow(); }
    const std::size_t size = kFixed + name.length();
    if (used_ + size > kChunk) {
      if ((chunks_.size() + 1) * kChunk > kMaxOctets) { return false; }
      chunks_.push_back(std::make_unique<Octet[]>(kChunk));
      used_ = 0;
    }
    entry = chunks_.back().get() + used_;
    entry[0] = name.length();
    entry[1] = name.labels();
    std::ranges::copy(name.octets(), entry + kFixed);
    enter(u32((chunks_.size() - 1) << 16 | used_), hash);
    used_ += size;
    ++names_;
  }
  rules_ += value_at(entry, is_wildcard) == kNoRpzRule ? 1 : 0;
  std::memcpy(entry + 2 + (is_wildcard ? sizeof value : 0), &value, sizeof value);
  if (is_wildcard) { wildcard_depths_.set(name.labels()); }
  return true;
}

std::size_t RpzNameTable::memory() const noexcept {
  return chunks_.size() * kChunk + slots_.capacity() * sizeof(std::uint32_t) + tags_.capacity();
}

// ----------------------------------------------------------------------------------------------------------- addresses

RpzAddressTable::Match RpzAddressTable::find(const IpAddress& address) const noexcept {
  for (const Level& level : levels_) {
    if (level.family != address.family()) { continue; }
    const Prefix prefix(address, level.bits);
    const auto found = std::ranges::lower_bound(level.addresses, prefix.address());
    if (found == level.addresses.end() || *found != prefix.address()) { continue; }
    return {level.values[static_cast<std::size_t>(found - level.addresses.begin())], prefix};
  }
  return {};
}

RpzValue RpzAddressTable::value_of(const Prefix& prefix) const noexcept {
  const auto found = unsettled_.find(prefix);
  return found == unsettled_.end() ? kNoRpzRule : found->second;
}

void RpzAddressTable::set(const Prefix& prefix, RpzValue value) { unsettled_[prefix] = value; }

void RpzAddressTable::settle() {
  levels_.clear();
  rules_ = unsettled_.size();
  const auto level_of = [&](Family family, std::uint8_t bits) -> Level& {
    for (Level& level : levels_) {
      if (level.family == family && level.bits == bits) { return level; }
    }
    return levels_.emplace_back(Level{family, bits, {}, {}});
  };
  for (const auto& [prefix, value] : unsettled_) {  // ascending by address
    Level& level = level_of(prefix.address().family(), prefix.bits());
    level.addresses.push_back(prefix.address());
    level.values.push_back(value);
  }
  unsettled_.clear();
  std::ranges::sort(levels_, [](const Level& a, const Level& b) { return a.bits > b.bits; });
  for (Level& level : levels_) {
    level.addresses.shrink_to_fit();
    level.values.shrink_to_fit();
  }
}

std::size_t RpzAddressTable::memory() const noexcept {
  std::size_t octets = 0;
  for (const Level& level : levels_) {
    octets += level.addresses.capacity() * sizeof(IpAddress) + level.values.capacity() * sizeof(RpzValue);
  }
  return octets;
}

}  // namespace vouch
