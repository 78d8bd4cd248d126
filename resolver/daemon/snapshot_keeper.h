// Keeps the cache's snapshot (resolver/cache/snapshot.h): takes up the last one behind the start, while clients are
// served already, and writes it from time to time, on command, and at the end. On a thread of its own, which waits
// twice as long as it has had a processor, so that a worker's core is not taken from it. Where memory runs out a
// snapshot is left out, and the next one may succeed.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "resolver/base/log.h"
#include "resolver/base/random.h"
#include "resolver/cache/snapshot.h"
#include "resolver/daemon/snapshot_file.h"

namespace vouch {

class SnapshotKeeper {
 public:
  // What may change while the process runs.
  struct Terms {
    SnapshotOptions options;
    SnapshotGrounds grounds;
    bool proofs = true;                // whether proven gaps are of use
    std::uint32_t max_stale = 0;       // seconds; 0: nothing that has ended is of use
    std::uint32_t signature_skew = 0;  // seconds
  };
  struct Parts {
    Caches& caches;
    const Clock& clock;
    // Of the moment; called on the keeper's thread. The options are asked for every minute, the terms only where a
    // snapshot is taken up or written: their fingerprints cost something.
    std::function<SnapshotOptions()> options;
    std::function<Terms()> terms;
  };
  // Why nothing was written, or how much was.
  using Outcome = std::expected<SnapshotWritten, std::string>;
  using Done = std::move_only_function<void(const Outcome&)>;

  // The parts outlive the keeper.
  explicit SnapshotKeeper(Parts parts) : parts_(std::move(parts)) {}
  ~SnapshotKeeper();
  SnapshotKeeper(const SnapshotKeeper&) = delete;
  SnapshotKeeper& operator=(const SnapshotKeeper&) = delete;

  // As the user who serves, before vouchd confines itself, and before anybody can have the caches flushed: what is
  // forgotten later does not come back.
  void prepare() {
    machine_ = MachineFacts::read();
    as_of_ = parts_.caches.generations();
  }
  void start();
  // Any thread. `done` is called on the keeper's; whoever asks while one is being written gets the next one. Not called
  // when the keeper ends first.
  void save_now(Done done);
  // Writes the last one and ends. After `patience` the process ends instead: a disk that hangs must not keep it.
  void finish(Duration patience);

  // How long the kernel is given to learn the time, where the machine has been started anew: within it time servers
  // have been found, or are not there; later the cache has filled by itself.
  static constexpr Duration kClockPatience = std::chrono::minutes(10);

 private:
  enum class Pace : std::uint8_t { gentle, full };
  enum class News : std::uint8_t { none, command, end };  // none: the time has come
  void run();
  void load();
  void load_from(SnapshotSource& source);
  std::optional<std::int64_t> elapsed_since(const SnapshotMoment& taken);
  void discard(std::string_view why);
  void tell(const SnapshotReader& reader, std::int64_t age, std::int64_t milliseconds);
  Outcome save(Pace pace);
  std::string_view refusal();
  void tell(const Outcome& outcome, Instant start);
  Outcome write(const Terms& terms, Pace pace);
  News wait_until(Instant when);
  bool is_ending();
  void answer(const Outcome& outcome);
  struct Due {
    Instant when;
    bool saves;  // else it is only looked whether snapshots are wanted by now
  };
  Due next();

  Parts parts_;
  MachineFacts machine_;
  Caches::Generations as_of_;
  // Of the thread.
  SystemRandom random_;
  LogLimiter complaints_{std::chrono::minutes(1)};
  bool may_replace_ = false;  // what lies on the disk is better, until it has been taken up or found to be of no use
  std::thread thread_;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::vector<Done> waiting_;
  bool ending_ = false;
  bool saves_at_end_ = false;
  bool has_ended_ = false;
  Instant last_moment_{};  // when ending: until then blocks are written
};

}  // namespace vouch
