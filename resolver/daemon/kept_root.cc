#include "resolver/daemon/kept_root.h"

#include <sys/stat.h>

#include <algorithm>

#include "resolver/base/durable_file.h"
#include "resolver/base/log.h"
#include "resolver/daemon/file_time.h"
#include "resolver/zones/zone_stream.h"

namespace vouch {

namespace {
constexpr mode_t kMode = 0644;  // nothing of it is a secret
}  // namespace

KeptRoot::KeptRoot(const std::string& directory) : path_(directory.empty() ? "" : path_in(directory, kName)) {}

std::expected<std::optional<KeptRoot::Found>, std::string> KeptRoot::read(const TransferLimits& limits) {
  auto checked = file_time(path_);
  if (!checked) { return std::nullopt; }
  if (const auto again = file_time(checked_path())) { checked = std::max(checked, again); }
  const auto octets = read_whole(path_, limits.octets, Links::refused);
  if (!octets) { return std::unexpected(octets.error()); }
  if (!*octets) { return std::nullopt; }
  auto zone = read_zone_stream(bytes_of(**octets), NameView(), limits);
  if (!zone) { return std::unexpected(std::move(zone.error())); }
  is_kept_ = true;
  return Found{.zone = std::move(*zone), .checked = *checked};
}

void KeptRoot::store(const Zone& zone) {
  if (path_.empty()) { return; }
  const auto written = write_durably(path_, zone_stream(zone), kMode);
  is_kept_ = written.has_value();
  if (is_kept_) { return; }
  log(LogLevel::warning, "local_root_not_kept",
      {{"file", path_}, {"problem", written.error()}, {"effect", "a restart has to fetch it anew"}});
}

void KeptRoot::confirm(const Zone& zone) {
  if (path_.empty()) { return; }
  if (!is_kept_) {
    store(zone);
    return;
  }
  // Without it a restart takes the zone for older than it is.
  static_cast<void>(write_durably(checked_path(), "", kMode));
}

}  // namespace vouch
