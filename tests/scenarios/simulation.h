// What the resolver leans on, for tests: time that stands still until it is turned, an executor that lives on it,
// numbers that are the same in every run, and servers that follow a script. A test takes no real time and cannot be
// flaky.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <span>
#include <vector>

#include "resolver/base/executor.h"
#include "resolver/base/random.h"
#include "resolver/iterate/upstream.h"

namespace vouch::simulation {

using namespace std::chrono_literals;

// All three clocks move together, except where a test sets the wall clock. Thread-safe.
class VirtualClock final : public Clock {
 public:
  static constexpr UnixTime kStart = 1767225600;  // 2026-01-01 00:00:00 UTC

  explicit VirtualClock(UnixTime wall = kStart) : wall_(wall) {}
  Instant monotonic() const override { return Instant(Duration(now_.load())); }
  UnixTime wall() const override { return wall_.load() + seconds_passed(); }
  TtlTime ttl() const override { return ttl_origin_ + seconds_passed(); }

  void advance(Duration by) { now_ += by.count(); }
  void advance_to(Instant to) {  // never back
    if (to > monotonic()) { now_ = to.time_since_epoch().count(); }
  }
  void set_wall(UnixTime now) { wall_ = now - seconds_passed(); }  // an operator sets the date; TTLs do not care

 private:
  static constexpr std::int64_t kOrigin =
      std::int64_t{3600} * 1'000'000'000;  // not zero: Instant{} must look long past
  std::int64_t seconds_passed() const { return (now_.load() - kOrigin) / 1'000'000'000; }
  const TtlTime ttl_origin_ = 1'000'000;
  std::atomic<std::int64_t> now_{kOrigin};
  std::atomic<UnixTime> wall_;
};

// Runs posted work and timers in the order of virtual time. Running it turns the clock forward to each timer in turn.
// Several executors (workers) may share one clock: see run_together().
class VirtualExecutor final : public Executor {
 public:
  // More work than this in one run is an endless loop, not a test: it throws std::runtime_error.
  static constexpr std::size_t kMaxWork = 5'000'000;

  explicit VirtualExecutor(VirtualClock& clock) : clock_(clock) {}

  void post(std::move_only_function<void()> work) override;
  std::unique_ptr<Timer> after(Duration delay, std::move_only_function<void()> work) override;

  // Until nothing is posted and no timer is set, or `at_most` has passed. True when idle.
  bool run_until_idle(Duration at_most = 1h);
  // Exactly that long; what is due at the last moment runs.
  void run_for(Duration time);
  // Until the predicate holds (looked at after each piece of work), nothing is left to do, or `at_most` has passed.
  // Returns it.
  bool run_until(const std::function<bool()>& predicate, Duration at_most = 60s);
  // Posted work only: time does not pass.
  void run_posted();
  std::size_t timers() const { return timers_.size(); }

 private:
  friend bool run_together(std::span<VirtualExecutor* const>, const std::function<bool()>&, Duration);
  struct Handle;
  using Key = std::pair<Instant, std::uint64_t>;
  bool run_one_posted();
  void run_first_timer();

  VirtualClock& clock_;
  std::mutex posted_mutex_;
  std::deque<std::move_only_function<void()>> posted_;
  std::map<Key, std::move_only_function<void()>> timers_;
  std::uint64_t next_timer_ = 0;
};

// Several executors on one clock, as the workers of one daemon: always the one whose work is due first. All on the
// calling thread.
bool run_together(std::span<VirtualExecutor* const> executors, const std::function<bool()>& predicate,
                  Duration at_most = 60s);

// The same numbers for the same seed (SplitMix64): unpredictable to nobody, and so for tests alone.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : state_(seed) {}
  void fill(MutableBytes out) override;

 private:
  std::uint64_t state_;
};

// A question as it reached a server, whether or not it was answered.
struct Asked {
  SocketAddress server;
  UpstreamProtocol protocol = UpstreamProtocol::udp;
  Buffer packet;
  Instant at{};
  std::string tls_name{};  // whom the server shall prove to be, over TLS
  std::vector<std::string> tls_pins{};
};

constexpr Duration kUsualDelay = 1ms;  // small, so that TTLs count down by what a test lets pass and by nothing else

struct ScriptedReply {
  Buffer packet;
  Duration delay = kUsualDelay;  // from the question on
};

struct Scripted {
  std::vector<ScriptedReply> replies;  // none: silence
  bool unreachable = false;            // as ICMP or RST would say, after kUsualDelay
  std::string untrusted{};             // why it did not prove over TLS who it is, after kUsualDelay; empty: it did

  static Scripted silence() { return {}; }
  static Scripted reply(Buffer packet, Duration delay = kUsualDelay) { return {{{std::move(packet), delay}}, false}; }
  static Scripted no_route() { return {{}, true}; }
  static Scripted proves_nothing(std::string why) { return {{}, false, std::move(why)}; }
};

// Replies are offered to the question's `check` in the order of their delays, exactly as a socket would, until one is
// accepted or called a forgery, or the deadline passes.
class ScriptedUpstream final : public Upstream {
 public:
  using Script = std::function<Scripted(const Asked&)>;

  ScriptedUpstream(VirtualExecutor& executor, const Clock& clock, Script script)
      : executor_(executor), clock_(clock), script_(std::move(script)) {}

  Task<UpstreamReply> ask(UpstreamQuestion question) override;
  void set_script(Script script) { script_ = std::move(script); }

  const std::vector<Asked>& asked() const { return asked_; }  // everything, in order
  void forget() { asked_.clear(); }
  std::size_t in_flight() const { return in_flight_; }
  std::size_t most_in_flight() const { return most_in_flight_; }

 private:
  VirtualExecutor& executor_;
  const Clock& clock_;
  Script script_;
  std::vector<Asked> asked_;
  std::size_t in_flight_ = 0;
  std::size_t most_in_flight_ = 0;
};

}  // namespace vouch::simulation
