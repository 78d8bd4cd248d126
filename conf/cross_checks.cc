#include "conf/cross_checks.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace vouch {

namespace {

constexpr std::size_t kLeastPortsLeft = 4096;  // as for outgoing.port_range

class CrossChecks {
 public:
  CrossChecks(const Configuration& configuration, const KeyPlaces& places, Problems& problems)
      : configuration_(configuration), places_(places), problems_(problems) {}

  void run() {
    check_order();
    check_families();
    check_listeners();
    check_identity();
    check_secrets();
    check_shared_cache();
    check_web();
    check_sockets();
    check_log();
    check_snapshot();
    check_ports();
    check_zones();
    check_policy();
  }

 private:
  // Told at the last of the keys that the file has: at the one that was probably changed.
  void tell(std::initializer_list<std::string_view> keys, std::string problem, std::string remedy) {
    const YamlNode* place = nullptr;
    for (const std::string_view key : keys) {
      const auto found = places_.find(key);
      if (found == places_.end()) { continue; }
      const YamlNode* here = found->second;
      if (place == nullptr || std::pair(here->line, here->column) > std::pair(place->line, place->column)) {
        place = here;
      }
    }
    problems_.add(place == nullptr ? YamlNode{} : *place, std::move(problem), std::move(remedy));
  }

  void at_most(std::string_view low_key, std::uint64_t low, std::string_view high_key, std::uint64_t high) {
    if (low <= high) { return; }
    tell({low_key, high_key},
         std::string(low_key) + " (" + std::to_string(low) + ") is more than " + std::string(high_key) + " (" +
             std::to_string(high) + ")",
         "raise one or lower the other");
  }

  void check_order() {
    const CacheOptions& cache = configuration_.cache;
    at_most("cache.ttl_min", cache.ttl_min, "cache.ttl_max", cache.ttl_max);
    at_most("cache.negative_ttl_min", cache.negative_ttl_min, "cache.negative_ttl_max", cache.negative_ttl_max);
    at_most("cache.failure_ttl_min", cache.failure_ttl_min, "cache.failure_ttl_max", cache.failure_ttl_max);
    const SessionLimitOptions& sessions = configuration_.listeners.sessions;
    at_most("server.tcp.max_sessions_per_client", sessions.per_source, "server.tcp.max_sessions", sessions.total);
    const OutgoingOptions& outgoing = configuration_.outgoing;
    at_most("outgoing.max_idle_connections", outgoing.max_idle_connections, "outgoing.max_connections",
            outgoing.max_connections);
  }

  void check_families() {
    const ResolverOptions& resolver = configuration_.resolver;
    if (!resolver.ipv4 && !resolver.ipv6) {
      tell({"outgoing.ipv4", "outgoing.ipv6"},
           "outgoing.ipv4 and outgoing.ipv6 are both false, so no server can be asked", "leave one of them true");
    }
    for (const IpAddress& source : configuration_.outgoing.source_addresses) {
      const bool is_used = source.is_v4() ? resolver.ipv4 : resolver.ipv6;
      if (is_used && !source.is_unspecified() && !source.is_multicast()) { continue; }
      tell({"outgoing.source_addresses"},
           "outgoing.source_addresses: " + source.text() +
               (is_used ? " is no machine's address" : " is of a family that is switched off"),
           is_used ? "name an address of this machine" : "leave it out, or switch the family on");
    }
    const ListenerOptions& listeners = configuration_.listeners;
    if (listeners.addresses.empty() && listeners.tls.empty() && listeners.https.empty() &&
        listeners.cleartext_https.empty() && listeners.quic.empty()) {
      tell({"server.listen"}, "server.listen is empty, so no client can be served", "name an address");
    }
    if (configuration_.front.allow.empty()) {
      tell({"server.allow_from"}, "server.allow_from is empty, so every query would be dropped", "name a prefix");
    }
  }

