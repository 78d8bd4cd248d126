// Takes the figures: adds the workers up, asks the ledger, and keeps what only makes sense over time (the last 24
// hours, the TLDs that /metrics names). One thread; the workers go on counting meanwhile.
#pragma once

#include <map>
#include <vector>

#include "telemetry/recent.h"
#include "telemetry/recorder.h"

namespace vouch {

class Collector {
 public:
  struct Parts {
    std::vector<const Recorder*> workers;  // all of them
    const RecordedTogether& together;
    const TelemetryOptions& options;
    UnixTime started = 0;
  };
  static constexpr std::size_t kMostExpiring = 50;

  explicit Collector(Parts parts) : parts_(std::move(parts)) {}

  Figures take(UnixTime now);
  // Once a minute.
  void end_minute(UnixTime now);

 private:
  using Answers = std::array<std::uint64_t, kStandings>;
  void tell_tlds(Figures& figures);
  void list_tlds(const std::map<std::string, Answers>& all);
  void tell_adoption(Figures& figures) const;
  void tell_clients(Figures& figures) const;
  void tell_policy(Figures& figures) const;
  static Movement sums_of(const Figures& figures);
  Figures take_sums(UnixTime now) const;

  Parts parts_;
  Recent recent_;
  // The TLDs that are told by name, and what each had been told as "_other" before: that stays there, so that every
  // series only grows, but for "_other" when one is no longer listed.
  std::map<std::string, Answers> listed_tlds_;
  std::map<std::string, Answers> told_as_other_;  // by the last take()
};

}  // namespace vouch
