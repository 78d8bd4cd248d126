#include "conf/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "conf/document.h"
#include "tests/unit/conf/loading.h"

namespace vouch {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Loading, AnEmptyFileIsTheDefaults) {
  for (const char* text : {"", "\n\n", "# nothing but a comment\n", "---\n", "cache:\n", "server: {}\n"}) {
    const Loaded loaded = load(text);
    ASSERT_TRUE(loaded) << text;
    EXPECT_EQ(effective_document(*loaded), effective_document(Configuration{})) << text;
  }
}

TEST(Loading, EveryValueReachesItsField) {
  const Loaded loaded = load(R"(
server:
  listen: [192.0.2.1, "[2001:db8::1]:5353", 127.0.0.1@5300]
  workers: 3
  user: vouch
  allow_from: [192.0.2.0/24, "2001:db8::/32"]
  edns_size: 4096
  cookies: false
  cookie_secret: 000102030405060708090a0b0c0d0e0f
  nsid: "north 1"
  minimal_answers: false
  udp: {socket_buffer: 1M}
  tcp: {idle_timeout: 3s, max_sessions: 50, max_sessions_per_client: 5}
outgoing:
  source_addresses: [192.0.2.1]
  ipv6: false
  port: 5301
  ask_loopback: true
  case_randomization: false
  port_range: 20000-30000
  avoid_ports: [20000, 20010-20012, 20011]
resolver:
  prime_root: false
  qname_minimization: strict
  stub_zones:
    - zone: Corp.Example
      servers: [192.0.2.7@5353]
forward:
  zones: [{zone: ., servers: ["2001:db8::53", 192.0.2.53], first: true, cache: false}]
dnssec:
  mode: observe
  negative_trust_anchors:
    - broken.example
    - {name: Late.example, reason: "their signatures ran out", until: 2026-12-31T18:00:00Z}
    - {name: third.example, until: 2027-01-01}
  rfc5011: false
  state_directory: /srv/vouch
  rfc8145_signals: false
  root_key_sentinel: false
  signature_skew: 0
  sha1: insecure
  nsec3_max_iterations: 0
  aggressive_nsec: false
  time_names: [ntp.corp.example]
cache:
  size: 2G
  ttl_max: 2h
  ttl_clock: wall
  serve_stale: {enabled: true, client_timeout: 0, max_stale: 1w}
local_data: {special_use_zones: false, records: ["printer.home.arpa. 60 IN A 192.168.1.9"], not_special: [10.in-addr.arpa]}
logging: {level: warning, target: journal}
)");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const Configuration& c = *loaded;
  ASSERT_THAT(c.listeners.addresses, SizeIs(3));
  EXPECT_EQ(c.listeners.addresses[0].text(), "192.0.2.1@53");
  EXPECT_EQ(c.listeners.addresses[1].text(), "2001:db8::1@5353");
  EXPECT_EQ(c.process.workers, 3U);
  EXPECT_EQ(c.process.user, "vouch");
  EXPECT_EQ(c.front.allow.at(1).text(), "2001:db8::/32");
  EXPECT_EQ(c.front.edns_size, 4096);
  EXPECT_FALSE(c.front.cookies);
  EXPECT_EQ(c.front.cookie_secret, (Buffer{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
  EXPECT_EQ(c.front.nsid, "north 1");
  EXPECT_FALSE(c.front.minimal_answers);
  EXPECT_EQ(c.listeners.udp.socket_buffer, 1U << 20U);
  EXPECT_EQ(c.listeners.sessions.idle, std::chrono::seconds(3));
  EXPECT_EQ(c.listeners.sessions.per_source, 5U);
  EXPECT_EQ(c.outgoing.source_addresses.at(0).text(), "192.0.2.1");
  EXPECT_FALSE(c.resolver.ipv6);
  EXPECT_EQ(c.resolver.upstream_port, 5301);
  EXPECT_TRUE(c.resolver.ask_loopback);
  EXPECT_FALSE(c.resolver.case_randomisation);
  EXPECT_EQ(c.outgoing.port_low, 20000);
  EXPECT_EQ(c.outgoing.port_high, 30000);
  EXPECT_THAT(c.outgoing.avoid_ports, ElementsAre(20000, 20010, 20011, 20012));
  EXPECT_FALSE(c.resolver.priming);
  EXPECT_EQ(c.resolver.minimisation, Minimisation::strict);
  EXPECT_EQ(c.resolver.stub_zones.at(0).zone, Name::of("corp.example"));
  EXPECT_EQ(c.resolver.stub_zones.at(0).servers.at(0).port(), 5353);
  EXPECT_TRUE(c.resolver.forward_zones.at(0).first);
  EXPECT_FALSE(c.resolver.forward_zones.at(0).cache);
  EXPECT_THAT(c.resolver.forward_zones.at(0).servers, SizeIs(2));
  EXPECT_EQ(c.dnssec.mode, DnssecMode::observe);
  EXPECT_THAT(c.dnssec.negative_trust_anchors,
              ElementsAre(NegativeAnchor(Name::of("broken.example")),
                          NegativeAnchor(Name::of("late.example"), "their signatures ran out", 1798740000),
                          NegativeAnchor(Name::of("third.example"), "", 1798761600)));
  EXPECT_FALSE(c.dnssec.rfc5011);
  EXPECT_EQ(c.dnssec.state_directory, "/srv/vouch");
  EXPECT_FALSE(c.dnssec.rfc8145_signals);
  EXPECT_FALSE(c.dnssec.root_key_sentinel);
  EXPECT_EQ(c.dnssec.nsec3_max_iterations, 0);
  EXPECT_FALSE(c.dnssec.aggressive_nsec);
  EXPECT_THAT(c.dnssec.time_names, ElementsAre(Name::of("ntp.corp.example")));
  EXPECT_EQ(c.dnssec.signature_skew, 0U);
  EXPECT_EQ(c.dnssec.sha1, Sha1Policy::insecure);
  EXPECT_EQ(c.cache.size, std::size_t{2} << 30U);
  EXPECT_EQ(c.cache.ttl_max, 7200U);
  EXPECT_EQ(c.cache.ttl_clock, TtlClock::wall);
  EXPECT_TRUE(c.front.stale.enabled);
  EXPECT_EQ(c.front.stale.client_timeout_ms, 0U);
  EXPECT_EQ(c.front.stale.max_stale, 604800U);
  EXPECT_FALSE(c.local_data.special_use_zones);
  EXPECT_THAT(c.local_data.records, ElementsAre("printer.home.arpa. 60 IN A 192.168.1.9"));
  EXPECT_EQ(c.logging.level, LogLevel::warning);
  EXPECT_EQ(c.logging.target, LogTarget::journal);
}

TEST(Loading, ClientsAreToldTheIdleTimeoutThatTheTransportKeeps) {
  const Loaded loaded = load("server: {tcp: {idle_timeout: 2500}}");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->front.tcp_idle_timeout_ms, 2500U);
}

TEST(Loading, AnswersThatFitEverywhereAreSentInOnePiece) {
  EXPECT_EQ(load("")->listeners.udp.largest_answer, 1232U);
  EXPECT_EQ(load("server: {edns_size: 4096}")->listeners.udp.largest_answer, 4096U);
}

TEST(Loading, EncryptedListenersHaveTheirOwnStandardPorts) {
  const Loaded loaded = load(R"(
server:
  proxy_protocol_from: [192.0.2.8]
  tls: {listen: [0.0.0.0], certificate_file: chain.pem, key_file: /etc/key.pem, idle_timeout: 20s, max_sessions: 9}
  https: {listen: ["::"], cleartext_listen: [127.0.0.1@8080], path: /q}
  quic: {listen: [0.0.0.0@8530, "::@443"], retry_above: 0, early_data: true, max_memory: 2M}
)");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const ListenerOptions& listeners = loaded->listeners;
  EXPECT_EQ(listeners.tls.at(0).text(), "0.0.0.0@853");
  EXPECT_EQ(listeners.https.at(0).text(), "::@443");
  EXPECT_EQ(listeners.cleartext_https.at(0).text(), "127.0.0.1@8080");
  EXPECT_EQ(listeners.quic.at(0).text(), "0.0.0.0@8530");
  EXPECT_EQ(listeners.http.path, "/q");
  EXPECT_EQ(listeners.http.http3_port, 443U);  // the one that HTTPS has, too
  EXPECT_EQ(listeners.identity.certificate_file, std::filesystem::absolute("conf/chain.pem"))
      << "it is looked at again when the working directory is another";
  EXPECT_EQ(listeners.identity.key_file, "/etc/key.pem");
  EXPECT_EQ(listeners.tls_sessions.total, 9U);
  EXPECT_EQ(listeners.quic_limits.max_half_open, 0U);
  EXPECT_TRUE(listeners.quic_limits.early_data);
  EXPECT_EQ(listeners.quic_limits.max_memory, 2U << 20U);
  EXPECT_THAT(listeners.proxies, SizeIs(1));
  EXPECT_EQ(loaded->front.tls_idle_timeout_ms, 20'000U);
}

TEST(Loading, SlowClientsAreTreatedAlikeByAllThatHasSessions) {
  const auto loaded = load("server: {tcp: {message_timeout: 3000, stall_timeout: 4000}}\n");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const ListenerOptions& listeners = loaded->listeners;
  for (const SessionLimitOptions& sessions : {listeners.sessions, listeners.tls_sessions, listeners.quic_sessions}) {
    EXPECT_EQ(sessions.message.count(), 3000);
    EXPECT_EQ(sessions.stall.count(), 4000);
  }
}

TEST(Loading, WhatIsPrintedCanBeReadAgain) {
  const char* text =
      "server: {listen: [\"::@5300\"], nsid: 'a \"b\" \\ c'}\n"
      "resolver: {stub_zones: [{zone: a.example, servers: [\"2001:db8::1@5353\"]}]}\n"
      "outgoing: {avoid_ports: [5353, 6000-6063]}\n"
      "dnssec: {mode: enforce, negative_trust_anchors: [a.example, {name: b.example, reason: 'a \"b\" \\ c'},"
      " {name: c.example, until: 2030-02-28}], trust_anchors: [\". DS 20326 8 2 "
      "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\"]}\n";
  const Loaded first = load(text);
  ASSERT_TRUE(first) << first.error().front().text();
  const std::string printed = effective_document(*first);
  const Loaded second = load(printed);
  ASSERT_TRUE(second) << second.error().front().text() << printed;
  EXPECT_EQ(effective_document(*second), printed);
  EXPECT_EQ(second->dnssec.trust_anchors, first->dnssec.trust_anchors);
  EXPECT_EQ(second->dnssec.negative_trust_anchors, first->dnssec.negative_trust_anchors);
  EXPECT_THAT(first->dnssec.negative_trust_anchors, SizeIs(3));
}

TEST(Loading, ASecretIsNeverPrinted) {
  const std::string secret = "0123456789abcdef0123456789abcdef";
  const Loaded loaded = load("server: {cookie_secret: " + secret + "}");
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(effective_document(*loaded).contains(secret));
  // Nor in an error about it.
  EXPECT_THAT(
      complaints("server: {cookie_secret: hunter2hunter2}"),
      ElementsAre("conf/test.yaml:1:25: server.cookie_secret: must be 32 hexadecimal digits; `openssl rand -hex 16` "
                  "makes a good one"));
}

struct Mistake {
  const char* text;
  const char* complaint;  // after "conf/test.yaml:"
};

void expect_each(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    EXPECT_THAT(complaints(mistake.text), ElementsAre(std::string("conf/test.yaml:") + mistake.complaint))
        << mistake.text;
  }
}

TEST(Complaints, UnknownKeysSayWhatWasMeant) {
  expect_each({
      {"cache:\n  sise: 1M\n", "2:3: unknown key `cache.sise`; did you mean `size`?"},
      {"cache:\n  ttl-max: 60\n", "2:3: unknown key `cache.ttl-max`; did you mean `ttl_max`?"},
      {"cahce: {}\n", "1:1: unknown key `cahce`; did you mean `cache`?"},
      {"cache: {serve_stale: {enable: true}}\n",
       "1:23: unknown key `cache.serve_stale.enable`; did you mean `enabled`?"},
      {"server:\n  prefetch: true\n", "2:3: unknown key `server.prefetch`; it belongs in `cache`"},
      {"prime_root: true\n", "1:1: unknown key `prime_root`; it belongs in `resolver`"},
      {"forward: {upstreams: []}\n", "1:11: unknown key `forward.upstreams`; `forward` knows `zones`"},
      {"forward:\n  zones:\n    - zone: .\n      server: [192.0.2.1]\n      servers: [192.0.2.1]\n",
       "4:7: unknown key `server`; did you mean `servers`?"},
      {"\"a\\e[31m\\n\": 1\n",
       "1:1: unknown key `a\\027[31m\\010`; the top level knows `server`, `outgoing`, `resolver`, `forward`, `dnssec`, "
       "`cache`, "
       "`shared_cache`, `local_data`, `policy`, `telemetry`, `web`, `control`, `logging`, `dnstap`"},
  });
}

TEST(Loading, TheControlSocket) {
  EXPECT_EQ(load("").value().control.socket, "/run/vouch/control.sock");
  EXPECT_EQ(load("control: {socket: ''}\n").value().control.socket, "");
  EXPECT_EQ(load("control: {socket: /tmp/a.sock}\n").value().control.socket, "/tmp/a.sock");
  expect_each({
      {"control: {socket: a.sock}\n",
       "1:19: control.socket: `a.sock` is no absolute path; write /run/vouch/control.sock, or \"\" for none"},
  });
  const std::string longest = "/" + std::string(kMaxSocketPath - 1, 'x');
  EXPECT_EQ(load("control: {socket: " + longest + "}\n").value().control.socket, longest);
  EXPECT_FALSE(load("control: {socket: " + longest + "x}\n").has_value());
}

TEST(Loading, TelemetryAndPages) {
  const Loaded loaded = load(
      "telemetry: {min_clients: 10, ipv4_prefix: 24, ipv6_prefix: 48, listed_zones: 200, listed_tlds: 100, "
      "state_directory: state, history_days: 90}\n"
      "web: {listen: [127.0.0.1, \"::1@9000\"], host_names: [DNS.Example.net., pi-dns]}\n");
  ASSERT_TRUE(loaded) << loaded.error().at(0).text();
  const TelemetryOptions& telemetry = loaded->telemetry;
  EXPECT_EQ(telemetry.min_prefixes, 10U);
  EXPECT_EQ(telemetry.ipv4_prefix, 24);
  EXPECT_EQ(telemetry.ipv6_prefix, 48);
  EXPECT_EQ(telemetry.listed_zones, 200U);
  EXPECT_EQ(telemetry.listed_tlds, 100U);
  EXPECT_EQ(telemetry.state_directory, "state");
  EXPECT_EQ(telemetry.history_days, 90U);
  EXPECT_THAT(loaded->web.listen,
              ElementsAre(*SocketAddress::parse("127.0.0.1", 8053), *SocketAddress::parse("::1@9000", 0)));
  EXPECT_THAT(loaded->web.host_names, ElementsAre("dns.example.net", "pi-dns"));
}

TEST(Complaints, OfTelemetryAndPages) {
  expect_each({
      {"telemetry: {min_clients: 2}\n", "1:26: telemetry.min_clients: `2` is out of range; write 3 to 100"},
      {"web: {host_names: [\"a b\"]}\n",
       "1:20: web.host_names: `a b` is no host name; write it like `dns.example.net`"},
      {"web: {listen: [0.0.0.0]}\n",
       "1:15: web.listen: 0.0.0.0@8053 can be reached from elsewhere, and web.token_file names no token; listen on "
       "127.0.0.1 or ::1, or name a file with a token (`openssl rand -hex 24`)"},
      {"server: {listen: [\"127.0.0.1@8053\"]}\n",
       "1:18: web.listen: clients are served DNS on 127.0.0.1@8053; give the pages a port of their own"},
  });
}

TEST(Complaints, WrongKindsOfValue) {
  expect_each({
      {"server:\n  cookies: yes\n", "2:12: server.cookies: must be true or false, not `yes`; write `true`"},
      {"server:\n  cookies: off\n", "2:12: server.cookies: must be true or false, not `off`; write `false`"},
      {"server:\n  cookies: maybe\n",
       "2:12: server.cookies: must be true or false, not `maybe`; write `true` or `false`"},
      {"server:\n  edns_size: big\n",
       "2:14: server.edns_size: must be a whole number, not `big`; write a number, 512 to 4096"},
      {"server:\n  edns_size: -1\n",
       "2:14: server.edns_size: must be a whole number, not `-1`; write a number, 512 to 4096"},
      {"server:\n  edns_size: 12.5\n",
       "2:14: server.edns_size: must be a whole number, not `12.5`; write a number, 512 to 4096"},
      {"server:\n  edns_size:\n",
       "2:3: server.edns_size: has no value; write one (`\"\"` for an empty text), or leave the "
       "line out for the default"},
      {"server:\n  edns_size: [1232]\n",
       "2:14: server.edns_size: must be one value, not a list; leave out the brackets or dashes"},
      {"server:\n  listen: 127.0.0.1\n",
       "2:11: server.listen: must be a list, not `127.0.0.1`; put it in brackets: `[...]`"},
      {"server:\n  listen: {a: b}\n", "2:11: server.listen: must be a list, not a map; begin each item with `- `"},
      {"cache: 100M\n", "1:8: `cache` must be a map of keys; write `key: value` lines, indented under it"},
      {"- cache\n", "1:1: the file must be a map of keys; write `key: value` lines"},
      {"resolver:\n  qname_minimization: relaxt\n",
       "2:23: resolver.qname_minimization: must be `off`, `relaxed` or `strict`, not `relaxt`; did you mean "
       "`relaxed`?"},
      {"forward:\n  zones: [192.0.2.1]\n",
       "2:11: forward.zones: each item must be a map; write `- {zone: example.org, servers: [192.0.2.1]}`"},
  });
}

TEST(Complaints, WrongValues) {
  expect_each({
      {"server: {edns_size: 511}\n", "1:21: server.edns_size: `511` is out of range; write 512 to 4096"},
      {"server: {workers: 0}\n", "1:19: server.workers: `0` is out of range; write 1 to 256, or `auto`"},
      {"cache: {size: 99999999999999999999}\n",
       "1:15: cache.size: `99999999999999999999` is too large; write 1M to 1024G"},
      {"cache: {size: 18446744073709551615G}\n",
       "1:15: cache.size: `18446744073709551615G` is too large; write 1M to 1024G"},
      {"cache: {ttl_max: 8d}\n", "1:18: cache.ttl_max: `8d` is out of range; write 1 to 604800"},
      {"server: {listen: [localhost]}\n",
       "1:19: server.listen: not an address: `localhost`; write it like `127.0.0.1@53`"},
      {"server: {listen: [127.0.0.1@0]}\n",
       "1:19: server.listen: not an address: `127.0.0.1@0`; write it like `127.0.0.1@53`"},
      {"server: {listen: [127.0.0.1, 127.0.0.1@53]}\n",
       "1:30: server.listen: `127.0.0.1@53` is listed twice, first in line 1; leave one out"},
      {"server: {listen: []}\n", "1:18: server.listen is empty, so no client can be served; name an address"},
      {"server: {allow_from: [10.1.2.3/8]}\n",
       "1:23: server.allow_from: `10.1.2.3/8` has bits set beyond its length; write `10.0.0.0/8` for the network, "
       "`10.1.2.3` for "
       "the one address"},
      {"server: {allow_from: [10.0.0.0/33]}\n",
       "1:23: server.allow_from: not an address prefix: `10.0.0.0/33`; write it like `192.0.2.0/24` or "
       "`2001:db8::/32`"},
      {"outgoing: {port_range: 1024-2048}\n",
       "1:24: outgoing.port_range: `1024-2048` is not a range of at least 4096 ports from 1024 on; write `1024-65535`: "
       "the more "
       "ports, the harder an answer is to forge"},
      {"outgoing: {avoid_ports: [70000]}\n",
       "1:26: outgoing.avoid_ports: not a port or a range of ports: `70000`; write it like `5353` or `6000-6063`"},
      {"forward: {zones: [{zone: a..b, servers: [192.0.2.1]}]}\n",
       "1:26: zone: not a domain name: `a..b`; write it like `example.org`"},
      {"forward: {zones: [{zone: a, servers: [0.0.0.0]}]}\n",
       "1:39: servers: no server can have the address `0.0.0.0`; name the server's own unicast address"},
      {"forward: {zones: [{zone: a, servers: []}]}\n", "1:38: forward.zones: zone `a.` has no server; name one"},
      {"forward: {zones: [{zone: a}]}\n",
       "1:19: `servers` is missing; it is a list of addresses, each with `@port` unless it is 53, or 853 with tls"},
      {"forward:\n  zones:\n  - {zone: a, servers: [192.0.2.1]}\n  - {zone: A., servers: [192.0.2.2]}\n",
       "4:5: forward.zones: zone `A.` is listed twice; list its servers together"},
      {"local_data: {records: [\"a.example. IN A 300.1.1.1\"]}\n",
       "1:24: local_data.records: not a record: `a.example. IN A 300.1.1.1`; write it like `printer.home.arpa. 3600 IN "
       "A "
       "192.168.1.9`"},
      {"server: {nsid: \"a\\nb\"}\n",
       "1:16: server.nsid: `a\\010b` has a control character in it; write it on one line"},
  });
}

TEST(Complaints, OneListenerOfAnyKindIsEnough) {
  for (const char* other : {"tls: {listen: [127.0.0.1]}", "https: {listen: [127.0.0.1]}",
                            "https: {cleartext_listen: [127.0.0.1@8080]}", "quic: {listen: [127.0.0.1]}"}) {
    EXPECT_THAT(complaints("server: {listen: [], " + std::string(other) + "}\n"), ::testing::IsEmpty()) << other;
  }
}

TEST(Complaints, ValuesThatContradictOneAnother) {
  expect_each({
      {"cache:\n  ttl_max: 10\n  ttl_min: 20\n",
       "3:12: cache.ttl_min (20) is more than cache.ttl_max (10); raise one or lower the other"},
      {"cache:\n  negative_ttl_min: 7200\n",
       "2:21: cache.negative_ttl_min (7200) is more than cache.negative_ttl_max (3600); raise one or lower the other"},
      {"cache:\n  failure_ttl_max: 4\n",
       "2:20: cache.failure_ttl_min (5) is more than cache.failure_ttl_max (4); raise one or lower the other"},
      {"outgoing: {ipv4: false, ipv6: false}\n",
       "1:31: outgoing.ipv4 and outgoing.ipv6 are both false, so no server can be asked; leave one of them true"},
      {"outgoing: {ipv4: false, source_addresses: [192.0.2.1]}\n",
       "1:43: outgoing.source_addresses: 192.0.2.1 is of a family that is switched off; leave it out, or switch the "
       "family on"},
      {"outgoing: {source_addresses: [\"::\"]}\n",
       "1:30: outgoing.source_addresses: :: is no machine's address; name an address of this machine"},
      {"outgoing: {port_range: 10000-14999, avoid_ports: [11000-12000]}\n",
       "1:50: outgoing.avoid_ports leaves 3999 ports to ask from; leave at least 4096: the fewer, the easier an answer "
       "is to "
       "forge"},
      {"logging: {target: file}\n",
       "1:19: logging.target is file, and logging.file names none; add `file: /var/log/vouch/vouchd.log`"},
      {"logging: {file: a.log}\n", "1:17: logging.file is set, but logging.target is not file; write `target: file`"},
      {"resolver: {stub_zones: [{zone: a, servers: [192.0.2.1]}]}\nforward: {zones: [{zone: A, servers: "
       "[192.0.2.1]}]}\n",
       "2:18: zone `A.` is in resolver.stub_zones and in forward.zones; keep it in one of the two"},
      {"server: {tls: {key_file: k.pem}}\n",
       "1:26: server.tls.key_file is set without server.tls.certificate_file; set both, or neither for a pair that "
       "vouchd makes itself"},
      {"server: {https: {cleartext_listen: [192.0.2.1@80]}}\n",
       "1:36: server.https.cleartext_listen: 192.0.2.1@80 can be reached from elsewhere, and nothing is encrypted; "
       "listen on 127.0.0.1 or ::1, with the reverse proxy on this machine"},
      {"server: {tls: {listen: [127.0.0.1@443]}, https: {listen: [127.0.0.1]}}\n",
       "1:58: 127.0.0.1@443 is in server.tls.listen and in server.https.listen; give each its own port"},
      {"server: {quic: {listen: [127.0.0.1@53]}}\n",
       "1:25: 127.0.0.1@53 is in server.listen and in server.quic.listen; give each its own port"},
      {"server: {https: {path: dns-query}}\n",
       "1:24: server.https.path: `dns-query` is no path; write it like `/dns-query`"},
      {"server: {tcp: {max_sessions: 5, max_sessions_per_client: 6}}\n",
       "1:58: server.tcp.max_sessions_per_client (6) is more than server.tcp.max_sessions (5); raise one or lower the "
       "other"},
  });
}

TEST(Complaints, NegativeAnchorsSayWhatIsWrongWithThem) {
  const std::string moment = "; write it like `2026-12-31` or `2026-12-31T18:00:00Z`, which is UTC";
  const auto at = [](const std::string& item) { return "dnssec: {negative_trust_anchors: [" + item + "]}\n"; };
  const auto told = [](int column, const std::string& what) {
    return ElementsAre("conf/test.yaml:1:" + std::to_string(column) + ": " + what);
  };
  EXPECT_THAT(complaints(at("a..b")),
              told(35, "dnssec.negative_trust_anchors: not a domain name: `a..b`; write it like `example.org`"));
  EXPECT_THAT(complaints(at("{reason: x}")), told(35, "`name` is missing; it is a domain name"));
  EXPECT_THAT(complaints(at("{name: a, til: 2026-12-31}")), told(45, "unknown key `til`; did you mean `until`?"));
  EXPECT_THAT(complaints(at("a.example, {name: A.Example}")),
              told(46, "dnssec.negative_trust_anchors: `A.Example.` is listed twice; leave one out"));
  EXPECT_THAT(complaints(at("[a]")), told(35,
                                          "dnssec.negative_trust_anchors: must be one value, not a list; leave out "
                                          "the brackets or dashes"));
  for (const char* text : {"tomorrow", "2026-13-01", "2026-02-29", "26-12-31", "2026-12-31T25:00:00Z", "2026/12/31",
                           "2026-12-31 18:00:00Z", "2026-12-31T18:00:00", "1970-01-01", "2026-12-3", "'2026-1a-01'"}) {
    std::string value = text;
    std::erase(value, '\'');
    EXPECT_THAT(complaints(at(std::string("{name: a, until: ") + text + "}")),
                told(52, "until: not a moment: `" + value + "`" + moment))
        << text;
  }
}

TEST(Complaints, AreToldAllAtOnceInTheOrderOfTheFile) {
  EXPECT_THAT(
      complaints("logging: {level: loud}\n"
                 "server:\n"
                 "  edns_size: 1\n"
                 "  edns_size: 1232\n"
                 "  wrokers: 2\n"
                 "cache: {size: all, prefetch: 1}\n"),
      ElementsAre(
          "conf/test.yaml:1:18: logging.level: must be `debug`, `info`, `notice`, `warning` or `error`, not `loud`",
          "conf/test.yaml:3:14: server.edns_size: `1` is out of range; write 512 to 4096",
          "conf/test.yaml:4:3: `server.edns_size` is set twice, first in line 3; keep one of the two",
          "conf/test.yaml:5:3: unknown key `server.wrokers`; did you mean `workers`?",
          "conf/test.yaml:6:15: cache.size: must be a whole number, not `all`; write a number, maybe with K, M or "
          "G behind it (such as 100M), 1M to 1024G",
          "conf/test.yaml:6:30: cache.prefetch: must be true or false, not `1`; write `true`"));
}

TEST(Complaints, AreBoundedInNumberAndSize) {
  std::string text = "server:\n";
  for (int i = 0; i < 5000; ++i) { text += "  key_number_" + std::to_string(i) + ": 1\n"; }
  const auto all = complaints(text);
  ASSERT_THAT(all, SizeIs(kMaxConfigErrors + 1));
  EXPECT_EQ(all.back(), "conf/test.yaml: and 4900 further errors");

  const auto one = complaints("server: {cookies: " + std::string(100'000, 'x') + "}");
  ASSERT_THAT(one, SizeIs(1));
  EXPECT_LT(one.front().size(), 300U);
}

TEST(TrustAnchors, AreTakenInEveryFormThatZoneFilesKnow) {
  const std::string digest = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D";
  const Loaded plain = load("dnssec: {trust_anchors: [\". 172800 IN DS 20326 8 2 " + digest + "\"]}");
  ASSERT_TRUE(plain) << plain.error().front().text();
  ASSERT_THAT(plain->dnssec.trust_anchors, SizeIs(1));
  EXPECT_EQ(plain->dnssec.trust_anchors[0].rdata.size(), 36U);
  for (const std::string& text : {
           ". DS 20326 8 2 " + digest,
           ". IN DS 20326 8 2 " + digest,
           ". 3600 DS 20326 RSASHA256 2 " + digest,
           ". DS 20326 8 2 " + digest.substr(0, 20) + " " + digest.substr(20),
           ". IN DS 20326 8 2 ( " + digest.substr(0, 32) + " " + digest.substr(32) + " ) ; the root",
       }) {
    const Loaded loaded = load("dnssec: {trust_anchors: ['" + text + "']}");
    ASSERT_TRUE(loaded) << text << "\n" << loaded.error().front().text();
    EXPECT_EQ(loaded->dnssec.trust_anchors, plain->dnssec.trust_anchors) << text;
  }
}

TEST(TrustAnchors, DnskeysServeToo) {
  const Loaded loaded = load(
      "dnssec: {trust_anchors: [\"example. DNSKEY 257 3 ECDSAP256SHA256 "
      "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==\"]}");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  EXPECT_EQ(loaded->dnssec.trust_anchors.at(0).type, Type::DNSKEY);
  EXPECT_EQ(loaded->dnssec.trust_anchors.at(0).owner, Name::of("example."));
  EXPECT_EQ(loaded->dnssec.trust_anchors.at(0).rdata.size(), 68U);
}

TEST(TrustAnchors, AreRefusedWhenTheyCannotBeMeant) {
  expect_each({
      {"dnssec: {trust_anchors: [\". DS 1 8 2 abcd\"]}\n",
       "1:26: dnssec.trust_anchors: the digest in `. DS 1 8 2 abcd` has the wrong length for its type; copy the record "
       "whole"},
      {"dnssec: {trust_anchors: [\"example. A 192.0.2.1\"]}\n",
       "1:26: dnssec.trust_anchors: not a trust anchor: `example. A 192.0.2.1`; write a DS or DNSKEY record, such as "
       "`. DS 20326 "
       "8 2 E06D44B8...`"},
      {"dnssec: {trust_anchors: [\"example. DNSKEY 0 3 8 AwEAAQ==\"]}\n",
       "1:26: dnssec.trust_anchors: `example. DNSKEY 0 3 8 AwEAAQ==` is not a zone's key; its flags are 256 or 257 and "
       "its "
       "protocol 3"},
  });
}

TEST(NamedFiles, RootHintsAreReadFromBesideTheConfiguration) {
  const FilesInMemory files = FilesInMemory().add("conf/named.root",
                                                  "; hints\n"
                                                  ".                 3600000      NS    A.ROOT.LAB.\n"
                                                  ".                 3600000      NS    b.root.lab.\n"
                                                  "A.ROOT.LAB.       3600000      A     127.1.0.1\n"
                                                  "                  3600000      AAAA  2001:db8::1\n"
                                                  "b.root.lab.       3600000      A     127.1.0.2\n");
  const Loaded loaded = load("resolver: {root_hints_file: named.root}", files);
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const auto& hints = loaded->resolver.root_hints;
  ASSERT_THAT(hints, SizeIs(2));
  EXPECT_EQ(hints[0].name, Name::of("a.root.lab."));
  ASSERT_THAT(hints[0].addresses, SizeIs(2));
  EXPECT_EQ(hints[0].addresses[1].text(), "2001:db8::1");
}

TEST(NamedFiles, ErrorsNameTheFileAndItsLine) {
  const FilesInMemory files = FilesInMemory()
                                  .add("/x/hints", ". NS a.\na. A 127.0.0.1\nb. A 127.0.0\nc. TXT x\n")
                                  .add("/x/no-address", ". NS a.\n")
                                  .add("/x/open", "a. A 127.0.0.1 (\n")
                                  .add("/x/empty", "; nothing\n")
                                  .add("/x/anchors", ". DS 20326 8 2 (\n 00 )\n");
  EXPECT_THAT(complaints("resolver: {root_hints_file: /x/hints}", files),
              ElementsAre("/x/hints:3:1: not a record: `b. A 127.0.0`",
                          "/x/hints:4:1: `c. TXT x` is no root hint; hints are `. NS name`, and A and AAAA records"));
  EXPECT_THAT(complaints("resolver: {root_hints_file: /x/no-address}", files),
              ElementsAre("/x/no-address: no root server with an address in it"));
  EXPECT_THAT(complaints("resolver: {root_hints_file: /x/open}", files),
              ElementsAre("/x/open:1:1: a parenthesis that is never closed"));
  EXPECT_THAT(complaints("resolver: {root_hints_file: /x/empty}", files),
              ElementsAre("/x/empty: there is no record in it"));
  EXPECT_THAT(
      complaints("\nresolver: {root_hints_file: gone}", files),
      ElementsAre(
          "conf/test.yaml:2:29: resolver.root_hints_file: `conf/gone` cannot be read: No such file or directory"));
  EXPECT_THAT(
      complaints("dnssec: {trust_anchors_file: /x/anchors}", files),
      ElementsAre("/x/anchors:1:1: the digest in `. DS 20326 8 2    00` has the wrong length for its type; copy the "
                  "record whole"));
}

TEST(NamedFiles, TrustAnchorsJoinThoseOfTheList) {
  const std::string digest = "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16";
  const FilesInMemory files =
      FilesInMemory().add("/x/anchors", "; the root\n. IN DS 38696 8 2 (\n  " + digest.substr(0, 40) +
                                            " ; first part\n  " + digest.substr(40) + " )\n");
  const Loaded loaded =
      load("dnssec: {trust_anchors_file: /x/anchors, trust_anchors: [\"a. DS 38696 8 2 " + digest + "\"]}", files);
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  ASSERT_THAT(loaded->dnssec.trust_anchors, SizeIs(2));
  EXPECT_EQ(loaded->dnssec.trust_anchors[0].rdata, loaded->dnssec.trust_anchors[1].rdata);
  EXPECT_EQ(loaded->dnssec.trust_anchors[1].owner, Name());
}

TEST(NamedFiles, ACookieSecretIsForNobodyElse) {
  const std::string secret = "000102030405060708090a0b0c0d0e0f\n";
  const FilesInMemory files =
      FilesInMemory().add("conf/good", secret).add("conf/open", secret, true).add("conf/bad", "hunter2\n");
  const Loaded loaded = load("server: {cookie_secret_file: good}", files);
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  EXPECT_EQ(loaded->front.cookie_secret.size(), 16U);
  EXPECT_THAT(complaints("server: {cookie_secret_file: open}", files),
              ElementsAre("conf/open: everybody on this machine may read it; run `chmod o-r` on it"));
  EXPECT_THAT(
      complaints("server: {cookie_secret_file: bad}", files),
      ElementsAre(
          "conf/bad: must hold 32 hexadecimal digits and nothing else; `openssl rand -hex 16` makes a good one"));
  EXPECT_THAT(
      complaints("server: {cookie_secret_file: good, cookie_secret: 000102030405060708090a0b0c0d0e0f}", files),
      Contains("conf/test.yaml:1:51: server.cookie_secret and server.cookie_secret_file are both set; keep one of the "
               "two"));
}

TEST(Files, ThatCannotBeReadSayWhy) {
  const Loaded gone = load_configuration("/nonexistent/vouch.yaml");
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().at(0).text(), "/nonexistent/vouch.yaml: cannot be read: No such file or directory");
  const Loaded folder = load_configuration("/");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().at(0).text(), "/: cannot be read: it is a folder");
  const Loaded endless = load_configuration("/dev/zero");
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().at(0).text(), "/dev/zero: cannot be read: it is larger than 1048576 octets");
}

}  // namespace
}  // namespace vouch
