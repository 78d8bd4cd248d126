// How a cache tells that it forgets on purpose: a flush, another configuration. Whoever puts something in that was true
// before compares the count under the lock of the shard that it goes to: what came in too early is swept away with the
// rest, and what comes too late sees that the count has moved.
#pragma once

#include <atomic>
#include <cstdint>

namespace vouch {

// Lives while entries go. The count moves before the first and after the last of them, so that copies made meanwhile
// are void, too.
class Forgetting {
 public:
  explicit Forgetting(std::atomic<std::uint64_t>& generation) noexcept : generation_(generation) { move(); }
  Forgetting(const Forgetting&) = delete;
  Forgetting& operator=(const Forgetting&) = delete;
  ~Forgetting() { move(); }

 private:
  void move() noexcept { generation_.fetch_add(1, std::memory_order_acq_rel); }
  std::atomic<std::uint64_t>& generation_;
};

}  // namespace vouch
