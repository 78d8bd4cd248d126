#include "resolver/cache/denial_zone.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "resolver/cache/heap_octets.h"

namespace vouch {

std::size_t most_heap_octets(std::size_t request) noexcept {
  constexpr std::size_t kMapped = 128 << 10;  // glibc gives larger requests pages of their own
  constexpr std::size_t kLargestPage = 64 << 10;
  constexpr std::size_t kHeader = 32;
  return request + kHeader + (request >= kMapped ? kLargestPage : 0);
}

DenialRanges::Place DenialRanges::first_after(NameView name) noexcept {
  return std::ranges::upper_bound(
      entries_, name, [](NameView a, NameView b) { return canonical_order(a, b) < 0; },
      [](const DenialEntry& entry) { return entry.rrset->owner(); });
}

DenialEntry* DenialRanges::at_or_before(NameView name, TtlTime now) noexcept {
  for (std::size_t met = 0; met <= kMaxExpiredMet && !entries_.empty(); ++met) {
    Place place = first_after(name);
    place = place == entries_.begin() ? entries_.end() - 1 : place - 1;
    if (place->left(now) > 0) { return &*place; }
    erase(place);
  }
  return nullptr;
}

std::size_t DenialRanges::growth() const noexcept {
  if (entries_.size() < entries_.capacity()) { return 0; }
  return most_heap_octets((entries_.size() + entries_.size() / 4 + 4) * sizeof(DenialEntry));
}

void DenialRanges::grow() {
  if (entries_.size() == entries_.capacity()) { entries_.reserve(entries_.size() + entries_.size() / 4 + 4); }
}

void DenialRanges::insert(DenialEntry entry) noexcept {
  assert(entries_.size() < entries_.capacity());
  held_ += entry.rrset->memory();
  const Place place = first_after(entry.rrset->owner());
  entries_.insert(place, std::move(entry));
}

void DenialRanges::erase(Place place) noexcept {
  held_ -= place->rrset->memory();
  entries_.erase(place);
}

std::optional<DenialEntry> DenialRanges::take(NameView owner) noexcept {
  const Place after = first_after(owner);
  if (after == entries_.begin() || (after - 1)->rrset->owner() != owner) { return std::nullopt; }
  DenialEntry taken = *(after - 1);
  erase(after - 1);
  return taken;
}

void DenialRanges::evict() noexcept {
  constexpr std::size_t kMaxPardons = 512;  // some microseconds; then the next goes, whether it has served or not
  for (std::size_t pardons = 0;; ++pardons) {
    if (hand_ >= entries_.size()) { hand_ = 0; }
    if (!entries_[hand_].visited || pardons == kMaxPardons) { break; }
    entries_[hand_].visited = false;
    ++hand_;
  }
  erase(entries_.begin() + static_cast<std::ptrdiff_t>(hand_));
}

void DenialRanges::remove_below(NameView name) noexcept {
  const Place after = first_after(name);
  const Place first = after == entries_.begin() ? after : after - 1;  // covers it, or is its own
  Place last = after;                                                 // all below a name follow it directly
  while (last != entries_.end() && last->rrset->owner().is_at_or_below(name)) { ++last; }
  for (Place place = first; place != last; ++place) { held_ -= place->rrset->memory(); }
  entries_.erase(first, last);
  hand_ = 0;
}

std::size_t DenialRanges::memory() const noexcept { return heap_octets(entries_.data()) + held_; }

void DenialRanges::swap(DenialRanges& other) noexcept {
  std::swap(entries_, other.entries_);
  std::swap(held_, other.held_);
  std::swap(hand_, other.hand_);
}

Nsec3Parameters::Nsec3Parameters(const Nsec3Range& range) noexcept
    : iterations(range.iterations), salt_size(u8(range.salt.size())) {
  std::ranges::copy(range.salt, salt_octets.begin());
}

bool Nsec3Parameters::operator==(const Nsec3Parameters& other) const noexcept {
  return iterations == other.iterations && std::ranges::equal(salt(), other.salt());
}

DenialZone::DenialZone(NameView apex, std::uint64_t apex_hash)
    : hash(apex_hash),
      apex_(std::make_unique<Octet[]>(apex.length())),
      apex_length_(apex.length()),
      apex_labels_(apex.labels()) {
  std::ranges::copy(apex.octets(), apex_.get());
}

std::size_t DenialZone::memory() const noexcept {
  return heap_octets(this) + heap_octets(apex_.get()) + heap_octets(parameters.get()) + nsec.memory() + nsec3.memory() +
         (soa.rrset ? soa.rrset->memory() : 0);
}

std::size_t DenialZone::memory_for(NameView apex) noexcept {
  return most_heap_octets(sizeof(DenialZone)) + most_heap_octets(apex.length());
}

}  // namespace vouch
