#include "resolver/policy/name_table.h"

#include <algorithm>

namespace vouch {

namespace {

// Fuller, and a look-up for what is not there walks too far; emptier, and it costs memory for nothing.
constexpr std::size_t places_for(std::size_t names) noexcept { return names + names / 3 + 16; }

constexpr std::size_t kFirstPlaces = 1024;
constexpr std::size_t kFirstOctets = 65536;

__extension__ using Wide = unsigned __int128;

}  // namespace

static_assert(HashedName::kMaxDepth < 64, "a bit for each depth");

std::size_t NameTable::place_of(std::uint64_t hash) const noexcept {
  return static_cast<std::size_t>(Wide{hash} * places_ >> 64U);
}

NameView NameTable::name_at(std::uint32_t entry) const noexcept {
  const Octet* const octets = names_.data() + (entry & ~kBelow);
  std::size_t length = 0, labels = 0;
  for (; octets[length] != 0; length += octets[length] + std::size_t{1}) { ++labels; }
  return NameView::trusted(octets, u8(length + 1), u8(labels));
}

std::size_t NameTable::probe(std::uint64_t hash, NameView name) const noexcept {
  const Octet tag = tag_of(hash);
  const Bytes octets = name.octets();
  std::size_t place = place_of(hash);
  for (;; place = place + 1 == places_ ? 0 : place + 1) {
    const Octet here = tags_.data()[place];
    if (here == 0) { return place; }
    if (here != tag) { continue; }
    const std::size_t offset = entries()[place] & ~kBelow;
    // A name ends in its root label, so no other can begin with it.
    if (octets.size() <= used_ - offset && std::memcmp(names_.data() + offset, octets.data(), octets.size()) == 0) {
      return place;
    }
  }
}

void NameTable::index_anew(std::size_t places) {
  Pages index, tags;
  index.resize(places * sizeof(std::uint32_t));
  tags.resize(places);
  std::swap(index_, index);
  std::swap(tags_, tags);
  const std::size_t before = std::exchange(places_, places);
  const auto* const old = reinterpret_cast<const std::uint32_t*>(index.data());
  for (std::size_t i = 0; i < before; ++i) {
    if (tags.data()[i] == 0) { continue; }
    const HashedName name(name_at(old[i]));
    const std::uint64_t hash = name.hash(name.depth());
    const std::size_t place = probe(hash, name.name());
    entries()[place] = old[i];
    tags_.data()[place] = tag_of(hash);
  }
}

NameTable::Added NameTable::add(NameView name, NameReach reach) {
  const HashedName hashed(name);
  if (!hashed.is_whole()) { return Added::too_deep; }
  if (places_for(count_ + 1) > places_) { index_anew(std::max(kFirstPlaces, places_ * 2)); }
  const std::uint64_t hash = hashed.hash(hashed.depth());
  const NameView lower = hashed.name();
  const std::size_t place = probe(hash, lower);
  const std::uint32_t below = reach == NameReach::and_below ? kBelow : 0;
  if (tags_.data()[place] != 0) {
    entries()[place] |= below;
    return Added::known;
  }
  if (count_ == kMaxNames || used_ + lower.length() >= kMaxOctets) { return Added::full; }
  if (used_ + lower.length() > names_.size()) { names_.resize(std::max(kFirstOctets, names_.size() * 2)); }
  std::ranges::copy(lower.octets(), names_.data() + used_);
  entries()[place] = u32(used_) | below;
  tags_.data()[place] = tag_of(hash);
  used_ += lower.length();
  ++count_;
  depths_ |= std::uint64_t{1} << hashed.depth();
  return Added::yes;
}

void NameTable::finish() {
  if (count_ == 0) {
    *this = NameTable();
    return;
  }
  index_anew(places_for(count_));
  names_.resize(used_);
}

std::optional<NameView> NameTable::find(const HashedName& name) const noexcept {
  if (count_ == 0) { return std::nullopt; }
  for (std::size_t labels = name.depth() + 1; labels-- > 0;) {
    if ((depths_ >> labels & 1U) == 0) { continue; }
    const std::size_t place = probe(name.hash(labels), name.suffix(labels));
    if (tags_.data()[place] == 0) { continue; }
    const std::uint32_t entry = entries()[place];
    const bool is_whole = labels == name.depth() && name.is_whole();
    if (is_whole || (entry & kBelow) != 0) { return name_at(entry); }
  }
  return std::nullopt;
}

}  // namespace vouch
