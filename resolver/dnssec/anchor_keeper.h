// Keeps the trust anchors while the program runs: looks at their zones' keys when it is time and follows key rolls (RFC
// 5011), tells the zones which keys are trusted (RFC 8145), and ends negative anchors whose time is over (RFC 7646).
// One for the process, on one worker's thread; the anchors themselves are shared by all.
//
// What it learns is trusted at once and then stored; where nothing can be stored it lives until the program ends.
#pragma once

#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/executor.h"
#include "resolver/base/task.h"
#include "resolver/dnssec/fetch.h"
#include "resolver/dnssec/rfc5011.h"
#include "resolver/dnssec/trust_cache.h"

namespace vouch {

// Where the memory of trust points lies. Its owner says what becomes of failures to write.
class AnchorStore {
 public:
  virtual ~AnchorStore() = default;
  // What was written last; nothing when nothing ever was. Else a sentence that says why it cannot be read.
  virtual std::expected<std::optional<std::string>, std::string> read() = 0;
  // What read() gave is of no use: it is kept out of the way, for a person to look at.
  virtual void set_aside() = 0;
  // Whole or not at all. Does not wait.
  virtual void write(std::string text) = 0;
};

// Everything that it leans on; all of it must outlive the keeper.
struct AnchorKeeperParts {
  const DnssecOptions& options;
  TrustAnchors& anchors;
  TrustCache& trust;             // what was built on a key that is revoked leaves it
  AnchorStore* store = nullptr;  // null: nothing is remembered
  const Clock& clock;
};

class AnchorKeeper {
 public:
  // However far off the next thing to do is: a clock that is set right, or a machine that slept, is noticed within it.
  static constexpr Duration kLongestSleep = std::chrono::hours(1);
  static constexpr Duration kSignalPeriod = std::chrono::hours(24);
  // A walk down from a key that is revoked meanwhile may end, and be remembered, after its trust was forgotten: it is
  // forgotten once more when any such walk has ended.
  static constexpr Duration kForgetAgain = Budget::kTime + std::chrono::seconds(5);

  // Takes up what the store remembers and replaces the anchors with it, and the configured negative ones with those of
  // its options: before anything is validated, or in place of a keeper that has ended.
  explicit AnchorKeeper(AnchorKeeperParts parts);
  AnchorKeeper(const AnchorKeeper&) = delete;
  AnchorKeeper& operator=(const AnchorKeeper&) = delete;

  // Never ends; destroying the task ends it. `fetch` and `executor` are those of the worker that runs it, and outlive
  // the task.
  Task<void> run(Fetch& fetch, Executor& executor);

  // For the worker's thread, and before it runs.
  const std::vector<TrustPoint>& points() const noexcept { return points_; }

  // For whoever reports, from any thread: every key that is followed, and every anchor that is not.
  struct KnownKey {
    Name zone;
    std::uint16_t tag = 0;
    std::uint8_t algorithm = 0;  // IANA's number
    std::string_view state;      // key_state_name(), or "configured"
  };
  std::vector<KnownKey> known_keys() const {
    const std::lock_guard lock(known_mutex_);
    return known_;
  }

 private:
  Task<void> take_turn(Fetch& fetch);
  Task<bool> probe(TrustPoint& point, Fetch& fetch);
  Task<void> send_signals(Fetch& fetch);
  void take_up(const std::string& text);
  void end_negatives();
  void tell_of_clock();
  void forget_again();
  void publish();
  void note_known();
  void save();
  Duration until_next_turn() const;

  AnchorKeeperParts parts_;
  std::vector<TrustPoint> points_;             // whose key rolls are followed
  std::vector<AnchorSet::Point> left_as_are_;  // beyond kMaxAnchorZones, or all when RFC 5011 is switched off
  std::size_t negatives_ = 0;                  // that have not ended
  bool is_clock_behind_ = false;
  std::optional<Instant> next_signal_;
  struct Forgotten {
    Name zone;
    Instant again;
  };
  std::vector<Forgotten> forgotten_;  // at most one for each point
  mutable std::mutex known_mutex_;
  std::vector<KnownKey> known_;  // guarded by known_mutex_
};

}  // namespace vouch
