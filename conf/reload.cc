#include "conf/reload.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "conf/document.h"
#include "conf/map_reader.h"
#include "conf/yaml_tree.h"

namespace vouch {

namespace {

// Keys, and sections with a dot behind them.
constexpr auto kAtStartOnly = std::to_array<std::string_view>({
    // Threads, identity and place of the process; root's privileges are given up once it serves.
    "server.workers",
    "server.user",
    "server.state_dir",
    // Asked of the kernel when a socket is made.
    "server.edns_size",
    "server.udp.socket_buffer",
    "server.tcp.backlog",
    "server.quic.socket_buffer",
    // Within the encrypted listeners' machinery; the certificate itself is renewed without.
    "server.tls.certificate_file",
    "server.tls.key_file",
    "server.tls.state_directory",
    "server.tls.ticket_secret_file",
    "server.https.path",
    "server.quic.retry_above",
    "server.quic.max_memory",
    "server.quic.early_data",
    // What keeps the copy of the root zone.
    "resolver.local_root.",
    // Where anchors are remembered, and the tables that are in use.
    "dnssec.state_directory",
    "cache.size",
    "cache.ttl_min",
    "cache.ttl_max",
    "cache.negative_ttl_min",
    "cache.negative_ttl_max",
    "cache.ttl_clock",
    "cache.failure_ttl_min",
    "cache.failure_ttl_max",
    "policy.state_directory",
    "cache.snapshot.state_directory",
    // The store that the fleet shares: its connections, and what is believed of it.
    "shared_cache.",
    // The ledger's and the history's own terms, and the pages' sockets.
    "telemetry.",
    "web.",
    "control.",
    // The collector's connection, and whether Unix sockets may be made at all (seccomp).
    "dnstap.",
    "logging.target",
    "logging.file",
});

}  // namespace

bool needs_restart(std::string_view path) noexcept {
  return std::ranges::any_of(kAtStartOnly, [path](std::string_view fixed) {
    return fixed.ends_with('.') ? path.starts_with(fixed) : path == fixed;
  });
}

std::vector<std::string> changed_keys(const Configuration& running, const Configuration& next) {
  std::vector<std::string> changed;
  for (const KeySpec<Configuration>& key : schema()) {
    if (key.show(key, running) != key.show(key, next)) { changed.emplace_back(key.path); }
  }
  return changed;
}

std::vector<std::string> keep_until_restart(const Configuration& running, Configuration& next) {
  std::vector<std::string> kept;
  for (const KeySpec<Configuration>& key : schema()) {
    if (!needs_restart(key.path)) { continue; }
    const std::string value = key.show(key, running);
    if (value == key.show(key, next)) { continue; }
    kept.emplace_back(key.path);
    // What the table shows, the table reads: no second list of fields that could be forgotten.
    const auto tree = parse_yaml(value);
    Problems problems("running configuration");
    if (tree) { key.read(key, tree->root, next, problems); }
    assert(tree && problems.count() == 0);
  }
  agree(next);
  return kept;
}

}  // namespace vouch
