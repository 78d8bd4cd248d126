#include "resolver/daemon/observatory.h"

#include <pthread.h>

#include <future>

#include "resolver/base/lack_of_memory.h"
#include "resolver/base/log.h"

namespace vouch {

std::unique_ptr<Observatory> Observatory::open(Parts parts) {
  auto loop = EventLoop::create();
  if (loop == nullptr) {
    log(LogLevel::error, "no_telemetry", {{"problem", "descriptors have run out (RLIMIT_NOFILE)"}});
    return nullptr;
  }
  std::unique_ptr<Observatory> made(new Observatory(std::move(parts), std::move(loop)));
  made->open_web();
  return made;
}

Observatory::Observatory(Parts parts, std::unique_ptr<EventLoop> loop)
    : parts_(std::move(parts)),
      loop_(std::move(loop)),
      collector_({.workers = parts_.recorders,
                  .together = parts_.together,
                  .options = parts_.configuration.telemetry,
                  .started = parts_.clock.wall()}) {
  SiteLookups::Parts sites = parts_.sites;
  sites.post = [loop = loop_.get()](std::move_only_function<void()> work) { loop->post(std::move(work)); };
  sites_ = std::make_unique<SiteLookups>(std::move(sites));
  router_ = std::make_unique<Router>(*this, parts_.configuration.web, parts_.clock);
}

Observatory::~Observatory() {
  if (!thread_.joinable()) { return; }
  loop_->stop();
  thread_.join();
}

// That nobody can look is no reason not to resolve.
void Observatory::open_web() {
  server_ = WebServer::create(loop_->base(), *router_);
  if (server_ == nullptr) {
    log(LogLevel::error, "no_pages", {{"problem", "no memory for a timer"}});
    return;
  }
  for (const SocketAddress& address : parts_.configuration.web.listen) {
    if (const auto bound = server_->listen_on(address); !bound) {
      log(LogLevel::error, "no_pages",
          {{"problem", bound.error()}, {"remedy", "name another address in web.listen, or none: []"}});
    }
  }
}

std::vector<SocketAddress> Observatory::addresses() const {
  return server_ == nullptr ? std::vector<SocketAddress>() : server_->addresses();
}

void Observatory::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "vouchd/pages");
    run();
  });
}

void Observatory::run() {
  survive_lack_of_memory([this] { open_history(); });
  next_write_ = (parts_.clock.wall() / kHour + 1) * kHour;
  const auto due = [](void* self) {
    auto* const observatory = static_cast<Observatory*>(self);
    observatory->arm_minute();
    observatory->each_minute();
  };
  minute_.emplace(loop_->base(), due, this);
  arm_minute();
  survive_lack_of_memory([this] { parts_.ledger.advance(random_, parts_.clock.wall()); });
  loop_->run();
  minute_.reset();
  server_.reset();
}

// For want of memory there is none in this run: the next start reads what the last one wrote.
void Observatory::open_history() {
  const TelemetryOptions& options = parts_.configuration.telemetry;
  history_ = History::open({.directory = options.state_directory, .days = options.history_days}, parts_.clock.wall());
  parts_.ledger.restore(history_->remembered());
}

// To the full minute by the wall clock, so that an hour's counts are written when it ends.
void Observatory::arm_minute() {
  constexpr UnixTime kMinute = 60;
  minute_->arm(std::chrono::seconds(kMinute - parts_.clock.wall() % kMinute));
}

void Observatory::each_minute() {
  const UnixTime now = parts_.clock.wall();
  parts_.ledger.advance(random_, now);
  collector_.end_minute(now);
  // A clock that was set back must not put the next write off for years.
  if (now >= next_write_ || next_write_ - now > kHour) { write_history(); }
}

void Observatory::write_history() {
  const UnixTime now = parts_.clock.wall();
  next_write_ = (now / kHour + 1) * kHour;
  refresh();
  if (history_ != nullptr) { history_->write(figures_, status_, now); }
}

void Observatory::refresh() {
  figures_ = collector_.take(parts_.clock.wall());
  status_ = parts_.status.take();
  if (history_ != nullptr) { status_.history = history_->state(); }
  if (server_ != nullptr) {
    const WebTraffic& web = server_->traffic();
    status_.web = {.accepted = web.accepted,
                   .refused = web.refused,
                   .evicted = web.evicted,
                   .requests = web.requests,
                   .overdue = web.overdue};
  }
  const auto is_clock = [](const ZoneFigures& zone) {
    return zone.zone == kSelfText && zone.state == ZoneState::failing &&
           zone.causes.front().reason == Reason::clock_untrusted;
  };
  status_.clock_trusted = std::ranges::none_of(figures_.zones, is_clock);
  taken_ = parts_.clock.monotonic();
}

const Figures& Observatory::figures() {
  if (!taken_ || parts_.clock.monotonic() - *taken_ >= kFresh) { refresh(); }
  return figures_;
}

const StatusFigures& Observatory::status() {
  figures();
  return status_;
}

void Observatory::with_figures(std::move_only_function<void(const Figures&, const StatusFigures&)> work) {
  loop_->post([this, work = std::move(work)]() mutable {
    refresh();
    work(figures_, status_);
  });
}

std::vector<HourFigures> Observatory::hours(UnixTime from, UnixTime to) {
  return history_ == nullptr ? std::vector<HourFigures>() : history_->hours(from, to);
}

void Observatory::finish(Duration patience) {
  if (!thread_.joinable()) { return; }
  std::promise<void> written;
  auto is_written = written.get_future();
  loop_->post([this, &written] {
    survive_lack_of_memory([this] { write_history(); });
    written.set_value();
    loop_->stop();
  });
  // A disk that hangs must not keep the process from ending: whoever waits for it is the caller's matter.
  if (is_written.wait_for(patience) != std::future_status::ready) {
    log(LogLevel::error, "history_not_written", {{"problem", "the disk does not take it"}});
    ::_exit(0);
  }
  thread_.join();
}

}  // namespace vouch
