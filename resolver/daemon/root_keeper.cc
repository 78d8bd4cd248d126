#include "resolver/daemon/root_keeper.h"

#include <algorithm>
#include <utility>

#include "resolver/base/durable_file.h"
#include "resolver/base/lack_of_memory.h"
#include "resolver/base/log.h"
#include "resolver/base/sleep.h"
#include "resolver/daemon/file_time.h"
#include "resolver/zones/root_verification.h"
#include "resolver/zones/zone_text.h"

namespace vouch {

namespace {

std::vector<Primary> primaries_of(const ResolverOptions& options, Random& random) {
  std::vector<SocketAddress> sources = options.local_root.sources;
  const bool is_builtin = sources.empty();
  if (is_builtin) { sources = builtin_root_sources(); }
  std::vector<Primary> primaries;
  for (const SocketAddress& source : sources) {
    if (source.ip().is_v4() ? !options.ipv4 : !options.ipv6) { continue; }
    Primary primary;
    primary.address = source;
    primaries.push_back(std::move(primary));
  }
  // Everybody has the built-in ones: each begins with another.
  if (is_builtin) {
    for (std::size_t left = primaries.size(); left > 1; --left) {
      std::swap(primaries[left - 1], primaries[random.below(static_cast<std::uint32_t>(left))]);
    }
  }
  return primaries;
}

}  // namespace

std::unique_ptr<RootKeeper> RootKeeper::create(const Parts& parts) {
  auto loop = EventLoop::create();
  if (loop == nullptr) {
    log(LogLevel::error, "local_root_off", {{"problem", "no descriptor left for its event loop"}});
    return nullptr;
  }
  std::unique_ptr<RootKeeper> keeper(new RootKeeper(parts, std::move(loop)));
  keeper->restore();
  return keeper;
}

RootKeeper::RootKeeper(const Parts& parts, std::unique_ptr<EventLoop> loop)
    : parts_(parts), loop_(std::move(loop)), kept_(parts.dnssec.state_directory) {
  if (!parts_.resolver.local_root.file.empty()) { return; }
  std::vector<Primary> primaries = primaries_of(parts_.resolver, random_);
  if (primaries.empty()) {
    log(LogLevel::error, "local_root_off",
        {{"problem", "no source is of a family that outgoing.ipv4 and outgoing.ipv6 allow"}});
    return;
  }
  dialer_ = std::make_unique<MessageDialer>(*loop_, parts_.outgoing, random_);
  SecondaryOptions options;
  options.primaries = std::move(primaries);
  options.limits = kLimits;
  secondary_ = std::make_unique<Secondary>(
      std::move(options), Secondary::Parts{*dialer_, *loop_, parts_.clock, random_}, static_cast<ZoneOwner&>(*this));
}

RootKeeper::~RootKeeper() {
  loop_->stop();
  if (thread_.joinable()) { thread_.join(); }
  task_ = Task<void>();
}

void RootKeeper::start() {
  const bool watches = !parts_.resolver.local_root.file.empty();
  if (!watches && secondary_ == nullptr) { return; }
  thread_ = std::thread([this, watches] {
    task_ = watches ? watch_file() : secondary_->run();
    task_.start();
    loop_->run();
    task_ = Task<void>();
  });
}

// ----------------------------------------------------------------------------------------------------- what to believe

std::expected<RootCopyPtr, std::string> RootKeeper::verified(const ZonePtr& zone) const {
  const AnchorSetPtr anchors = parts_.anchors.current();
  const RootTerms terms{.anchors = *anchors,
                        .sha1 = parts_.dnssec.sha1,
                        .now = parts_.clock.wall(),
                        .skew = parts_.dnssec.signature_skew,
                        .start = parts_.clock.monotonic()};
  const auto signed_until = verify_root(*zone, terms);
  if (!signed_until) { return std::unexpected(signed_until.error()); }
  auto copy = std::make_shared<const RootCopy>(zone, *signed_until);
  if (copy->servers() == nullptr) { return std::unexpected(std::string("it names no servers")); }
  return copy;
}

std::expected<void, std::string> RootKeeper::take(const Transfer& transfer, const Primary&, UnixTime until) {
  auto copy = verified(transfer.zone);
  if (!copy) { return std::unexpected(std::move(copy.error())); }
  parts_.root.replace(std::move(*copy), until);
  kept_.store(*transfer.zone);
  return {};
}

void RootKeeper::confirm(UnixTime until) {
  const RootCopyPtr copy = parts_.root.latest();
  if (copy == nullptr) { return; }
  parts_.root.keep_until(until);
  kept_.confirm(copy->zone());
}

void RootKeeper::expire() { parts_.root.replace(nullptr, 0); }

// -------------------------------------------------------------------------------------------------------- what is kept

void RootKeeper::restore() {
  if (!parts_.resolver.local_root.file.empty()) {
    look_at_file();
    return;
  }
  if (secondary_ == nullptr) { return; }
  const auto refuse = [this](const std::string& why) {
    log(LogLevel::warning, "local_root_not_restored",
        {{"file", kept_.path()}, {"why", why}, {"effect", "it is fetched; until then the root servers are asked"}});
  };
  const auto found = kept_.read(kLimits);
  if (!found) { return refuse(found.error()); }
  if (!*found) { return; }
  const auto& [zone, checked] = **found;
  auto copy = verified(zone);
  if (!copy) { return refuse(copy.error()); }
  const UnixTime since = std::min(checked, parts_.clock.wall());
  const auto until = secondary_->restore(zone, since, "state directory");
  if (!until) { return refuse("it has expired"); }
  parts_.root.replace(std::move(*copy), *until);
  log(LogLevel::notice, "local_root_restored", {{"serial", zone->serial()}, {"checked", since}});
}

// ----------------------------------------------------------------------------------------------------------- the file

Task<void> RootKeeper::watch_file() {
  for (;;) {
    co_await sleep(*loop_, parts_.look);
    look_at_file();
  }
}

// Whoever keeps the file writes it anew, or touches it, when it is current. What was refused is looked at each time:
// it may have been us (a clock that was not set yet, memory that ran out).
void RootKeeper::look_at_file() noexcept {
  survive_lack_of_memory([this] {
    const auto time = file_time(parts_.resolver.local_root.file);
    if (!time) {
      used_ = std::nullopt;
      note_failure({"it cannot be found"});
    } else if (used_ != time) {
      read_file(*time);
    }
  });
}

void RootKeeper::read_file(UnixTime time) {
  const auto used = use_file(time);
  if (!used) { return note_failure(used.error()); }
  used_ = time;
  told_.clear();
  const std::string& path = parts_.resolver.local_root.file;
  log(LogLevel::notice, "local_root_read", {{"file", path}, {"serial", (*used)->serial()}});
  const std::lock_guard lock(mutex_);
  ++file_figures_.whole;
  file_figures_.checked = std::min(time, parts_.clock.wall());
  file_figures_.source = path;
}

std::expected<ZonePtr, RootKeeper::Unusable> RootKeeper::use_file(UnixTime time) {
  const auto octets = read_whole(parts_.resolver.local_root.file, kLimits.octets, Links::followed);
  if (!octets) { return std::unexpected(Unusable{octets.error()}); }
  if (!*octets) { return std::unexpected(Unusable{"it is gone"}); }
  const auto zone = read_zone_text(**octets, NameView(), kLimits);
  if (!zone) { return std::unexpected(Unusable{zone.error()}); }
  const UnixTime now = parts_.clock.wall();
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(zone_lifetime(**zone, RefreshBounds()));
  const UnixTime until = std::min(time, now) + lifetime.count();
  auto copy = until > now ? verified(*zone) : std::unexpected(std::string("it has not been renewed for too long"));
  if (!copy) { return std::unexpected(Unusable{std::move(copy.error()), true}); }
  parts_.root.replace(std::move(*copy), until);
  return *zone;
}

// One failure after the other may be the same for days: the log hears of each different one.
void RootKeeper::note_failure(const Unusable& file) {
  const std::string& path = parts_.resolver.local_root.file;
  if (told_ != file.why) {
    log(LogLevel::warning, "local_root_unusable",
        {{"file", path}, {"why", file.why}, {"effect", "what was used before stays until it expires"}});
    told_ = file.why;
  }
  const std::lock_guard lock(mutex_);
  ++file_figures_.failures;
  if (file.is_rejected) { ++file_figures_.rejected; }
  file_figures_.failure = path + ": " + file.why;
  file_figures_.failed = parts_.clock.wall();
}

LocalRootFigures RootKeeper::figures() const {
  LocalRootFigures figures;
  if (secondary_ != nullptr) {
    const SecondaryStatus status = secondary_->status();
    figures.checked = status.checked;
    figures.source = status.source;
    figures.failure = status.failure;
    figures.failed = status.failed;
    figures.whole = status.whole;
    figures.incremental = status.incremental;
    figures.up_to_date = status.up_to_date;
    figures.failures = status.failures;
    figures.rejected = status.rejected;
    figures.foreign = status.foreign;
  } else {
    const std::lock_guard lock(mutex_);
    figures = file_figures_;
  }
  figures.replies = parts_.root.replies();
  const RootCopyPtr copy = parts_.root.current(parts_.clock.wall());
  figures.in_use = copy != nullptr;
  if (copy != nullptr) {
    figures.serial = copy->zone().serial();
    figures.expires = parts_.root.until();
    figures.octets = copy->zone().memory();
  }
  return figures;
}

}  // namespace vouch
