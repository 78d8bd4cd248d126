#include "resolver/iterate/shared_exchanges.h"

#include <new>

namespace vouch {

// Lives on its worker's thread but for `executor`, which the landing thread reads. The slot is filled there alone.
struct SharedExchanges::Follower {
  explicit Follower(Executor& home) : executor(home) {}
  Executor& executor;
  OneShot<ExchangeResult> slot;
  void arrive(const ExchangeResult& result) {
    if (!slot.is_set()) { slot.set(result); }
  }
};

struct SharedExchanges::Flight {
  std::vector<std::weak_ptr<Follower>> followers;  // weak: one that gave up is skipped
};

std::size_t SharedExchanges::KeyHash::operator()(const Key& key) const noexcept {
  const SipKey& secret = process_hash_key();
  const std::uint64_t name = key.name.view().hash(secret);
  const std::uint64_t zone = key.zone.view().hash(secret);
  return name ^ (zone << 1 | zone >> 63) ^ (static_cast<std::uint64_t>(key.type) * 0x9e3779b97f4a7c15U);
}

SharedExchanges::Ticket SharedExchanges::join(const Key& key, Executor& executor) {
  Ticket ticket(*this, key, executor);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.flights.find(key);
  if (found == shard.flights.end()) {
    if (shard.flights.size() < kMaxFlights / kShards) {
      ticket.flight_ = std::make_shared<Flight>();
      shard.flights.emplace(key, ticket.flight_);
    }
    return ticket;
  }
  if (found->second->followers.size() < kMaxFollowers) {
    ticket.follower_ = std::make_shared<Follower>(executor);
    found->second->followers.push_back(ticket.follower_);
  }
  return ticket;
}

std::size_t SharedExchanges::in_flight() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    count += shard.flights.size();
  }
  return count;
}

void SharedExchanges::land(const Key& key, const std::shared_ptr<Flight>& flight, const ExchangeResult& result) {
  std::vector<std::weak_ptr<Follower>> followers;
  {
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.flights.find(key);
    if (found != shard.flights.end() && found->second == flight) { shard.flights.erase(found); }
    followers.swap(flight->followers);
    // Posted under the lock: a follower withdraws under it too, so no executor is called that has gone.
    for (const auto& weak : followers) {
      const auto follower = weak.lock();
      if (follower == nullptr) { continue; }
      try {
        follower->executor.post([weak, result] {
          if (const auto still_there = weak.lock()) { still_there->arrive(result); }
        });
      } catch (const std::bad_alloc&) {
        // whose patience then ends by itself (Ticket::wait)
      }
    }
  }
}

SharedExchanges::Ticket::~Ticket() {
  if (flight_) { land({}); }
  if (follower_) {
    const std::lock_guard lock(exchanges_->shard_of(key_).mutex);
    follower_.reset();
  }
}

void SharedExchanges::Ticket::land(const ExchangeResult& result) {
  if (const auto flight = std::move(flight_)) {
    flight_ = nullptr;
    exchanges_->land(key_, flight, result);
  }
}

Task<ExchangeResult> SharedExchanges::Ticket::wait(Duration at_most) {
  const std::weak_ptr<Follower> weak = follower_;
  const auto timer = executor_->after(at_most, [weak] {
    if (const auto follower = weak.lock()) { follower->arrive({}); }
  });
  co_return co_await follower_->slot;
}

}  // namespace vouch
