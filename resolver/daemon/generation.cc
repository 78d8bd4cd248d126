#include "resolver/daemon/generation.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/policy/discovery.h"

namespace vouch {

namespace {

// Clients' connections must not take the descriptors with which servers are asked. Where the process may open few,
// every kind gets its share, whatever the configuration hopes for.
void share_descriptors(Configuration& configuration, const ProcessFacts& process) {
  constexpr std::size_t kOwn = 64;  // listeners, event loops, log, and what libraries open
  const std::size_t limit = process.descriptor_limit;
  const std::size_t left = limit - std::min<std::size_t>(limit / 2, kOwn);
  const std::size_t each = left / process.workers;
  const auto lower = [](const char* what, auto& figure, std::size_t share) {
    const auto most = static_cast<std::decay_t<decltype(figure)>>(std::max<std::size_t>(1, share));
    if (figure <= most) { return; }
    log(LogLevel::warning, "descriptors_scarce", {{"lowered", what}, {"from", figure}, {"to", most}});
    figure = most;
  };
  ListenerOptions& listeners = configuration.listeners;
  const std::size_t clients = each / 4;
  const bool has_tls = !listeners.tls.empty() || !listeners.https.empty() || !listeners.cleartext_https.empty();
  const std::size_t over_tls = has_tls ? clients / 2 : 0;
  lower("server.tcp.max_sessions", listeners.sessions.total, clients - over_tls);
  if (has_tls) { lower("server.tls.max_sessions", listeners.tls_sessions.total, over_tls); }
  lower("outgoing.max_connections", configuration.outgoing.max_connections, each / 8);
  lower("outgoing.max_udp_sockets", configuration.outgoing.max_udp_sockets, each / 2);
}

// Clients who know only our address can ask how else they may come (RFC 9462).
DiscoveryOptions discovery_of(const Configuration& configuration, const ListenAddresses& listen,
                              const ServerIdentity& identity) {
  DiscoveryOptions options = configuration.discovery;
  options.qname_minimisation = configuration.resolver.minimisation != Minimisation::off;
  if (const auto current = identity.identities().current()) { options.name = name_for_clients(*current); }
  const std::string& path = configuration.listeners.http.path;
  const auto offer = [&](DesignatedProtocol protocol, const std::vector<SocketAddress>& listeners,
                         const std::string& its_path) {
    std::ranges::move(designations_of(protocol, listeners, its_path), std::back_inserter(options.designations));
  };
  offer(DesignatedProtocol::doh, listen.https, path);
  offer(DesignatedProtocol::doh3, listen.quic, path);
  offer(DesignatedProtocol::dot, listen.tls, {});
  offer(DesignatedProtocol::doq, listen.quic, {});
  return options;
}

}  // namespace

std::expected<GenerationPtr, std::string> make_generation(Configuration configuration, const ProcessFacts& process,
                                                          const ListenAddresses& held) {
  auto made = std::make_shared<Generation>();
  made->configuration = std::move(configuration);
  Configuration& mine = made->configuration;
  share_descriptors(mine, process);
  mine.front.require_validation = mine.dnssec.mode != DnssecMode::off;
  mine.front.withhold_bogus = mine.dnssec.mode == DnssecMode::enforce;
  if (mine.front.cookie_secret.empty()) { mine.front.cookie_secret = process.cookie_secret; }
  auto listen = usable_addresses(mine.listeners, held);
  if (!listen) { return std::unexpected(std::move(listen.error())); }
  made->listen = std::move(*listen);
  const DiscoveryOptions discovery = discovery_of(mine, made->listen, process.identity);
  auto zones = LocalZones::build(mine.local_data, &discovery);
  if (!zones) { return std::unexpected("local_data: " + zones.error()); }
  made->local_zones = std::move(*zones);
  return made;
}

}  // namespace vouch
