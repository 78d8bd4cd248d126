#include "resolver/daemon/root_keeper.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "resolver/base/durable_file.h"
#include "resolver/base/log.h"
#include "resolver/zones/root_verification.h"
#include "resolver/zones/zone_stream.h"
#include "resolver/zones/zone_text.h"

namespace vouch {

namespace {

constexpr mode_t kMode = 0644;  // nothing of it is a secret

// When the file was written, or confirmed, last; nothing: there is none.
std::optional<UnixTime> time_of(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) { return std::nullopt; }
  return status.st_mtim.tv_sec;
}

Task<void> sleep(Executor& executor, Duration time) {
  OneShot<bool> over;
  const auto timer = executor.after(time, [&over] { over.set(true); });
  co_await over;
}

std::vector<Primary> primaries_of(const ResolverOptions& options, Random& random) {
  std::vector<SocketAddress> sources = options.local_root.sources;
  const bool is_builtin = sources.empty();
  if (is_builtin) { sources = builtin_root_sources(); }
  std::vector<Primary> primaries;
  for (const SocketAddress& source : sources) {
    if (source.ip().is_v4() ? !options.ipv4 : !options.ipv6) { continue; }
    Primary primary;
    primary.peer.address = source;
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

RootKeeper::RootKeeper(const Parts& parts, std::unique_ptr<EventLoop> loop) : parts_(parts), loop_(std::move(loop)) {
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

std::string RootKeeper::kept_path() const {
  const std::string& directory = parts_.dnssec.state_directory;
  return directory.empty() ? std::string() : path_in(directory, kName);
}

UnixTime RootKeeper::expiry_of(const Zone& zone, UnixTime since) const {
  return since + std::chrono::duration_cast<std::chrono::seconds>(zone_lifetime(zone, RefreshBounds())).count();
}

// ----------------------------------------------------------------------------------------------------- what to believe

// Verifies the zone and gives it to the resolvers.
std::expected<void, std::string> RootKeeper::use(const ZonePtr& zone, UnixTime until) {
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
  parts_.root.replace(std::move(copy), until);
  return {};
}

std::expected<void, std::string> RootKeeper::take(const Transfer& transfer, const Primary&) {
  const Zone& zone = *transfer.zone;
  if (auto used = use(transfer.zone, expiry_of(zone, parts_.clock.wall())); !used) { return used; }
  store(zone);
  return {};
}

void RootKeeper::confirm() {
  const RootCopyPtr copy = parts_.root.latest();
  if (copy == nullptr) { return; }
  parts_.root.keep_until(expiry_of(copy->zone(), parts_.clock.wall()));
  // The zone itself need not be written anew, which a memory card would mind: the time of a small file will do.
  const std::string path = kept_path();
  if (path.empty()) { return; }
  const std::string text = "serial " + std::to_string(copy->zone().serial()) + " was current when this was written\n";
  static_cast<void>(write_durably(path + std::string(kChecked), text, kMode));
}

void RootKeeper::expire() { parts_.root.replace(nullptr, 0); }

// --------------------------------------------------------------------------------------------------------- what is
// kept

void RootKeeper::store(const Zone& zone) {
  const std::string path = kept_path();
  if (path.empty()) { return; }
  if (const auto written = write_durably(path, zone_stream(zone), kMode); !written) {
    log(LogLevel::warning, "local_root_not_kept",
        {{"file", path}, {"problem", written.error()}, {"effect", "a restart has to fetch it anew"}});
  }
}

void RootKeeper::restore() {
  if (!parts_.resolver.local_root.file.empty()) {
    look_at_file();
    return;
  }
  const std::string path = kept_path();
  auto checked = time_of(path);
  if (!checked || secondary_ == nullptr) { return; }
  if (const auto again = time_of(path + std::string(kChecked))) { checked = std::max(checked, again); }
  const auto refuse = [&path](const std::string& why) {
    log(LogLevel::warning, "local_root_not_restored",
        {{"file", path}, {"why", why}, {"effect", "it is fetched; until then the root servers are asked"}});
  };
  const auto octets = read_whole(path, kLimits.octets, Links::refused);
  if (!octets || !*octets) {
    refuse(octets ? "it is gone" : octets.error());
    return;
  }
  const auto zone = read_zone_stream(bytes_of(**octets), NameView(), kLimits);
  if (!zone) {
    refuse(zone.error());
    return;
  }
  const UnixTime since = std::min(*checked, parts_.clock.wall());
  if (const auto used = use(*zone, expiry_of(**zone, since)); !used) {
    refuse(used.error());
    return;
  }
  if (!secondary_->restore(*zone, since, "state directory")) {
    parts_.root.replace(nullptr, 0);
    refuse("it has expired");
    return;
  }
  log(LogLevel::notice, "local_root_restored", {{"serial", (*zone)->serial()}, {"checked", since}});
}

// ----------------------------------------------------------------------------------------------------------- the file

Task<void> RootKeeper::watch_file() {
  for (;;) {
    co_await sleep(*loop_, kLookAtFile);
    look_at_file();
  }
}

// Whoever keeps the file writes it anew, or touches it, when it is current.
void RootKeeper::look_at_file() {
  const std::string& path = parts_.resolver.local_root.file;
  const auto time = time_of(path);
  if (!time) {
    if (!std::exchange(is_file_missed_, true)) { note_failure(path + " cannot be found"); }
    seen_ = std::nullopt;
    return;
  }
  is_file_missed_ = false;
  if (seen_ == time) { return; }
  seen_ = time;
  const auto octets = read_whole(path, kLimits.octets, Links::followed);
  if (!octets || !*octets) {
    note_failure(octets ? path + " is gone" : octets.error());
    return;
  }
  const auto zone = read_zone_text(**octets, NameView(), kLimits);
  if (!zone) {
    note_failure(path + ": " + zone.error());
    return;
  }
  const UnixTime since = std::min(*time, parts_.clock.wall());
  const UnixTime until = expiry_of(**zone, since);
  const auto used = until > parts_.clock.wall() ? use(*zone, until)
                                                : std::unexpected(std::string("it has not been renewed for too long"));
  if (!used) {
    note_failure(path + ": " + used.error());
    const std::lock_guard lock(mutex_);
    ++file_figures_.rejected;
    return;
  }
  log(LogLevel::notice, "local_root_read", {{"file", path}, {"serial", (*zone)->serial()}});
  const std::lock_guard lock(mutex_);
  ++file_figures_.whole;
  file_figures_.checked = since;
  file_figures_.source = path;
}

void RootKeeper::note_failure(const std::string& why) {
  log(LogLevel::warning, "local_root_unusable",
      {{"why", why}, {"effect", "what was used before stays until it expires"}});
  const std::lock_guard lock(mutex_);
  ++file_figures_.failures;
  file_figures_.failure = why;
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
