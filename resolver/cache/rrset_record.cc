#include "resolver/cache/rrset_record.h"

#include <algorithm>
#include <new>

#include "resolver/cache/heap_octets.h"

namespace vouch {

struct RRsetPayload::Box {
  RRsetPtr rrset;
  ProofsPtr proofs;
  std::uint8_t name_length = 0;  // 0: the RRset's owner is the name
  std::uint8_t name_labels = 0;
  // then: the name

  static std::uintptr_t make(NameView name, bool own_name, RRsetPtr&& rrset, ProofsPtr&& proofs) {
    const std::size_t length = own_name ? name.length() : 0;
    void* const memory = ::operator new(sizeof(Box) + length);
    Box* const box = ::new (memory) Box{std::move(rrset), std::move(proofs), u8(length), name.labels()};
    if (own_name) { std::copy_n(name.data(), length, reinterpret_cast<Octet*>(box + 1)); }
    return reinterpret_cast<std::uintptr_t>(memory) | 1;
  }
  NameView name() const noexcept {
    if (name_length == 0) { return rrset->owner(); }
    return NameView::trusted(reinterpret_cast<const Octet*>(this + 1), name_length, name_labels);
  }
};

RRsetPayload::RRsetPayload(RRsetPtr rrset) noexcept : word_(reinterpret_cast<std::uintptr_t>(rrset.detach())) {}

RRsetPayload::RRsetPayload(RRsetPtr rrset, ProofsPtr proofs) : word_(0) {
  if (proofs) {
    word_ = Box::make(NameView(), false, std::move(rrset), std::move(proofs));
  } else {
    word_ = reinterpret_cast<std::uintptr_t>(rrset.detach());
  }
}

RRsetPayload::RRsetPayload(NameView name, RRsetPtr soa, ProofsPtr proofs)
    : word_(Box::make(name, true, std::move(soa), std::move(proofs))) {}

RRsetPayload::~RRsetPayload() {
  if (word_ == 0) { return; }
  if (!is_box()) {
    plain().release();
    return;
  }
  Box* const box = const_cast<Box*>(&this->box());
  std::destroy_at(box);
  ::operator delete(box);
}

NameView RRsetPayload::name() const noexcept { return is_box() ? box().name() : plain().owner(); }
const RRset* RRsetPayload::rrset() const noexcept { return is_box() ? box().rrset.get() : &plain(); }
const ProofList* RRsetPayload::proofs() const noexcept { return is_box() ? box().proofs.get() : nullptr; }

std::size_t RRsetPayload::memory() const noexcept {
  if (!is_box()) { return plain().memory(); }
  // An SOA or a proof that several entries share is counted with each of them: the bound errs on the safe side.
  return heap_octets(&box()) + (box().rrset ? box().rrset->memory() : 0) + (box().proofs ? box().proofs->memory() : 0);
}

CacheEntry RRsetRecord::entry(std::int64_t seconds_left) const {
  CacheEntry entry;
  entry.kind = kind;
  entry.credibility = credibility;
  entry.security = security;
  entry.flaw = Flaw(reason, u8(fault_labels));
  entry.lifetime = ttl;
  entry.ttl = seconds_left > 0 ? static_cast<std::uint32_t>(seconds_left) : 0;
  entry.stale_for =
      seconds_left > 0 ? 0 : static_cast<std::uint32_t>(std::min<std::int64_t>(-seconds_left, UINT32_MAX));
  entry.rrset = RRsetPtr(payload.rrset());
  entry.proofs = ProofsPtr(payload.proofs());
  return entry;
}

ProofsPtr ProofList::make(std::vector<RRsetPtr> rrsets) {
  if (rrsets.empty() || rrsets.size() > kMaxProofs || std::ranges::any_of(rrsets, [](const auto& r) { return !r; })) {
    return nullptr;
  }
  auto* const list = new ProofList;
  rrsets.shrink_to_fit();
  list->rrsets_ = std::move(rrsets);
  return ProofsPtr(list);
}

std::size_t ProofList::memory() const noexcept {
  std::size_t sum = heap_octets(this) + heap_octets(rrsets_.data());
  for (const RRsetPtr& rrset : rrsets_) { sum += rrset->memory(); }
  return sum;
}

void ProofList::retain() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
void ProofList::release() const noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) { delete this; }
}

}  // namespace vouch
