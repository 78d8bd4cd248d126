// The thread that tells what the workers do: it takes the figures, serves pages, metrics and API, writes the history,
// and keeps the ledger's time. DNS never waits for it: the workers only count, and what is slow here (a disk, a reader
// who loads a page) is slow here alone.
//
// Lifetime: open() on the main thread, with the privileges of the start; start() when the process has become who it
// will be. finish() takes the last figures and writes them: when the workers have ended, so that nothing is missed.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "conf/configuration.h"
#include "resolver/daemon/site_lookups.h"
#include "resolver/daemon/status_source.h"
#include "telemetry/collector.h"
#include "telemetry/history.h"
#include "telemetry/web/router.h"
#include "transports/event_loop.h"
#include "transports/loop_event.h"

namespace vouch {

class Observatory final : public WebSource {
 public:
  struct Parts {
    const Configuration& configuration;
    const Clock& clock;
    ZoneLedger& ledger;
    const RecordedTogether& together;
    StatusSource& status;
    std::vector<const Recorder*> recorders;
    SiteLookups::Parts sites;  // but `post`, which is ours
  };

  // Opens the web listeners; what cannot be opened is told in the log and left out. Null, and told, when the kernel has
  // no descriptor left for an event loop.
  static std::unique_ptr<Observatory> open(Parts parts);
  ~Observatory() override;
  Observatory(const Observatory&) = delete;
  Observatory& operator=(const Observatory&) = delete;

  std::vector<SocketAddress> addresses() const;  // that pages are served on
  void start();
  // Calls `work` on this thread with figures that are taken for it: who has just changed something wants to see that.
  // Any thread; not at all when the thread ends before.
  void with_figures(std::move_only_function<void(const Figures&, const StatusFigures&)> work);
  void finish(Duration patience);

 private:
  // A reader may get figures of a second ago, so that a crowd of readers costs no more than one.
  static constexpr Duration kFresh = std::chrono::seconds(1);
  static constexpr UnixTime kHour = 3600;

  Observatory(Parts parts, std::unique_ptr<EventLoop> loop);
  void open_web();
  void run();
  void open_history();
  void arm_minute();
  void each_minute();
  void write_history();
  void refresh();

  // WebSource, on the thread.
  const Figures& figures() override;
  const StatusFigures& status() override;
  std::vector<HourFigures> hours(UnixTime from, UnixTime to) override;
  SiteChecker& sites() override { return *sites_; }
  bool is_serving() override { return true; }

  Parts parts_;
  std::unique_ptr<EventLoop> loop_;  // first in, last out: workers post to it
  SystemRandom random_;
  Collector collector_;
  std::unique_ptr<History> history_;  // of the thread
  std::unique_ptr<SiteLookups> sites_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<WebServer> server_;
  std::optional<LoopTimer> minute_;  // needs no memory to be armed: the minutes must not end when there is none
  Figures figures_;
  StatusFigures status_;
  std::optional<Instant> taken_;
  UnixTime next_write_ = 0;
  std::thread thread_;
};

}  // namespace vouch
