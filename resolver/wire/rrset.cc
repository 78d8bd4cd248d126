#include "resolver/wire/rrset.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdlib>
#include <new>

namespace vouch {

namespace {

constexpr std::size_t kPrefix = 2;  // each RDATA is stored behind its length

using Dropped = std::bitset<RRset::kMaxRecords>;

bool same_octets(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Any total order would do: the length settles most comparisons without a look at the octets.
int order_octets(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) { return a.size() < b.size() ? -1 : 1; }
  return a.empty() ? 0 : std::memcmp(a.data(), b.data(), a.size());
}

// Which RDATA repeat an earlier one. Few are compared pair by pair; many are sorted, since a hostile server chooses
// them.
Dropped find_duplicates(std::span<const Bytes> rdata) {
  constexpr std::size_t kFew = 8;
  Dropped dropped;
  if (rdata.size() <= kFew) {
    for (std::size_t i = 1; i < rdata.size(); ++i) {
      dropped[i] = std::ranges::any_of(rdata.first(i), [&](Bytes earlier) { return same_octets(earlier, rdata[i]); });
    }
    return dropped;
  }
  std::array<std::uint16_t, RRset::kMaxRecords> order;
  const std::span<std::uint16_t> sorted(order.data(), rdata.size());
  for (std::size_t i = 0; i < sorted.size(); ++i) { sorted[i] = u16(i); }
  std::ranges::sort(sorted, [&](std::uint16_t a, std::uint16_t b) {
    const int octets = order_octets(rdata[a], rdata[b]);
    return octets != 0 ? octets < 0 : a < b;
  });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    dropped[sorted[i]] = same_octets(rdata[sorted[i - 1]], rdata[sorted[i]]);
  }
  return dropped;
}

// Octets that the RDATA take when stored, or more than the limit as soon as it is passed.
std::size_t stored_size(std::span<const Bytes> rdata) noexcept {
  std::size_t size = 0;
  for (const Bytes one : rdata) {
    size += kPrefix + one.size();
    if (size > RRset::kMaxRRsetOctets) { break; }
  }
  return size;
}

Octet* store(std::span<const Bytes> rdata, const Dropped& dropped, Octet* to) noexcept {
  for (std::size_t i = 0; i < rdata.size(); ++i) {
    if (dropped[i]) { continue; }
    store16(to, u16(rdata[i].size()));
    if (!rdata[i].empty()) { std::memcpy(to + kPrefix, rdata[i].data(), rdata[i].size()); }
    to += kPrefix + rdata[i].size();
  }
  return to;
}

}  // namespace

RRset* RRset::allocate(NameView owner, std::size_t rdata_and_signatures) {
  void* const memory = std::malloc(sizeof(RRset) + owner.length() + rdata_and_signatures);
  if (memory == nullptr) { throw std::bad_alloc(); }
  auto* const rrset = ::new (memory) RRset;
  rrset->owner_length_ = owner.length();
  rrset->owner_labels_ = owner.labels();
  std::memcpy(rrset->mutable_data(), owner.data(), owner.length());
  return rrset;
}

RRsetPtr RRset::make(NameView owner, Type type, std::uint32_t ttl, std::span<const Bytes> rdata,
                     std::span<const Bytes> signatures) {
  if (rdata.empty() || rdata.size() > kMaxRecords || signatures.size() > kMaxSignatures) { return {}; }
  const std::size_t most = stored_size(rdata) + stored_size(signatures);
  if (owner.length() + most > kMaxRRsetOctets) { return {}; }
  const Dropped dropped = find_duplicates(rdata);
  const Dropped dropped_signatures = find_duplicates(signatures);
  std::size_t size = most;
  for (std::size_t i = 0; i < rdata.size(); ++i) { size -= dropped[i] ? kPrefix + rdata[i].size() : 0; }
  for (std::size_t i = 0; i < signatures.size(); ++i) {
    size -= dropped_signatures[i] ? kPrefix + signatures[i].size() : 0;
  }
  RRset* const rrset = allocate(owner, size);
  rrset->type_ = type;
  rrset->ttl_ = ttl;
  rrset->count_ = u16(rdata.size() - dropped.count());
  rrset->signature_count_ = u8(signatures.size() - dropped_signatures.count());
  Octet* const records = rrset->mutable_data() + owner.length();
  Octet* const records_end = store(rdata, dropped, records);
  Octet* const signatures_end = store(signatures, dropped_signatures, records_end);
  rrset->rdata_size_ = u16(static_cast<std::size_t>(records_end - records));
  rrset->signatures_size_ = u16(static_cast<std::size_t>(signatures_end - records_end));
  return RRsetPtr(rrset);
}

RRsetPtr RRset::copy(NameView owner, std::uint32_t ttl) const {
  const std::size_t size = std::size_t{rdata_size_} + signatures_size_;
  if (owner.length() + size > kMaxRRsetOctets) { return {}; }
  RRset* const rrset = allocate(owner, size);
  rrset->type_ = type_;
  rrset->ttl_ = ttl;
  rrset->count_ = count_;
  rrset->signature_count_ = signature_count_;
  rrset->rdata_size_ = rdata_size_;
  rrset->signatures_size_ = signatures_size_;
  std::memcpy(rrset->mutable_data() + owner.length(), data() + owner_length_, size);
  return RRsetPtr(rrset);
}

RRsetPtr RRset::with_ttl(std::uint32_t ttl) const { return copy(owner(), ttl); }
RRsetPtr RRset::with_owner(NameView owner) const { return copy(owner, ttl_); }

Bytes RRset::Iterator::operator*() const noexcept { return {at_ + kPrefix, load16(at_)}; }
RRset::Iterator& RRset::Iterator::operator++() noexcept {
  at_ += kPrefix + load16(at_);
  return *this;
}

RRset::Range RRset::rdata() const noexcept {
  const Octet* const begin = data() + owner_length_;
  return {Iterator(begin), Iterator(begin + rdata_size_)};
}

RRset::Range RRset::signatures() const noexcept {
  const Octet* const begin = data() + owner_length_ + rdata_size_;
  return {Iterator(begin), Iterator(begin + signatures_size_)};
}

bool RRset::same_data(const RRset& other) const noexcept {
  if (type_ != other.type_ || count_ != other.count_ || rdata_size_ != other.rdata_size_ || owner() != other.owner()) {
    return false;
  }
  if (std::memcmp(data() + owner_length_, other.data() + other.owner_length_, rdata_size_) == 0) { return true; }
  if (count_ == 1) { return false; }
  std::array<Bytes, kMaxRecords> ours, theirs;
  const auto sorted = [](const RRset& rrset, std::array<Bytes, kMaxRecords>& into) {
    std::ranges::copy(rrset.rdata().begin(), rrset.rdata().end(), into.begin());
    const std::span<Bytes> all(into.data(), rrset.count());
    std::ranges::sort(all, [](Bytes a, Bytes b) { return order_octets(a, b) < 0; });
    return all;
  };
  return std::ranges::equal(sorted(*this, ours), sorted(other, theirs), same_octets);
}

std::size_t RRset::memory() const noexcept {
  // glibc keeps one word in front of what it hands out.
  return malloc_usable_size(const_cast<RRset*>(this)) + sizeof(std::size_t);
}

void RRset::release() const noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) { return; }
  this->~RRset();
  std::free(const_cast<RRset*>(this));
}

}  // namespace vouch
