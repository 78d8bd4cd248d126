#include "resolver/daemon/status_source.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "resolver/daemon/explaining.h"
#include "resolver/daemon/process.h"
#include "resolver/daemon/version.h"

namespace vouch {

namespace {

std::string_view mode_name(DnssecMode mode) noexcept {
  switch (mode) {
    case DnssecMode::off:
      return "off";
    case DnssecMode::observe:
      return "observe";
    case DnssecMode::enforce:
      return "enforce";
  }
  return "off";
}

Forwarding forwarding_of(const std::vector<ConfiguredZone>& zones) noexcept {
  if (zones.empty()) { return Forwarding::none; }
  const auto is_root = [](const ConfiguredZone& zone) { return zone.zone.view().is_root(); };
  return std::ranges::any_of(zones, is_root) ? Forwarding::all : Forwarding::some;
}

std::uint64_t resident_octets() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t whole = 0, resident = 0;
  file >> whole >> resident;
  return file ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

double cpu_seconds() {
  timespec time{};  // and not getrusage(), which is one more system call for a confined process
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) { return 0; }
  constexpr double kNano = 1e-9;
  return static_cast<double>(time.tv_sec) + kNano * static_cast<double>(time.tv_nsec);
}

std::uint32_t open_descriptors() {
  const std::size_t count = entries_of("/proc/self/fd");
  return count > 0 ? static_cast<std::uint32_t>(count - 1) : 0;  // one was the look itself
}

}  // namespace

void StatusSource::set_keeper(std::shared_ptr<const AnchorKeeper> keeper) {
  const std::lock_guard lock(mutex_);
  keeper_ = std::move(keeper);
}

void StatusSource::add_listeners(const Generation& generation, StatusFigures& status) const {
  const auto add = [&](std::string_view protocol, const std::vector<SocketAddress>& addresses) {
    for (const SocketAddress& address : addresses) {
      status.listeners.push_back({std::string(protocol), address.text()});
    }
  };
  for (const ListenerGroup& group : listener_groups()) { add(group.protocol, generation.listen.of(group.kind)); }
  add("web", web_);
}

void StatusSource::add_anchors(const Configuration& configuration, StatusFigures& status) const {
  std::shared_ptr<const AnchorKeeper> keeper;
  {
    const std::lock_guard lock(mutex_);
    keeper = keeper_;
  }
  if (keeper != nullptr) {
    for (const AnchorKeeper::KnownKey& key : keeper->known_keys()) {
      status.anchors.push_back({key.zone.text(), key.tag, key.algorithm, std::string(key.state)});
    }
  }
  const std::vector<NegativeAnchor> reasons =
      explaining_ != nullptr ? explaining_->negatives_in_force() : configuration.dnssec.negative_trust_anchors;
  for (const Name& name : parts_.anchors.current()->negatives()) {
    NegativeAnchorFigures& negative = status.negative_anchors.emplace_back();
    negative.zone = name.text();
    const auto known = std::ranges::find(reasons, name, &NegativeAnchor::name);
    if (known == reasons.end()) { continue; }
    negative.reason = known->reason;
    negative.until = known->until;
  }
  const UnixTime validated = parts_.trust.root_validated();
  if (validated != 0) { status.root_validated = validated; }
}

void StatusSource::add_caches(StatusFigures& status) const {
  const CacheStats rrsets = parts_.caches.rrsets.stats();
  status.caches.push_back({.cache = "rrset",
                           .entries = rrsets.entries,
                           .octets = rrsets.octets,
                           .capacity = rrsets.capacity,
                           .hits = rrsets.hits,
                           .misses = rrsets.misses,
                           .evictions = rrsets.evictions,
                           .insertions = rrsets.insertions});
  const std::uint64_t size = parts_.caches.options.size;
  const auto add = [&](std::string cache, const auto& from, std::uint64_t capacity) {
    status.caches.push_back(
        {.cache = std::move(cache), .entries = from.entries(), .octets = from.octets(), .capacity = capacity});
  };
  add("delegation", parts_.caches.delegations, size / 16 * 2);  // the shares of resolver/cache/caches.h
  add("server", parts_.caches.servers, size / 32);
  add("failure", parts_.caches.failures, size / 32);
  add("denial", parts_.caches.denials, size / 16);
  add("trust", parts_.trust, parts_.caches.share_of_trust());
}

void StatusSource::add_process(StatusFigures& status) const {
  status.resident_octets = resident_octets();
  status.cpu_seconds = cpu_seconds();
  status.open_descriptors = open_descriptors();
  status.max_descriptors = static_cast<std::uint32_t>(descriptor_limit_);
  status.confinement = confinement_;
}

StatusFigures StatusSource::take() const {
  const GenerationPtr generation = parts_.current.get();
  const Configuration& configuration = generation->configuration;
  StatusFigures status;
  status.version = kVersion;
  status.libraries = library_versions();
  status.validation = mode_name(configuration.dnssec.mode);
  status.workers = workers_;
  add_listeners(*generation, status);
  if (const SharedCacheOptions& shared = configuration.shared_cache; shared.is_on()) {
    status.shared_cache = SharedCacheFigures{.server = shared.server.front().text(), .tls = shared.tls};
  }
  if (const auto identity = parts_.identities.current()) {
    status.certificate = CertificateFigures{.name = identity->names().empty() ? "" : identity->names().front(),
                                            .not_after = identity->valid_until(),
                                            .self_made = identity->is_self_signed(),
                                            .pin = identity->pin()};
  }
  const TelemetryOptions& telemetry = configuration.telemetry;
  const ListenerOptions& listeners = configuration.listeners;
  const DnstapOptions& dnstap = configuration.dnstap;
  const bool copies_clients = dnstap.client_queries || dnstap.client_responses;
  status.privacy = {
      .min_prefixes = telemetry.min_prefixes,
      .ipv4_prefix = telemetry.ipv4_prefix,
      .ipv6_prefix = telemetry.ipv6_prefix,
      .listed_zones = telemetry.listed_zones,
      .listed_tlds = telemetry.listed_tlds,
      .minimises = configuration.resolver.minimisation != Minimisation::off,
      .encrypted_offered = !listeners.tls.empty() || !listeners.https.empty() || !listeners.quic.empty(),
      .copies_messages = dnstap.is_wanted() && (copies_clients || dnstap.resolver_queries || dnstap.resolver_responses),
      .copied_ipv4_prefix = copies_clients ? u8(dnstap.ipv4_prefix) : u8(0),
      .copied_ipv6_prefix = copies_clients ? u8(dnstap.ipv6_prefix) : u8(0),
      .forwards = forwarding_of(configuration.resolver.forward_zones)};
  add_anchors(configuration, status);
  if (root_keeper_ != nullptr) { status.local_root = root_keeper_->figures(); }
  add_caches(status);
  add_process(status);
  return status;
}

}  // namespace vouch
