#include "resolver/zones/secondary.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/base/sleep.h"

namespace vouch {

namespace {

using Seconds = std::chrono::seconds;

Duration between(Duration least, std::uint32_t seconds, Duration most) {
  return std::clamp<Duration>(Seconds(seconds), least, most);
}

}  // namespace

Duration zone_lifetime(const Zone& zone, const RefreshBounds& bounds) {
  return between(bounds.least_expire, zone.soa().expire, bounds.most_expire);
}

Secondary::Secondary(SecondaryOptions options, Parts parts, ZoneOwner& owner)
    : options_(std::move(options)), parts_(parts), owner_(owner) {
  assert(!options_.primaries.empty());
}

std::optional<UnixTime> Secondary::restore(ZonePtr zone, UnixTime checked, std::string source) {
  const UnixTime now = parts_.clock.wall();
  const UnixTime age = std::max<UnixTime>(0, now - checked);  // of a clock that was set back nothing is known
  const Duration left = zone_lifetime(*zone, options_.bounds) - Seconds(age);
  if (left <= Duration::zero()) { return std::nullopt; }
  zone_ = std::move(zone);
  {
    const std::lock_guard lock(status_mutex_);
    status_.checked = now - age;
    status_.source = std::move(source);
  }
  return keep_for(left);
}

Task<void> Secondary::run() {
  for (;;) {
    bool was_good = false;
    try {
      was_good = co_await refresh();
    } catch (const std::exception& problem) {  // memory has run out: the next turn may find some
      log(LogLevel::error, "zone_internal_error",
          {{"zone", options_.zone.text()}, {"problem", std::string_view(problem.what())}});
    }
    failures_in_a_row_ = was_good ? 0 : failures_in_a_row_ + 1;
    const Duration time = until_next(was_good);
    co_await sleep(parts_.executor, time);
  }
}

// Asks one primary after the other until one has, or confirms, the zone.
Task<bool> Secondary::refresh() {
  const std::size_t count = options_.primaries.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = (first_ + i) % count;
    const bool is_good = co_await ask(options_.primaries[index]);
    if (!is_good) { continue; }
    first_ = index;
    co_return true;
  }
  co_return false;
}

Task<bool> Secondary::ask(const Primary& primary) {
  const TransferParts parts{parts_.dialer, parts_.clock, parts_.random};
  TransferOrder order{options_.zone, primary, zone_, options_.limits, options_.patience};
  was_rejected_ = false;
  const TransferResult result = co_await transfer(order, parts);
  if (take_result(result, primary)) { co_return true; }
  // Differences that were sound in themselves, but led to what is not the zone: ours may be what is wrong.
  const bool were_differences = result && result->kind == Transfer::Kind::incremental;
  if (!were_differences || !was_rejected_) { co_return false; }
  order.primary.incremental = false;
  order.base = zone_;  // it may have expired meanwhile
  const TransferResult whole = co_await transfer(order, parts);
  co_return take_result(whole, primary);
}

bool Secondary::take_result(const TransferResult& result, const Primary& primary) {
  if (!result) {
    note_failure(primary, transfer_fault_id(result.error().fault), result.error().text);
    return false;
  }
  {
    const std::lock_guard lock(status_mutex_);
    status_.foreign += result->foreign;
  }
  if (result->zone != nullptr) { return take_zone(*result, primary); }
  if (zone_ == nullptr) {  // it has expired during the question
    note_failure(primary, "expired", "our zone expired while the primary was asked");
    return false;
  }
  {
    const std::lock_guard lock(status_mutex_);
    ++status_.up_to_date;
    status_.checked = parts_.clock.wall();
  }
  owner_.confirm(keep_for(lifetime()));
  return true;
}

bool Secondary::take_zone(const Transfer& transfer, const Primary& primary) {
  if (auto taken = owner_.take(transfer, primary, until_after(zone_lifetime(*transfer.zone, options_.bounds)));
      !taken) {
    was_rejected_ = true;
    note_failure(primary, "rejected", taken.error());
    const std::lock_guard lock(status_mutex_);
    ++status_.rejected;
    return false;
  }
  zone_ = transfer.zone;
  const bool is_incremental = transfer.kind == Transfer::Kind::incremental;
  {
    const std::lock_guard lock(status_mutex_);
    ++(is_incremental ? status_.incremental : status_.whole);
    status_.checked = parts_.clock.wall();
    status_.source = primary.address.text();
  }
  keep_for(lifetime());
  log(LogLevel::notice, "zone_transferred",
      {{"zone", options_.zone.text()},
       {"serial", zone_->serial()},
       {"from", primary.address.text()},
       {"kind", is_incremental ? "ixfr" : "axfr"},
       {"records", zone_->size()},
       {"octets", transfer.octets},
       {"left_out", transfer.foreign}});
  return true;
}

void Secondary::note_failure(const Primary& primary, std::string_view fault, const std::string& why) {
  const std::string server = primary.address.text();
  log(LogLevel::warning, "zone_transfer_failed",
      {{"zone", options_.zone.text()}, {"from", server}, {"fault", fault}, {"why", why}});
  const std::lock_guard lock(status_mutex_);
  ++status_.failures;
  status_.failed = parts_.clock.wall();
  status_.failure = server + ": " + why;
}

UnixTime Secondary::until_after(Duration time) const {
  return parts_.clock.wall() + std::chrono::duration_cast<Seconds>(time).count();
}

// Until when that is comes back.
UnixTime Secondary::keep_for(Duration time) {
  expiry_ = parts_.executor.after(time, [this] { expired(); });
  return until_after(time);
}

void Secondary::expired() {
  log(LogLevel::error, "zone_expired",
      {{"zone", options_.zone.text()}, {"serial", zone_->serial()}, {"why", "no primary has confirmed it"}});
  zone_ = nullptr;
  owner_.expire();
}

Duration Secondary::until_next(bool was_good) {
  const RefreshBounds& bounds = options_.bounds;
  if (zone_ == nullptr) {
    constexpr std::uint32_t kMostDoublings = 16;  // far beyond any bound
    const Duration time = kFirstRetry * (1U << std::min(failures_in_a_row_ - 1, kMostDoublings));
    return jittered(std::min(time, bounds.most_retry));
  }
  const SoaView soa = zone_->soa();
  return jittered(was_good ? between(bounds.least_refresh, soa.refresh, bounds.most_refresh)
                           : between(bounds.least_retry, soa.retry, bounds.most_retry));
}

// Up to a tenth sooner: resolvers that were started together, or have met the same outage, part.
Duration Secondary::jittered(Duration time) {
  constexpr std::uint32_t kSteps = 1000;
  return time - time / 10 * parts_.random.below(kSteps) / kSteps;
}

SecondaryStatus Secondary::status() const {
  const std::lock_guard lock(status_mutex_);
  return status_;
}

}  // namespace vouch
