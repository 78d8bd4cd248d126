// Connection ids as values and as keys of a table (RFC 9000 section 5.1). A client chooses its first one freely, so the
// table's hash is keyed.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <array>

#include "resolver/base/bytes.h"
#include "resolver/base/random.h"
#include "resolver/base/siphash.h"

namespace vouch {

class ConnectionId {
 public:
  // Of the ids that we give out. Eight octets suffice against chance; more leave room for the worker's number.
  static constexpr std::size_t kOurLength = 12;
  static constexpr std::size_t kLongest = NGTCP2_MAX_CIDLEN;

  constexpr ConnectionId() = default;
  explicit ConnectionId(Bytes octets) noexcept : length_(u8(std::min(octets.size(), kLongest))) {
    std::copy_n(octets.begin(), length_, octets_.begin());
  }
  explicit ConnectionId(const ngtcp2_cid& id) noexcept : ConnectionId(Bytes(id.data, id.datalen)) {}

  // A new one of ours. Its first octet, divided by the number of workers, leaves the worker's index: by that alone the
  // kernel knows whose socket a datagram belongs to (see worker_steering.h).
  static ConnectionId make(Random& random, unsigned worker, unsigned workers) {
    ConnectionId id;
    id.length_ = kOurLength;
    random.fill({id.octets_.data(), kOurLength});
    const unsigned choices = (kFirstOctets - 1 - worker) / workers + 1;
    id.octets_[0] = u8(worker + workers * random.below(choices));
    return id;
  }
  static constexpr unsigned kFirstOctets = 256;  // so many workers can be told apart at most

  Bytes octets() const noexcept { return {octets_.data(), length_}; }
  ngtcp2_cid raw() const noexcept {
    ngtcp2_cid id;
    ngtcp2_cid_init(&id, octets_.data(), length_);
    return id;
  }
  bool operator==(const ConnectionId&) const = default;

  struct Hash {
    std::size_t operator()(const ConnectionId& id) const noexcept { return siphash13(process_hash_key(), id.octets()); }
  };

 private:
  std::array<Octet, kLongest> octets_{};
  std::uint8_t length_ = 0;
};

}  // namespace vouch
