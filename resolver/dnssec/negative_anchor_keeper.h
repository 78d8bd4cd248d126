// The negative trust anchors that the operator sets while the program runs (RFC 7646): for a zone that broke its own
// signatures, until it is mended, for a week at most. They stand beside the configured ones, outlive a restart, and end
// by themselves: when their time is over, or when the zone validates again.
//
// add(), remove() and list() may be called from any thread. run() lives on one worker's thread; it is a matter of
// seconds until it notices what others have added.
#pragma once

#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/budget.h"
#include "resolver/base/executor.h"
#include "resolver/base/random.h"
#include "resolver/base/task.h"
#include "resolver/dnssec/negative_anchor_memory.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/wire/verdict.h"

namespace vouch {

// Where they are remembered. Thread-safe.
class NegativeAnchorStore {
 public:
  virtual ~NegativeAnchorStore() = default;
  // What was written last; nothing when nothing ever was. Else a sentence that says why it cannot be read.
  virtual std::expected<std::optional<std::string>, std::string> read() = 0;
  // What read() gave is of no use: it is kept out of the way, for a person to look at.
  virtual void set_aside() = 0;
  // Whole or not at all, the latest last. Does not wait; failures are logged.
  virtual void write(std::string text) = 0;
  // In its place, when no text can be made: what was written before is out of date.
  virtual void cannot_write(std::string why) = 0;
};

// How a zone does when nothing switches its validation off.
class ZoneProber {
 public:
  struct Health {
    bool holds = false;  // all that was asked for validates, or is proven to be unsigned
    Verdict verdict;     // the weakest of what was found
  };
  virtual ~ZoneProber() = default;
  // Asks afresh, past every cache. Always ends, within seconds.
  virtual Task<Health> probe(const Name& zone) = 0;
  // It validates again, and its negative anchor has ended for that.
  virtual void recovered(const Name& zone) = 0;
};

// Everything that it leans on; all of it must outlive the keeper.
struct NegativeAnchorParts {
  TrustAnchors& anchors;
  // What is remembered of the names at and below the zone, and of failures that it is to blame for, is forgotten. Any
  // thread.
  std::function<void(NameView zone)> forget;
  // Does the work soon, on a thread that serves nobody: for what run() has forgotten, since a large cache takes a while
  // to walk. Null: at once.
  std::function<void(std::move_only_function<void()>)> later = {};
  NegativeAnchorStore* store = nullptr;  // null: they end with the program
  const Clock& clock;
  std::function<std::uint32_t()> recheck_interval;  // seconds, dnssec.negative_anchor_recheck as it is now; any thread
};

class NegativeAnchorKeeper {
 public:
  // A zone with several servers is mended one server at a time: it must hold so many times in a row.
  static constexpr unsigned kHoldsInARow = 2;
  static constexpr UnixTime kShortest = 60;  // seconds; an anchor for less has ended before anybody has seen its effect
  // However far off the next thing to do is: what others add, and a clock that is set, are noticed within it.
  static constexpr Duration kLongestSleep = std::chrono::seconds(2);
  // What was resolved by the old rules may end, and be remembered, after it was forgotten: it is forgotten once more
  // when any such resolution has ended.
  static constexpr Duration kForgetAgain = Budget::kTime + std::chrono::seconds(5);
  static constexpr std::size_t kMostForgotten = 1024;  // kMaxNegativeAnchors, each changed some times in a few seconds

  // Takes up what the store remembers, before anything is validated. What cannot be believed in whole is set aside.
  explicit NegativeAnchorKeeper(NegativeAnchorParts parts);
  NegativeAnchorKeeper(const NegativeAnchorKeeper&) = delete;
  NegativeAnchorKeeper& operator=(const NegativeAnchorKeeper&) = delete;

  // From now on, in place of one of that zone that is there already. On failure a sentence for the operator. Memory may
  // run out (std::bad_alloc): what has changed by then is brought into force, and stored, by run().
  std::expected<TemporaryNegativeAnchor, std::string> add(const Name& zone, std::int64_t seconds, std::string reason,
                                                          bool stays);
  struct Removed {
    std::optional<Name> still_off_at;  // of another, configured or above it: validation stays switched off there
  };
  std::expected<Removed, std::string> remove(const Name& zone);

  struct Listed {
    TemporaryNegativeAnchor anchor;
    std::optional<UnixTime> last_check;  // nothing: not yet
    bool held = false;                   // then
    std::string verdict;                 // then, as Verdict::text(); empty when it held
  };
  std::vector<Listed> list() const;

  // Never ends; destroying the task ends it. All arguments must outlive it.
  Task<void> run(Executor& executor, Random& random, ZoneProber& prober);

 private:
  struct Held {
    Listed listed;
    Instant next_check{};
    bool is_scheduled = false;  // next_check is known
    unsigned holds = 0;         // checks in a row that held
  };
  struct Forgotten {
    Name zone;
    Instant again;
  };

  struct Overdue {
    Name zone;
    std::string_view why;  // a literal, for the log
  };

  void take_up(const std::string& text);
  // These with the lock held. Whoever changes `held_` says so before, and publishes afterwards.
  void begin_change(const Name& zone);
  void publish();
  void erase(std::vector<Held>::iterator held);
  std::optional<Overdue> take_overdue();
  // These without: a large cache takes a while to walk, and run()'s thread, which serves clients, wants the lock.
  void forget_soon(const Name& zone) const;
  void forget_again();
  void end_overdue();
  void republish();
  std::optional<Name> next_due(Random& random);
  Task<void> check(Name zone, ZoneProber& prober);

  NegativeAnchorParts parts_;
  mutable std::mutex mutex_;
  std::vector<Held> held_;  // guarded by mutex_, and so is what follows
  std::vector<Forgotten> forgotten_;
  bool is_published_ = true;  // what is held is in force and stored; else memory ran out on the way to that
};

}  // namespace vouch