  // Two listeners of one kind on one address would share its clients at random.
  void check_listeners() {
    const ListenerOptions& listeners = configuration_.listeners;
    struct Group {
      std::string_view key;
      const std::vector<SocketAddress>& addresses;
    };
    const Group dns{"server.listen", listeners.addresses};
    const Group streams[] = {dns,
                             {"server.tls.listen", listeners.tls},
                             {"server.https.listen", listeners.https},
                             {"server.https.cleartext_listen", listeners.cleartext_https}};
    const Group datagrams[] = {dns, {"server.quic.listen", listeners.quic}};
    const auto compare = [this](std::span<const Group> groups) {
      for (std::size_t i = 0; i < groups.size(); ++i) {
        for (std::size_t j = i + 1; j < groups.size(); ++j) { check_apart(groups[i], groups[j]); }
      }
    };
    compare(streams);
    compare(datagrams);
    for (const SocketAddress& address : listeners.cleartext_https) {
      if (address.ip().is_loopback()) { continue; }
      tell({"server.https.cleartext_listen"},
           "server.https.cleartext_listen: " + address.text() +
               " can be reached from elsewhere, and nothing is encrypted",
           "listen on 127.0.0.1 or ::1, with the reverse proxy on this machine");
    }
    if (!listeners.http.path.starts_with('/') || listeners.http.path.find_first_of(" ?#{}") != std::string::npos) {
      tell({"server.https.path"}, "server.https.path: " + quoted_value(listeners.http.path) + " is no path",
           "write it like `/dns-query`");
    }
    at_most("server.tls.max_sessions_per_client", listeners.tls_sessions.per_source, "server.tls.max_sessions",
            listeners.tls_sessions.total);
    at_most("server.quic.max_sessions_per_client", listeners.quic_sessions.per_source, "server.quic.max_sessions",
            listeners.quic_sessions.total);
  }

  template <typename Group>
  void check_apart(const Group& one, const Group& other) {
    for (const SocketAddress& address : one.addresses) {
      if (std::ranges::find(other.addresses, address) == other.addresses.end()) { continue; }
      tell({one.key, other.key},
           address.text() + " is in " + std::string(one.key) + " and in " + std::string(other.key),
           "give each its own port");
    }
  }

  void check_identity() {
    const std::string& page = configuration_.discovery.info_url;
    if (!page.empty() && (!page.starts_with("https://") || page.find_first_of(" \"\\") != std::string::npos)) {
      tell({"server.info_url"}, "server.info_url: " + quoted_value(page) + " is no https address",
           "write it like `https://dns.example.net/about`");
    }
    const IdentityOptions& identity = configuration_.listeners.identity;
    if (identity.certificate_file.empty() == identity.key_file.empty()) { return; }
    const bool wants_key = identity.key_file.empty();
    tell({"server.tls.certificate_file", "server.tls.key_file"},
         wants_key ? "server.tls.certificate_file is set without server.tls.key_file"
                   : "server.tls.key_file is set without server.tls.certificate_file",
         "set both, or neither for a pair that vouchd makes itself");
  }

  void check_secrets() {
    if (!configuration_.front.cookie_secret.empty() && !configuration_.files.cookie_secret.empty()) {
      tell({"server.cookie_secret", "server.cookie_secret_file"},
           "server.cookie_secret and server.cookie_secret_file are both set", "keep one of the two");
    }
  }

  void check_shared_cache() {
    const SharedCacheOptions& shared = configuration_.shared_cache;
    if (shared.server.size() > 1) {
      tell({"shared_cache.server"}, "shared_cache.server names more than one server",
           "name one; what makes several servers one store stands before them");
    }
    if (shared.is_on() && shared.secret_file.empty()) {
      tell({"shared_cache.server", "shared_cache.secret_file"},
           "shared_cache.server is set, and shared_cache.secret_file names no secret",
           "`openssl rand -base64 33` makes a good one; all nodes need the same");
    }
    if (!shared.user.empty() && shared.password_file.empty()) {
      tell({"shared_cache.user", "shared_cache.password_file"},
           "shared_cache.user is set, and shared_cache.password_file names no password", "name a file with it");
    }
    if (!shared.tls && (!shared.tls_name.empty() || !shared.tls_pins.empty() || !shared.tls_ca_file.empty())) {
      tell({"shared_cache.tls", "shared_cache.tls_name", "shared_cache.tls_pins", "shared_cache.tls_ca_file"},
           "shared_cache says whom to expect over TLS, and TLS is off", "set `tls: true`, or take it out");
    }
  }

