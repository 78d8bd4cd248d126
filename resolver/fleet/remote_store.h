// Seam: a store of octets by key that is somewhere else, slow, hostile or gone, for all that is known here. The network
// is one implementation (transports/redis), a scripted store on virtual time another (tests/).
//
// One per worker; used on its thread alone.
#pragma once

#include <chrono>
#include <span>

#include "resolver/base/bytes.h"
#include "resolver/base/clock.h"
#include "resolver/base/task.h"

namespace vouch {

struct RemoteValue {
  enum class Status : std::uint8_t {
    found,
    absent,
    late,         // nothing came before the deadline
    unavailable,  // it is not there, breaks off, or takes no more questions
  };
  Status status = Status::unavailable;
  Buffer octets = {};  // of `found`: anybody's
};

class RemoteStore {
 public:
  // Octets of a value: more are neither stored nor taken.
  static constexpr std::size_t kMaxValue = 16 * 1024;

  virtual ~RemoteStore() = default;
  virtual bool is_ready() const noexcept = 0;
  // Ends at the deadline at the latest. Destroying the Task gives up the question. The key must live until then.
  virtual Task<RemoteValue> get(Bytes key, Instant deadline) = 0;
  // Nobody hears what becomes of these. False: not even sent, because the store is away or its queue is full.
  virtual bool put(Bytes key, Bytes value, std::chrono::milliseconds life) = 0;
  virtual bool remove(std::span<const Buffer> keys) = 0;
};

}  // namespace vouch
