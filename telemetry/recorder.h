// What a worker tells of its work: one record() for every answer, one judged() for every resolution that was judged.
// Counters of its own, which others only read; no lock and no allocation for an answer that is not withheld.
#pragma once

#include <atomic>
#include <memory>

#include "resolver/base/address.h"
#include "resolver/wire/name.h"
#include "telemetry/answer_watch.h"
#include "telemetry/client_prefix.h"
#include "telemetry/counters.h"
#include "telemetry/distinct_sketch.h"
#include "telemetry/expiry_watch.h"
#include "telemetry/policy_counters.h"
#include "telemetry/policy_sources.h"
#include "telemetry/tld_tally.h"
#include "telemetry/zone_ledger.h"

namespace vouch {

// What all workers tell to one place. Outlives them.
struct RecordedTogether {
  ZoneLedger& ledger;
  ExpiryWatch& expiry;
  const PolicySources* policy = nullptr;  // null: nothing has a name
};

// Data that failed stood between a client and its answer.
struct FailureEvent {
  NameView zone;  // at fault
  Reason reason = Reason::none;
  NameView name = {};  // asked for
  Type type = Type::none;
  const IpAddress& client;
  bool is_test_zone = false;  // broken on purpose: nobody's fault
  bool is_shadow = false;     // it was answered all the same, because nothing is enforced
};

// The judgement on what a server, or the cache, said to one question.
struct JudgementEvent {
  const Verdict& verdict;
  NameView name;  // the question
  Type type = Type::none;
  bool is_test_zone = false;
  // Of what is genuine:
  NameView zone;               // whose keys signed it
  std::uint8_t algorithm = 0;  // by which; 0: not known
  SignatureSpan span = {};     // of the signature that held
  enum class Denial : std::uint8_t { none, nsec, nsec3, nsec3_opt_out };
  Denial denial = Denial::none;  // how the zone says that something is not there
  std::uint16_t iterations = 0;  // of NSEC3
};

// Its tables take half a MiB, of which little is ever touched. One per worker, on its thread; the figures may be read
// from any thread.
class Recorder {
 public:
  // One cached answer in so many is timed.
  static constexpr std::uint32_t kTimedShare = 64;

  using PrefixSketch = DistinctSketch<11>;  // 2.3 % standard error, 2 KiB
  using ZoneSketch = DistinctSketch<10>;    // 3.3 %, 1 KiB
  struct ZoneSketches {
    std::array<ZoneSketch, kAlgorithmClasses> algorithms;
    std::array<std::array<ZoneSketch, 3>, 3> denials;
    void clear() noexcept;
    void merge(const ZoneSketches& other) noexcept;
  };

  // `together`: null where nobody keeps a ledger (tests).
  explicit Recorder(WorkerCounters& counters, const RecordedTogether* together = nullptr);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  FrontCounters& front() noexcept { return counters_.front; }
  PolicyCounters& policy() noexcept { return policy_; }

  // A query came. `transport`: the number of its ClientProtocol. Who is not served is no client.
  void asked(std::size_t transport, const IpAddress& client, bool is_served = true) noexcept {
    counters_.front.queries[transport][client.is_v4() ? 0 : 1].add();
    if (is_served && together_ != nullptr) { note_client(client, transport >= kFirstEncryptedTransport); }
  }
  void record(const AnswerEvent& event) noexcept {
    counters_.front.answers[static_cast<std::size_t>(event.standing)][static_cast<std::size_t>(event.source)].add();
    if (event.source != AnswerSource::local) { tlds_.add(event.name, event.standing, event.rcode == Rcode::no_error); }
    if (watch_.is_on()) [[unlikely]] { watch_.note(event); }
  }
  // A rule of policy was carried out. `action`: the number of its PolicyAction; `source`: of its list's or zone's
  // counter (policy_sources.h). What is let pass counts as no source's deed.
  void ruled(std::size_t action, std::size_t source) noexcept {
    policy_.actions[action].add();
    if (action != 0) { policy_.sources[source].add(); }
  }
  void withheld(const FailureEvent& event, UnixTime now);
  void judged(const JudgementEvent& event, UnixTime now);
  // A zone that was looked at as a whole is mended.
  void recovered(NameView zone, UnixTime now);
  // Whether this cached answer is to be timed.
  bool is_timed() noexcept { return ++turn_ % kTimedShare == 0; }

  // For who reports.
  const WorkerCounters& counters() const noexcept { return counters_; }
  const PolicyCounters& policy() const noexcept { return policy_; }
  const TldTally& tlds() const noexcept { return tlds_; }
  AnswerWatch& watch() const noexcept { return watch_; }  // for one reader, on one thread
  struct PrefixSketches {
    PrefixSketch all, in_clear;
  };
  void add_prefixes_to(PrefixSketches& sum) const noexcept;  // of today
  void add_zones_to(ZoneSketches& sum) const noexcept;       // of today and yesterday

 private:
  void note_client(const IpAddress& client, bool encrypted) noexcept;
  void note_zone(const JudgementEvent& event) noexcept;

  WorkerCounters& counters_;
  PolicyCounters policy_;
  const RecordedTogether* const together_;
  TldTally tlds_;
  std::unique_ptr<PrefixSketches> prefixes_;
  std::atomic<std::uint32_t> prefix_epoch_{0};          // the day that they are of
  std::array<std::unique_ptr<ZoneSketches>, 2> zones_;  // by the day's number, even and odd
  std::atomic<std::uint32_t> zone_epoch_{0};            // the later one
  std::uint32_t turn_ = 0;
  mutable AnswerWatch watch_;
};

// How an answer counts whose data is known to be this secure.
constexpr Standing standing_of(Security security, Reason reason) noexcept {
  switch (security) {
    case Security::secure:
      return Standing::secure;
    case Security::insecure:
      return reason == Reason::negative_anchor ? Standing::negative_anchor : Standing::insecure;
    case Security::bogus:
      return Standing::bogus;
    case Security::indeterminate:
      return Standing::indeterminate;
    case Security::unchecked:
      return Standing::unchecked;
  }
  return Standing::unchecked;
}

}  // namespace vouch
