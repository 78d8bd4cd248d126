// Questions under resolution in the whole process, so that equal ones are resolved once whichever workers they came to.
// The first to ask leads and resolves; whoever asks meanwhile joins and gets the same answer, on its own worker's
// thread. Joining never makes a question younger (CVE-2026-42534), and a leader that is destroyed leaves its followers
// with SERVFAIL, not waiting.
//
// Thread-safe. Bounded by the workers: each lets in at most max_in_flight clients and as many resolutions.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/executor.h"
#include "resolver/front/limits.h"
#include "resolver/wire/answer.h"

namespace vouch {

using SharedAnswer = std::shared_ptr<const Answer>;
using ClientId = std::uint64_t;  // a client that waits at one worker; never used twice

// The way into a worker from other threads. Outlives the worker, then shut: what is handed in is dropped.
class WorkerDoor {
 public:
  using Deliver = std::function<void(std::span<const ClientId>, const Answer&)>;
  // `deliver` runs on the executor's thread alone.
  WorkerDoor(Executor& executor, Deliver deliver) : executor_(&executor), deliver_(std::move(deliver)) {}

  // Any thread: queued on the worker, which runs it later. `self` keeps the door alive until then.
  static void hand_in(const std::shared_ptr<WorkerDoor>& self, std::vector<ClientId> clients, SharedAnswer answer);
  // On the worker's thread: at once.
  void deliver_now(std::span<const ClientId> clients, const Answer& answer);
  void shut();  // on the worker's thread; `deliver` is not called after it

  // There was no memory to hand something in: some who wait at this worker are told by nobody. Any thread.
  void note_loss() noexcept { has_loss_.store(true, std::memory_order_relaxed); }
  bool take_loss() noexcept {
    return has_loss_.load(std::memory_order_relaxed) && has_loss_.exchange(false, std::memory_order_relaxed);
  }

 private:
  std::mutex mutex_;      // guards executor_: it may go away while another thread hands in
  Executor* executor_;    // null: shut
  Deliver deliver_;       // the worker's thread alone
  bool is_shut_ = false;  // the worker's thread alone
  std::atomic<bool> has_loss_{false};
};
using WorkerDoorPtr = std::shared_ptr<WorkerDoor>;

struct QuestionKey {
  Name name;
  Type type = Type::none;
  bool cd = false;
  friend bool operator==(const QuestionKey&, const QuestionKey&) = default;
  std::uint64_t hash() const noexcept;
};

class InFlight {
 public:
  enum class Role : std::uint8_t { leads, joined };

  // `leads`: the caller resolves, and calls finish() exactly once.
  Role join(const QuestionKey& question, const WorkerDoorPtr& door, ClientId client);
  // A refresh that nobody waits for: false when the question is under way already.
  bool lead(const QuestionKey& question);
  bool is_under_way(const QuestionKey& question);
  // Everyone who joined gets the answer; those at `own` before it returns. The question is free again.
  void finish(const QuestionKey& question, const WorkerDoor* own, SharedAnswer answer);

 private:
  struct Hash {
    std::size_t operator()(const QuestionKey& key) const noexcept { return key.hash(); }
  };
  struct Followers {
    WorkerDoorPtr door;
    std::vector<ClientId> clients;
  };
  using Entry = std::vector<Followers>;  // one element per worker: few
  struct Shard {
    std::mutex mutex;
    std::unordered_map<QuestionKey, Entry, Hash> questions;
  };
  Shard& shard_of(const QuestionKey& question) noexcept { return shards_[question.hash() >> 32 & (kShards - 1)]; }

  std::array<Shard, kShards> shards_;
};

// How many answers one unverified UDP source is waiting for, in all and for one question: what is released in one pulse
// is an attack on somebody whose address was forged (CVE-2024-33655, DNSBomb). Thread-safe. Sources are counted by
// keyed hash: a collision counts two as one, and nobody can aim at one.
class WaitingShares {
 public:
  struct Limits {
    std::uint32_t per_question;
    std::uint32_t per_client;
  };
  // Holds one place in both counts; gives it back when destroyed.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept
        : shares_(std::exchange(other.shares_, nullptr)), client_(other.client_), question_(other.question_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(shares_, other.shares_);
      std::swap(client_, other.client_);
      std::swap(question_, other.question_);
      return *this;
    }
    ~Place() {
      if (shares_ != nullptr) { shares_->give_back(client_, question_); }
    }

   private:
    friend class WaitingShares;
    Place(WaitingShares* shares, std::uint64_t client, std::uint64_t question) noexcept
        : shares_(shares), client_(client), question_(question) {}
    WaitingShares* shares_ = nullptr;
    std::uint64_t client_ = 0, question_ = 0;
  };
  // Nothing: no place is left.
  std::optional<Place> take(const IpAddress& client, const QuestionKey& question, const Limits& limits);

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::uint64_t, std::uint32_t> counts;
  };
  bool count_up(std::uint64_t key, std::uint32_t limit);
  void count_down(std::uint64_t key) noexcept;
  void give_back(std::uint64_t client, std::uint64_t question) noexcept;
  Shard& shard_of(std::uint64_t key) noexcept { return shards_[key >> 32 & (kShards - 1)]; }

  std::array<Shard, kShards> shards_;
};

}  // namespace vouch
