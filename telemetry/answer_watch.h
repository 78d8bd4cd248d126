// A look at answers as they are given, for the operator who is looking this very moment (vouchctl top and trace), and
// for nobody else: while nobody looks nothing is kept, and it costs a worker one load for each answer. Clients are not
// in it.
//
// One per worker. The worker's thread calls note(); one other thread everything else. A bounded queue between them:
// what comes faster than it is taken, or in the moment of the taking, is dropped and counted. The worker never waits.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"
#include "telemetry/taxonomy.h"

namespace vouch {

struct AnswerEvent {
  AnswerSource source = AnswerSource::local;
  Standing standing = Standing::unchecked;
  NameView name = {};  // asked for
  Rcode rcode = Rcode::no_error;
  Type type = Type::none;             // asked for; none: there was no question
  Reason reason = Reason::none;       // why it is not secure, where there is more to say than "unsigned"
  NameView zone = {};                 // then: the zone at fault
  std::optional<Duration> took = {};  // of what had to be resolved
};

struct WatchedAnswer {
  std::chrono::system_clock::time_point when;
  Name name, zone;
  std::optional<Duration> took;
  Rcode rcode = Rcode::no_error;
  Type type = Type::none;
  AnswerSource source = AnswerSource::local;
  Standing standing = Standing::unchecked;
  Reason reason = Reason::none;
};

class AnswerWatch {
 public:
  // Taken ten times a second: 5,000 answers a second are seen whole, of more a sample. Half a KiB each.
  static constexpr std::size_t kCapacity = 512;

  bool is_on() const noexcept { return is_on_.load(std::memory_order_relaxed); }
  void note(const AnswerEvent& event) noexcept;

  void start();  // throws std::bad_alloc
  void stop() noexcept;
  struct Taken {
    std::vector<WatchedAnswer> answers;  // what the last take() gave may be handed in again: its memory is used
    std::uint64_t dropped = 0;           // since the last take()
  };
  void take(Taken& taken);

 private:
  std::atomic<bool> is_on_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::mutex mutex_;                    // guards answers_; the worker only tries it
  std::vector<WatchedAnswer> answers_;  // room for kCapacity while it is on: adding to it allocates nothing
};

}  // namespace vouch
