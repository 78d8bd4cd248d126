// Keeps one zone as a secondary does (RFC 1034 section 4.3.5): looks at its primaries when the SOA's refresh says so,
// more often (retry) while none answers, and gives the zone up when nobody has confirmed it for as long as the SOA's
// expire says. Whoever needs the zone decides whether to believe what came.
//
// Owner: whoever keeps zones, on one executor; it leaves when its task is destroyed. status() may be called from any
// thread. Limits: one transfer at a time, within TransferLimits and TransferPatience; the SOA's timers within
// RefreshBounds, so that no primary can make us ask without pause, or keep a zone for ever.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/executor.h"
#include "resolver/zones/transfer.h"

namespace vouch {

struct RefreshBounds {
  Duration least_refresh = std::chrono::seconds(60);
  Duration most_refresh = std::chrono::hours(24);
  Duration least_retry = std::chrono::seconds(30);
  Duration most_retry = std::chrono::hours(1);
  // Of a zone whose expire is below its refresh, nothing would ever be left; BIND's limits are alike.
  Duration least_expire = std::chrono::hours(1);
  Duration most_expire = std::chrono::hours(24 * 28);
};

// For how long nobody need confirm the zone: its SOA's expire, within the bounds.
Duration zone_lifetime(const Zone& zone, const RefreshBounds& bounds);

struct SecondaryOptions {
  Name zone;
  std::vector<Primary> primaries;  // in the order in which they are asked; the one that answered last is asked first
  TransferLimits limits = {};
  TransferPatience patience = {};
  RefreshBounds bounds = {};
};

// Who needs the zone. Called on the secondary's thread.
class ZoneOwner {
 public:
  virtual ~ZoneOwner() = default;
  // What came, from whom, and when it expires unless somebody confirms it: whether to believe it. It is the zone from
  // now on, unless half a sentence says why not; then what was there before stays. `transfer.zone` is not null.
  virtual std::expected<void, std::string> take(const Transfer& transfer, const Primary& from, UnixTime until) = 0;
  virtual void confirm(UnixTime until) = 0;  // a primary says that the zone is current, which puts its end off
  virtual void expire() = 0;                 // nobody has said so for too long
};

struct SecondaryStatus {
  UnixTime checked = 0;  // when a primary last confirmed it or gave it; 0: never
  std::string source;    // the primary that gave it, or as restore() was told
  std::string failure;   // the last one, as half a sentence; empty: there was none
  UnixTime failed = 0;   // and when
  std::uint64_t whole = 0, incremental = 0, up_to_date = 0, failures = 0, rejected = 0;  // since the start
  std::uint64_t foreign = 0;  // records that were left out, because they are not the zone's
};

class Secondary {
 public:
  // Before the first zone has come nobody has said how long to wait: this, and twice as long each time.
  static constexpr Duration kFirstRetry = std::chrono::seconds(5);

  struct Parts {
    StreamDialer& dialer;
    Executor& executor;
    const Clock& clock;
    Random& random;
  };
  // All of them outlive this. There is one primary at least.
  Secondary(SecondaryOptions options, Parts parts, ZoneOwner& owner);
  Secondary(const Secondary&) = delete;
  Secondary& operator=(const Secondary&) = delete;

  // What was kept from an earlier run and found good, when it was last confirmed, and where it lay. Before run(). When
  // it expires; nothing: it has, and is not taken.
  std::optional<UnixTime> restore(ZonePtr zone, UnixTime checked, std::string source);

  // Never ends; destroying the task ends it.
  Task<void> run();

  SecondaryStatus status() const;

 private:
  Task<bool> refresh();
  Task<bool> ask(const Primary& primary);
  bool take_result(const TransferResult& result, const Primary& primary);
  bool take_zone(const Transfer& transfer, const Primary& primary);
  void note_failure(const Primary& primary, std::string_view fault, const std::string& why);
  UnixTime until_after(Duration time) const;
  UnixTime keep_for(Duration time);
  void expired();
  Duration lifetime() const { return zone_lifetime(*zone_, options_.bounds); }
  Duration until_next(bool was_good);
  Duration jittered(Duration time);

  const SecondaryOptions options_;
  const Parts parts_;
  ZoneOwner& owner_;
  ZonePtr zone_;
  std::size_t first_ = 0;  // the primary to begin with
  std::uint32_t failures_in_a_row_ = 0;
  bool was_rejected_ = false;
  std::unique_ptr<Executor::Timer> expiry_;
  mutable std::mutex status_mutex_;
  SecondaryStatus status_;  // guarded by status_mutex_
};

}  // namespace vouch
