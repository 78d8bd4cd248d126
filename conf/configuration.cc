#include "conf/configuration.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string_view>

namespace vouch {

namespace {

constexpr std::uint16_t kDnsPort = 53;

// This machine, and the networks that are private by their RFC (1918, 3927, 4193, 4291). Not 100.64.0.0/10 (RFC 6598):
// in a home behind a carrier's NAT it is the outside.
constexpr std::array<std::string_view, 8> kAllowedFrom = {"127.0.0.0/8",    "10.0.0.0/8",     "172.16.0.0/12",
                                                          "192.168.0.0/16", "169.254.0.0/16", "::1/128",
                                                          "fc00::/7",       "fe80::/10"};

// Servers that set a clock right. Debian's and Raspberry Pi OS's own are 0.debian.pool.ntp.org
// to 3.debian.pool.ntp.org, below the first.
constexpr std::array<std::string_view, 8> kTimeNames = {
    "pool.ntp.org.",     "time.cloudflare.com.", "time.google.com.", "time.apple.com.",
    "time.windows.com.", "time.nist.gov.",       "ntp.ubuntu.com.",  "ntp.org."};

}  // namespace

Configuration::Configuration() {
  for (const std::string_view loopback : {"127.0.0.1", "::1"}) {
    const auto address = SocketAddress::parse(loopback, kDnsPort);
    assert(address);
    listeners.addresses.push_back(*address);
  }
  for (const std::string_view text : kAllowedFrom) {
    const auto prefix = Prefix::parse(text);
    assert(prefix);
    front.allow.push_back(*prefix);
  }
  for (const std::string_view text : kTimeNames) {
    const auto name = Name::parse(text);
    assert(name);
    dnssec.time_names.push_back(*name);
  }
}

void agree(Configuration& configuration) {
  ListenerOptions& listeners = configuration.listeners;
  // The transport keeps these, the front tells them to clients (RFC 7828).
  configuration.front.tcp_idle_timeout_ms = static_cast<std::uint32_t>(listeners.sessions.idle.count());
  configuration.front.tls_idle_timeout_ms = static_cast<std::uint32_t>(listeners.tls_sessions.idle.count());
  // How slowly a query may come, or its answer be taken, is said once for all that has sessions.
  for (SessionLimitOptions* const sessions : {&listeners.tls_sessions, &listeners.quic_sessions}) {
    sessions->message = listeners.sessions.message;
    sessions->stall = listeners.sessions.stall;
  }
  listeners.udp.largest_answer = configuration.front.edns_size;
  // HTTP/2 tells where HTTP/3 is: best on the port that firewalls have open already.
  for (const SocketAddress& quic : listeners.quic) {
    const bool is_shared =
        std::ranges::any_of(listeners.https, [&](const SocketAddress& https) { return https.port() == quic.port(); });
    if (listeners.http.http3_port == 0 || is_shared) { listeners.http.http3_port = quic.port(); }
    if (is_shared) { break; }
  }
}

}  // namespace vouch