  void check_web() {
    const WebOptions& web = configuration_.web;
    for (const SocketAddress& address : web.listen) {
      if (address.ip().is_loopback() || !configuration_.files.web_token.empty()) { continue; }
      tell({"web.listen", "web.token_file"},
           "web.listen: " + address.text() + " can be reached from elsewhere, and web.token_file names no token",
           "listen on 127.0.0.1 or ::1, or name a file with a token (`openssl rand -hex 24`)");
    }
    const ListenerOptions& listeners = configuration_.listeners;
    const auto is_web = [&](const SocketAddress& address) {
      return std::ranges::find(web.listen, address) != web.listen.end();
    };
    for (const auto* const streams :
         {&listeners.addresses, &listeners.tls, &listeners.https, &listeners.cleartext_https}) {
      const auto both = std::ranges::find_if(*streams, is_web);
      if (both == streams->end()) { continue; }
      tell({"web.listen", "server.listen", "server.tls.listen", "server.https.listen", "server.https.cleartext_listen"},
           "web.listen: clients are served DNS on " + both->text(), "give the pages a port of their own");
    }
  }

  void check_sockets() {
    const auto check = [this](std::string_view key, const std::string& socket, const char* example) {
      if (socket.empty() || socket.starts_with('/')) { return; }
      tell({key}, std::string(key) + ": " + quoted_value(socket) + " is no absolute path",
           std::string("write ") + example + ", or \"\" for none");
    };
    check("control.socket", configuration_.control.socket, "/run/vouch/control.sock");
    check("dnstap.socket", configuration_.dnstap.socket, "/run/dnstap/collector.sock");
  }

  void check_log() {
    const LogOptions& logging = configuration_.logging;
    if (logging.target == LogTarget::file && logging.file.empty()) {
      tell({"logging.target"}, "logging.target is file, and logging.file names none",
           "add `file: /var/log/vouch/vouchd.log`");
    }
    if (logging.target != LogTarget::file && !logging.file.empty()) {
      tell({"logging.target", "logging.file"}, "logging.file is set, but logging.target is not file",
           "write `target: file`");
    }
  }

  void check_snapshot() {
    const SnapshotOptions& snapshot = configuration_.cache.snapshot;
    if (!snapshot.enabled || !snapshot.state_directory.empty()) { return; }
    tell({"cache.snapshot.state_directory", "cache.snapshot.enabled"},
         "cache.snapshot.enabled is true, and cache.snapshot.state_directory names no folder",
         "name one like /var/lib/vouch, or write `enabled: false`");
  }

  void check_ports() {
    const OutgoingOptions& outgoing = configuration_.outgoing;
    const auto avoided = std::ranges::count_if(outgoing.avoid_ports, [&](std::uint16_t port) {
      return port >= outgoing.port_low && port <= outgoing.port_high;
    });
    const std::size_t left = outgoing.port_high - outgoing.port_low + 1U - static_cast<std::size_t>(avoided);
    if (left >= kLeastPortsLeft) { return; }
    tell({"outgoing.port_range", "outgoing.avoid_ports"},
         "outgoing.avoid_ports leaves " + std::to_string(left) + " ports to ask from",
         "leave at least " + std::to_string(kLeastPortsLeft) + ": the fewer, the easier an answer is to forge");
  }

  void check_zones() {
    const ResolverOptions& resolver = configuration_.resolver;
    KeyPlaces::const_iterator place = places_.find(std::string_view("forward.zones"));
    if (place == places_.end()) { return; }
    std::vector<Name> stubs;
    for (const ConfiguredZone& stub : resolver.stub_zones) { stubs.push_back(stub.zone); }
    std::ranges::sort(stubs, canonically_before);
    for (const ConfiguredZone& forward : resolver.forward_zones) {
      if (!std::ranges::binary_search(stubs, forward.zone, canonically_before)) { continue; }
      tell({"resolver.stub_zones", "forward.zones"},
           "zone " + quoted_value(forward.zone.text()) + " is in resolver.stub_zones and in forward.zones",
           "keep it in one of the two");
    }
  }

  void check_policy() {
    const PolicyOptions& policy = configuration_.policy;
    for (const ViewOptions& view : policy.views) {
      for (const std::string& list : view.lists.value_or(std::vector<std::string>{})) {
        if (std::ranges::find(policy.lists, list, &PolicyListOptions::name) != policy.lists.end()) { continue; }
        tell({"policy.lists", "policy.views"},
             "view " + quoted_value(view.name) + " names list " + quoted_value(list) + ", which policy.lists has not",
             "name one of policy.lists");
      }
    }
  }

  static bool canonically_before(const Name& a, const Name& b) { return canonical_order(a, b) < 0; }

  const Configuration& configuration_;
  const KeyPlaces& places_;
  Problems& problems_;
};

}  // namespace

void check_across_keys(const Configuration& configuration, const KeyPlaces& places, Problems& problems) {
  CrossChecks(configuration, places, problems).run();
}

}  // namespace vouch
