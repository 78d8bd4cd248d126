// A delegation as the cache keeps it: one allocation of some 200 octets, where the Delegation that callers work with
// takes 2 KiB (a Name is 257 octets, so that it can live on the stack). A cut is unpacked only on the way to the
// network, where a microsecond is nothing; ten times as many cuts fit.
#pragma once

#include <atomic>

#include "resolver/base/intrusive.h"
#include "resolver/cache/delegation_cache.h"

namespace vouch {

class PackedDelegation;
using PackedDelegationPtr = Shared<const PackedDelegation>;

// Immutable, counted: it is unpacked with no lock held.
class PackedDelegation {
 public:
  static PackedDelegationPtr pack(const Delegation& delegation);
  DelegationPtr unpack() const;

  NameView zone() const noexcept { return NameView::trusted(data(), zone_length_, zone_labels_); }
  // Whether both name the same servers, in whatever order; addresses do not matter.
  bool same_servers(const PackedDelegation& other) const noexcept;
  std::size_t memory() const noexcept;
  void retain() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const noexcept;

 private:
  PackedDelegation() = default;
  const Octet* data() const noexcept { return reinterpret_cast<const Octet*>(this + 1); }

  mutable std::atomic<std::uint32_t> references_{0};
  std::uint32_t ttl_ = 0;
  std::uint8_t zone_length_ = 1;
  std::uint8_t zone_labels_ = 0;
  std::uint8_t server_count_ = 0;
  // then: the zone's name, and per server: length and labels of its name, the name, the number of addresses, and per
  // address the number of its octets (4 or 16) and the octets
};

}  // namespace vouch
