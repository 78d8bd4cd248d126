#include "resolver/daemon/rpz_keeper.h"

#include <pthread.h>

#include <algorithm>

namespace vouch {

std::unique_ptr<RpzKeeper> RpzKeeper::create(const Clock& clock) {
  auto loop = EventLoop::create();
  if (loop == nullptr) { return nullptr; }
  return std::unique_ptr<RpzKeeper>(new RpzKeeper(clock, std::move(loop)));
}

RpzKeeper::RpzKeeper(const Clock& clock, std::unique_ptr<EventLoop> loop)
    : clock_(clock), store_(clock), loop_(std::move(loop)) {}

RpzKeeper::~RpzKeeper() {
  if (!thread_.joinable()) { return; }
  loop_->stop();
  thread_.join();
}

void RpzKeeper::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "vouchd/policy");
    look();
    loop_->run();
    transfers_.reset();
    dialer_.reset();
    timer_.reset();
    spent_.reset();
  });
}

void RpzKeeper::keep(const Configuration& configuration) {
  const std::string& state_directory = configuration.policy_state_directory;
  if (!thread_.joinable()) { return take(configuration.rpz, configuration.outgoing, state_directory); }
  loop_->post([this, zones = configuration.rpz, outgoing = configuration.outgoing, state_directory] {
    take(zones, outgoing, state_directory);
  });
}

void RpzKeeper::take(std::vector<RpzZoneOptions> zones, const OutgoingOptions& outgoing,
                     const std::string& state_directory) {
  zones_ = std::move(zones);
  store_.keep_only(zones_);
  const bool has_primaries =
      std::ranges::any_of(zones_, [](const RpzZoneOptions& zone) { return !zone.primaries.empty(); });
  if (!has_primaries) {
    transfers_.reset();
    dialer_.reset();
    return;
  }
  if (transfers_ == nullptr) {
    dialer_ = std::make_unique<MessageDialer>(*loop_, outgoing, random_);
    transfers_ = std::make_unique<RpzTransfers>(
        RpzTransfers::Parts{{*dialer_, *loop_, clock_, random_}, store_, [this] { changed_(); }});
  }
  transfers_->keep(zones_, state_directory);
}

void RpzKeeper::look() {
  if (store_.look_at_files(zones_)) { changed_(); }
  spent_ = std::move(timer_);  // a timer cannot be destroyed inside its own work
  timer_ = loop_->after(kLook, [this] { look(); });
}

}  // namespace vouch
