#include "conf/schema.h"

#include <algorithm>
#include <array>

#include "conf/key_spec.h"
#include "conf/negative_anchors.h"
#include "conf/zone_lists.h"

namespace vouch {

namespace {

using C = Configuration;

// The ways to the fields, shortened for the table.
template <typename Codec, auto... Path>
constexpr KeySpec<C> key(std::string_view path, std::string_view standard, Shape shape, std::string_view meaning) {
  return spec<C, Codec, Path...>(path, standard, shape, meaning);
}
template <typename Codec, auto... Path>
constexpr KeySpec<ConfiguredZone> zone_key(std::string_view path, std::string_view standard, std::string_view meaning,
                                           bool required) {
  KeySpec<ConfiguredZone> made = spec<ConfiguredZone, Codec, Path...>(path, standard, Shape{}, meaning);
  made.required = required;
  return made;
}
template <typename Codec, auto... Path>
constexpr KeySpec<NegativeAnchor> anchor_key(std::string_view path, std::string_view standard, Shape shape,
                                             std::string_view meaning, bool required) {
  KeySpec<NegativeAnchor> made = spec<NegativeAnchor, Codec, Path...>(path, standard, shape, meaning);
  made.required = required;
  return made;
}
constexpr Shape number(std::uint64_t least, std::uint64_t most) { return {.least = least, .most = most}; }
constexpr Shape seconds(std::uint64_t least, std::uint64_t most) {
  return {.unit = Unit::seconds, .least = least, .most = most};
}
constexpr Shape milliseconds(std::uint64_t least, std::uint64_t most) {
  return {.unit = Unit::milliseconds, .least = least, .most = most};
}
constexpr Shape octets(std::uint64_t least, std::uint64_t most) {
  return {.unit = Unit::octets, .least = least, .most = most};
}
constexpr Shape one_of(std::string_view names) { return {.names = names}; }

constexpr std::uint64_t kDay = 86400;
constexpr std::uint64_t kWeek = 7 * kDay;

constexpr auto kServerKeys = std::to_array<KeySpec<C>>({
    key<ListOf<ListenAddressItem>, &C::listeners, &ListenerOptions::addresses>(
        "server.listen", "[127.0.0.1@53, \"::1@53\"]", {},
        "Where clients are served, over UDP and TCP. 0.0.0.0 and :: stand for all addresses of the machine. An IPv6 "
        "address "
        "needs quotes."),
    key<Number, &C::process, &ProcessOptions::workers>(
        "server.workers", "auto", {.least = 1, .most = 256, .names = "auto"},
        "Threads that serve, each with sockets of its own; auto takes one for each core."),
    key<Text, &C::process, &ProcessOptions::user>("server.user", "\"\"", {.most = 32},
                                                  "Whom to become, when started by root, as soon as the sockets are "
                                                  "bound; the user's groups come along. Empty: the "
                                                  "user stays as it is."),
    key<Text, &C::process, &ProcessOptions::state_dir>(
        "server.state_dir", "\"\"", {},
        "The working directory: an existing folder in which the server's user may write. Core dumps go there, and so "
        "does "
        "the log where logging.file does not begin with a slash. Empty: the folder that vouchd was "
        "started in."),
    key<ListOf<PrefixItem>, &C::front, &FrontOptions::allow>(
        "server.allow_from",
        "[127.0.0.0/8, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, \"::1/128\", \"fc00::/7\", "
        "\"fe80::/10\"]",
        {},
        "Who may ask. Queries of others are dropped over UDP and refused over TCP: an open resolver is a weapon in "
        "others' "
        "hands. By default this machine and private networks. 100.64.0.0/10 is not among them: behind a carrier's NAT "
        "those "
        "addresses are strangers; the carrier itself adds it here."),
    key<ListOf<PrefixItem>, &C::listeners, &ListenerOptions::proxies>(
        "server.proxy_protocol_from", "[]", {},
        "Proxies in front of this server that say in a PROXY header (version 2) which client they speak for, over UDP, "
        "TCP, TLS and HTTPS. They must send one, and nobody else may. What it says counts for server.allow_from and "
        "all "
        "limits."),
    key<Number, &C::front, &FrontOptions::edns_size>(
        "server.edns_size", "1232", number(512, 4096),
        "Largest answer over UDP, in octets; longer ones go over TCP. 1232 fits into any path in one piece (RFC 9715), "
        "and "
        "up to there routers are forbidden to cut answers into fragments, which could be forged."),
    key<Boolean, &C::front, &FrontOptions::cookies>("server.cookies", "true", {},
                                                    "DNS cookies for clients that send one (RFC 7873, RFC 9018)."),
    key<Secret, &C::front, &FrontOptions::cookie_secret>(
        "server.cookie_secret", "\"\"", {},
        "The secret that cookies are made with; servers behind one address share it. Empty: drawn at each start."),
    key<Text, &C::files, &NamedFiles::cookie_secret>("server.cookie_secret_file", "\"\"", {},
                                                     "A file with that secret in place of the key above, so that this "
                                                     "file can be read by all. A path that does not begin with "
                                                     "a slash starts at this file's folder."),
    key<Text, &C::front, &FrontOptions::nsid>(
        "server.nsid", "\"\"", {.most = 128},
        "This server's name, for clients that ask for it (RFC 5001). Empty: none."),
    key<Text, &C::discovery, &DiscoveryOptions::info_url>(
        "server.info_url", "\"\"", {.most = DiscoveryOptions::kMaxInfoUrl},
        "The https address of a page for people about this resolver, told in its RESINFO record (RFC 9606). Empty: "
        "none."),
    key<Boolean, &C::front, &FrontOptions::minimal_answers>(
        "server.minimal_answers", "true", {},
        "Leave out authority and additional records that the answer does not need."),
    key<Boolean, &C::front, &FrontOptions::minimal_any>("server.minimal_any", "true", {},
                                                        "Answer questions for ANY with one set of records (RFC 8482). "
                                                        "False: with all that is cached, or else with what "
                                                        "servers say."),
    key<Boolean, &C::front, &FrontOptions::answer_without_rd>(
        "server.answer_without_rd", "false", {},
        "Answer queries that ask for no recursion (RD=0) with what is cached, which tells anybody allowed what others "
        "have "
        "asked. False: they are refused."),
    key<Number, &C::front, &FrontOptions::max_in_flight>(
        "server.max_in_flight", "4096", number(16, 1'000'000),
        "Clients' questions under resolution at once, for each worker. Beyond it new ones are not taken."),
    key<Number, &C::front, &FrontOptions::max_waiting_per_question>(
        "server.max_waiting_per_question", "20", number(1, 100'000),
        "Answers to one question that may wait for one client whose address is not proven, so that they cannot be let "
        "loose in "
        "one burst (CVE-2024-33655, DNSBomb)."),
    key<Number, &C::front, &FrontOptions::max_waiting_per_client>(
        "server.max_waiting_per_client", "100", number(1, 100'000),
        "Answers in all that may wait for one such client: over UDP and without a valid cookie."),
    key<Number, &C::listeners, &ListenerOptions::udp, &UdpListenerOptions::socket_buffer>(
        "server.udp.socket_buffer", "4M", octets(64U << 10U, 256U << 20U),
        "What each UDP socket asks of the kernel, for each direction; net.core.rmem_max and wmem_max may grant less."),
    key<Number, &C::listeners, &ListenerOptions::udp, &UdpListenerOptions::max_unanswered>(
        "server.udp.max_unanswered", "16384", number(16, 1'000'000),
        "Datagrams that may wait for their answer, for each listening socket. Beyond it new ones are dropped."),
    key<Number, &C::listeners, &ListenerOptions::sessions, &SessionLimitOptions::total>(
        "server.tcp.max_sessions", "1000", number(1, 1'000'000), "Connections at once, for each worker."),
    key<Number, &C::listeners, &ListenerOptions::sessions, &SessionLimitOptions::per_source>(
        "server.tcp.max_sessions_per_client", "auto", {.least = 1, .most = 1'000'000, .names = "auto"},
        "Of these, how many from one IPv4 address or one IPv6 /64; auto is a tenth of all."),
    key<Number, &C::listeners, &ListenerOptions::sessions, &SessionLimitOptions::idle>(
        "server.tcp.idle_timeout", "10000", milliseconds(100, 600'000),
        "How long a connection may be silent (RFC 7766 section 6.2.3). As connections grow scarce it shortens by "
        "itself."),
    key<Number, &C::listeners, &ListenerOptions::sessions, &SessionLimitOptions::message>(
        "server.tcp.message_timeout", "10000", milliseconds(100, 60'000),
        "How long one query may take from its first octet to its last."),
    key<Number, &C::listeners, &ListenerOptions::sessions, &SessionLimitOptions::stall>(
        "server.tcp.stall_timeout", "10000", milliseconds(100, 60'000),
        "How long a client with answers waiting may take none of them."),
    key<Number, &C::listeners, &ListenerOptions::stream, &StreamListenerOptions::max_in_flight>(
        "server.tcp.max_queries_in_flight", "100", number(1, 10'000),
        "Unanswered queries of one connection; beyond it no more are read from it."),
    key<Number, &C::listeners, &ListenerOptions::stream, &StreamListenerOptions::max_output>(
        "server.tcp.max_output", "256K", octets(64U << 10U, 64U << 20U),
        "Answers that may wait in one connection; beyond it no more queries are read from it."),
    key<Number, &C::listeners, &ListenerOptions::stream, &StreamListenerOptions::backlog>(
        "server.tcp.backlog", "1024", number(1, 65535),
        "Connections that the kernel holds for us to accept; net.core.somaxconn may grant fewer."),
});

constexpr auto kEncryptedKeys = std::to_array<KeySpec<C>>({
    key<ListOf<TlsListenAddressItem>, &C::listeners, &ListenerOptions::tls>(
        "server.tls.listen", "[]", {}, "Where DNS over TLS is served (RFC 7858), Android's \"Private DNS\"."),
    key<Text, &C::listeners, &ListenerOptions::identity, &IdentityOptions::certificate_file>(
        "server.tls.certificate_file", "\"\"", {},
        "The certificate for TLS, HTTPS and QUIC, in PEM, with the chain behind it. A path that does not begin with a "
        "slash starts at this file's folder. Both files are looked at every minute and on SIGHUP; a new pair is for "
        "new "
        "connections. Empty: vouchd makes a pair of its own, which clients must be told to trust."),
    key<Text, &C::listeners, &ListenerOptions::identity, &IdentityOptions::key_file>(
        "server.tls.key_file", "\"\"", {},
        "Its private key, in PEM without a passphrase. server.user must be able to read it, or a renewed one cannot be "
        "taken without a restart."),
    key<Text, &C::listeners, &ListenerOptions::identity, &IdentityOptions::state_directory>(
        "server.tls.state_directory", "/var/lib/vouch", {},
        "An existing folder, writable for the server's user, in which vouchd keeps the pair and the secrets that it "
        "made "
        "for itself. Not writable: they are new at each start. A path that does not begin with a slash starts at "
        "server.state_dir."),
    key<Text, &C::listeners, &ListenerOptions::identity, &IdentityOptions::ticket_secret_file>(
        "server.tls.ticket_secret_file", "\"\"", {},
        "A file of 32 to 1024 random octets, from which the keys of session tickets are derived, new ones every twelve "
        "hours. Servers behind one address share it. Empty: drawn at each start."),
    key<Number, &C::listeners, &ListenerOptions::tls_sessions, &SessionLimitOptions::total>(
        "server.tls.max_sessions", "1000", number(1, 1'000'000), "TLS and HTTPS connections at once, for each worker."),
    key<Number, &C::listeners, &ListenerOptions::tls_sessions, &SessionLimitOptions::per_source>(
        "server.tls.max_sessions_per_client", "auto", {.least = 1, .most = 1'000'000, .names = "auto"},
        "Of these, how many from one IPv4 address or one IPv6 /64; auto is a tenth of all."),
    key<Number, &C::listeners, &ListenerOptions::tls_sessions, &SessionLimitOptions::idle>(
        "server.tls.idle_timeout", "30000", milliseconds(100, 600'000),
        "How long a connection may be silent. A new one costs as much as a hundred answers, so it is longer than "
        "TCP's."),
    key<Number, &C::listeners, &ListenerOptions::tls_sessions, &SessionLimitOptions::handshake>(
        "server.tls.handshake_timeout", "5000", milliseconds(100, 60'000),
        "How long a handshake may take. server.tcp's times for messages and stalls hold for TLS, HTTPS and QUIC, too, "
        "its other limits for TLS and HTTPS."),
    key<ListOf<HttpsListenAddressItem>, &C::listeners, &ListenerOptions::https>(
        "server.https.listen", "[]", {}, "Where DNS over HTTPS is served (RFC 8484), by HTTP/2."),
    key<ListOf<HttpsListenAddressItem>, &C::listeners, &ListenerOptions::cleartext_https>(
        "server.https.cleartext_listen", "[]", {},
        "The same without TLS, by HTTP/2 from the first octet, for a reverse proxy on this machine. Loopback addresses "
        "alone. Unless the proxy sends PROXY headers and is in server.proxy_protocol_from, it is the client itself: "
        "server.allow_from and the limits see its loopback address, and whoever can reach it is served."),
    key<Text, &C::listeners, &ListenerOptions::http, &HttpOptions::path>("server.https.path", "/dns-query",
                                                                         {.most = 128}, "The path of its address."),
    key<ListOf<TlsListenAddressItem>, &C::listeners, &ListenerOptions::quic>(
        "server.quic.listen", "[]", {},
        "UDP addresses where DNS over QUIC (RFC 9250) and DNS over HTTP/3 are served; the client says which it wants. "
        "Port 853 is what clients of the one look for, 443 those of the other."),
    key<Number, &C::listeners, &ListenerOptions::quic_sessions, &SessionLimitOptions::total>(
        "server.quic.max_sessions", "500", number(1, 1'000'000),
        "Connections at once, for each worker. Each takes some 90 KiB."),
    key<Number, &C::listeners, &ListenerOptions::quic_sessions, &SessionLimitOptions::per_source>(
        "server.quic.max_sessions_per_client", "auto", {.least = 1, .most = 1'000'000, .names = "auto"},
        "Of these, how many from one IPv4 address or one IPv6 /64; auto is a tenth of all."),
    key<Number, &C::listeners, &ListenerOptions::quic_sessions, &SessionLimitOptions::idle>(
        "server.quic.idle_timeout", "30000", milliseconds(100, 600'000), "How long a connection may be silent."),
    key<Number, &C::listeners, &ListenerOptions::quic_sessions, &SessionLimitOptions::handshake>(
        "server.quic.handshake_timeout", "5000", milliseconds(100, 60'000), "How long a handshake may take."),
    key<Number, &C::listeners, &ListenerOptions::quic_limits, &QuicListenerOptions::max_half_open>(
        "server.quic.retry_above", "64", number(0, 1'000'000),
        "Handshakes under way, for each worker, beyond which a client must first show that its address is its own "
        "(RFC 9000 section 8.1.2), at the cost of a round trip. 0: always."),
    key<Number, &C::listeners, &ListenerOptions::quic_limits, &QuicListenerOptions::max_memory>(
        "server.quic.max_memory", "64M", octets(1U << 20U, std::uint64_t{64} << 30U),
        "Memory for the connections of one worker. Beyond it new ones are refused."),
    key<Boolean, &C::listeners, &ListenerOptions::quic_limits, &QuicListenerOptions::early_data>(
        "server.quic.early_data", "false", {},
        "Answer queries that come before the handshake is over (0-RTT). An eavesdropper may replay those, so nothing "
        "but "
        "plain queries is taken from there, each once."),
    key<Number, &C::listeners, &ListenerOptions::quic_limits, &QuicListenerOptions::socket_buffer>(
        "server.quic.socket_buffer", "4M", octets(64U << 10U, 256U << 20U),
        "What each socket asks of the kernel, for each direction."),
});

constexpr auto kOutgoingKeys = std::to_array<KeySpec<C>>({
    key<ListOf<IpAddressItem>, &C::outgoing, &OutgoingOptions::source_addresses>(
        "outgoing.source_addresses", "[]", {},
        "Own addresses to ask servers from; one of the right family is drawn for each question. Empty: the kernel "
        "chooses."),
    key<Boolean, &C::resolver, &ResolverOptions::ipv4>("outgoing.ipv4", "true", {}, "Ask servers over IPv4."),
    key<Boolean, &C::resolver, &ResolverOptions::ipv6>(
        "outgoing.ipv6", "true", {},
        "Ask servers over IPv6. Where the machine has none, false saves looking for addresses."),
    key<Number, &C::resolver, &ResolverOptions::upstream_port>(
        "outgoing.port", "53", number(1, 65535),
        "The port that servers are asked on when only their address is known. Other than 53 in laboratories alone."),
    key<Boolean, &C::resolver, &ResolverOptions::ask_loopback>(
        "outgoing.ask_loopback", "false", {},
        "Whether servers may be asked that a delegation places on this machine's loopback. Servers that this file "
        "names always "
        "may."),
    key<Number, &C::resolver, &ResolverOptions::edns_size>("outgoing.edns_size", "1232", number(512, 4096),
                                                           "Largest reply that servers are asked to send over UDP, in "
                                                           "octets. A fragmented reply can be forged (RFC 9715)."),
    key<Boolean, &C::resolver, &ResolverOptions::case_randomisation>(
        "outgoing.case_randomization", "true", {},
        "Ask in randomly mixed case, which a forger has to guess too (0x20). Servers that do not return it are "
        "noticed."),
    key<Boolean, &C::resolver, &ResolverOptions::cookies>("outgoing.cookies", "true", {},
                                                          "Send DNS cookies (RFC 7873)."),
    key<PortRange, &C::outgoing>("outgoing.port_range", "1024-65535", {},
                                 "The source ports that are drawn for questions over UDP."),
    key<AvoidPorts, &C::outgoing, &OutgoingOptions::avoid_ports>("outgoing.avoid_ports", "[]", {},
                                                                 "Ports of that range that are left to others."),
    key<Number, &C::outgoing, &OutgoingOptions::max_udp_sockets>(
        "outgoing.max_udp_sockets", "4608", number(16, 60'000),
        "Questions under way over UDP at once, for each worker."),
    key<Number, &C::outgoing, &OutgoingOptions::max_connections>(
        "outgoing.max_connections", "256", number(1, 60'000),
        "Connections to servers, for each worker, idle ones included."),
    key<Number, &C::outgoing, &OutgoingOptions::max_idle_connections>(
        "outgoing.max_idle_connections", "64", number(0, 60'000),
        "Of these, how many may be kept for further questions."),
    key<Number, &C::outgoing, &OutgoingOptions::max_questions_per_connection>(
        "outgoing.max_questions_per_connection", "32", number(1, 1000),
        "Unanswered questions on one connection (RFC 7766 section 6.2.1.1); beyond it another is opened."),
    key<Number, &C::outgoing, &OutgoingOptions::connection_idle>(
        "outgoing.connection_idle_timeout", "5000", milliseconds(0, 600'000), "How long an idle connection is kept."),
    key<Number, &C::outgoing, &OutgoingOptions::tls_connection_idle>(
        "outgoing.tls_connection_idle_timeout", "30000", milliseconds(0, 600'000),
        "How long an idle connection over TLS is kept, which has cost a handshake."),
    key<Text, &C::outgoing, &OutgoingOptions::tls_ca_file>(
        "outgoing.tls_ca_file", "\"\"", {},
        "A file of certificates in PEM: the authorities that may vouch for forwarders asked over TLS, in place of the "
        "system's. A path that does not begin with a slash starts at this file's folder. Empty: the system's, from "
        "the package ca-certificates."),
});

constexpr auto kResolverKeys = std::to_array<KeySpec<C>>({
    key<Text, &C::files, &NamedFiles::root_hints>("resolver.root_hints_file", "\"\"", {},
                                                  "A file of NS, A and AAAA records, the root servers to begin with. A "
                                                  "path that does not begin with a slash starts at this "
                                                  "file's folder. Empty: the thirteen that are built in."),
    key<Boolean, &C::resolver, &ResolverOptions::priming>("resolver.prime_root", "true", {},
                                                          "Ask one of them for the present list before the first "
                                                          "resolution, and again when that list expires (RFC 8109)."),
    key<Choice, &C::resolver, &ResolverOptions::minimisation>(
        "resolver.qname_minimization", "relaxed", one_of("off|relaxed|strict"),
        "Tell each server no more of a name than it needs (RFC 9156). relaxed sends the whole name after all where a "
        "server "
        "errs on a part of it; strict does not; off sends whole names everywhere."),
    key<Boolean, &C::resolver, &ResolverOptions::harden_glue>(
        "resolver.harden_glue", "true", {},
        "Believe a delegation's addresses only for servers within the zone that it comes from."),
    key<Zones<ZoneKind::stub>, &C::resolver, &ResolverOptions::stub_zones>(
        "resolver.stub_zones", "[]", {}, "Zones whose authoritative servers are named here and not looked for."),
});

constexpr auto kForwardKeys = std::to_array<KeySpec<C>>({
    key<Zones<ZoneKind::forward>, &C::resolver, &ResolverOptions::forward_zones>(
        "forward.zones", "[]", {},
        "Zones whose questions go to other recursive resolvers; zone . forwards everything. The longest zone that fits "
        "wins."),
});

// dnssec_options.h decides; this only spells it.
constexpr std::string_view kStandardMode = kDefaultDnssecMode == DnssecMode::enforce   ? "enforce"
                                           : kDefaultDnssecMode == DnssecMode::observe ? "observe"
                                                                                       : "off";

constexpr auto kDnssecKeys = std::to_array<KeySpec<C>>({
    key<Choice, &C::dnssec, &DnssecOptions::mode>(
        "dnssec.mode", kStandardMode, one_of("off|observe|enforce"),
        "enforce checks every answer and gives SERVFAIL in place of one that is forged or broken. observe checks and "
        "counts, and answers all the same: for a look at what enforce would do. off checks nothing."),
    key<ListOf<TrustAnchorItem>, &C::dnssec, &DnssecOptions::trust_anchors>(
        "dnssec.trust_anchors", "[]", {},
        "What validation begins with, beside or in place of the built-in anchor, for the root or for zones of one's "
        "own."),
    key<Text, &C::files, &NamedFiles::trust_anchors>("dnssec.trust_anchors_file", "\"\"", {},
                                                     "A file of such records in zone-file text, added to the list "
                                                     "above. A path that does not begin with a slash starts at this "
                                                     "file's folder."),
    key<Boolean, &C::dnssec, &DnssecOptions::builtin_root_anchor>(
        "dnssec.builtin_root_anchor", "true", {},
        "Use the root's keys that came with this version, unless the two keys above name anchors for the root."),
    key<NegativeAnchors, &C::dnssec, &DnssecOptions::negative_trust_anchors>(
        "dnssec.negative_trust_anchors", "[]", {},
        "Names at and below which nothing is validated (RFC 7646): for a zone that broke its own signatures, until it "
        "is mended. Better with an end: nobody remembers to take one out."),
    key<Boolean, &C::dnssec, &DnssecOptions::rfc5011>(
        "dnssec.rfc5011", "true", {},
        "Follow the key rolls of the root and of other zones with anchors (RFC 5011): a new key is trusted when it has "
        "stood in the zone for thirty days, a revoked one no more."),
    key<Text, &C::dnssec, &DnssecOptions::state_directory>(
        "dnssec.state_directory", "/var/lib/vouch", {},
        "An existing folder, writable for the server's user, in which key rolls are remembered. Empty or not writable: "
        "they are followed, and forgotten when vouchd ends. A path that does not begin with a slash starts at "
        "server.state_dir."),
    key<Boolean, &C::dnssec, &DnssecOptions::rfc8145_signals>(
        "dnssec.rfc8145_signals", "true", {},
        "Tell the zones that have anchors, once a day, which of their keys are trusted here (RFC 8145): whoever rolls "
        "the root's key looks at that first."),
    key<Boolean, &C::dnssec, &DnssecOptions::root_key_sentinel>(
        "dnssec.root_key_sentinel", "true", {},
        "Let clients find out which of the root's keys are trusted here, by names made for it (RFC 8509)."),
    key<Number, &C::dnssec, &DnssecOptions::signature_skew>(
        "dnssec.signature_skew", "300", seconds(0, kDay),
        "How wrong this machine's clock or a signer's may be: a signature's time is stretched by this at both ends."),
    key<Choice, &C::dnssec, &DnssecOptions::sha1>(
        "dnssec.sha1", "validate", one_of("validate|insecure"),
        "Whether signatures made with SHA-1 are checked, or zones that have no others treated as unsigned (RFC 9905)."),
    key<Number, &C::dnssec, &DnssecOptions::nsec3_max_iterations>(
        "dnssec.nsec3_max_iterations", "50", number(0, 500),
        "Zones that demand more hash iterations count as unsigned (RFC 9276 section 3.2). Each costs processor time "
        "that a stranger chooses."),
    key<Boolean, &C::dnssec, &DnssecOptions::aggressive_nsec>(
        "dnssec.aggressive_nsec", "true", {},
        "Answer from cached proofs of non-existence instead of asking again (RFC 8198). Floods of random names stop "
        "here."),
    key<ListOf<NameItem>, &C::dnssec, &DnssecOptions::time_names>(
        "dnssec.time_names",
        "[pool.ntp.org., time.cloudflare.com., time.google.com., time.apple.com., time.windows.com., time.nist.gov., "
        "ntp.ubuntu.com., ntp.org.]",
        {},
        "Time servers' names. While this machine's clock is not to be trusted, signatures at and below them hold "
        "whatever their time: a machine that starts without the time must be able to ask for it by name. Empty: no "
        "such names."),
});

constexpr auto kCacheKeys = std::to_array<KeySpec<C>>({
    key<Number, &C::cache, &CacheOptions::size>("cache.size", "100M",
                                                octets(std::uint64_t{1} << 20U, std::uint64_t{1} << 40U),
                                                "Memory for all caches together, their bookkeeping included. When it "
                                                "is full, what has not been asked for goes."),
    key<Number, &C::cache, &CacheOptions::ttl_min>(
        "cache.ttl_min", "0", seconds(0, kDay),
        "Shorter times to live are raised to this, except of signed data where it is validated: that never outlives "
        "what "
        "its zone signed. More than a few seconds breaks services that move quickly."),
    key<Number, &C::cache, &CacheOptions::ttl_max>("cache.ttl_max", "86400", seconds(1, kWeek),
                                                   "Longer times to live are cut to this."),
    key<Number, &C::cache, &CacheOptions::negative_ttl_min>("cache.negative_ttl_min", "0", seconds(0, kDay),
                                                            "The same for answers that say that there is nothing; no "
                                                            "longer than their proofs and the SOA's TTL where these "
                                                            "are signed."),
    key<Number, &C::cache, &CacheOptions::negative_ttl_max>(
        "cache.negative_ttl_max", "3600", seconds(1, kWeek),
        "The same for answers that say that there is nothing (RFC 2308)."),
    key<Choice, &C::cache, &CacheOptions::ttl_clock>("cache.ttl_clock", "monotonic", one_of("monotonic|wall"),
                                                     "The clock by which cached data grows old. monotonic does not "
                                                     "notice when the machine's time is set right, or wrong; "
                                                     "wall is for test beds in which time is made to jump."),
    key<Boolean, &C::front, &FrontOptions::prefetch>("cache.prefetch", "false", {},
                                                     "Ask again for data that is in demand shortly before it expires."),
    key<Number, &C::cache, &CacheOptions::failure_ttl_min>(
        "cache.failure_ttl_min", "5", seconds(1, 300),
        "How long a failure is remembered the first time; from then on twice as long each time (RFC 9520)."),
    key<Number, &C::cache, &CacheOptions::failure_ttl_max>("cache.failure_ttl_max", "300", seconds(1, 300),
                                                           "How long a failure is remembered at most (RFC 9520)."),
    key<Boolean, &C::front, &FrontOptions::stale, &StaleOptions::enabled>(
        "cache.serve_stale.enabled", "false", {},
        "Answer from expired data when its servers cannot be reached (RFC 8767)."),
    key<Number, &C::front, &FrontOptions::stale, &StaleOptions::max_stale>(
        "cache.serve_stale.max_stale", "86400", seconds(1, kWeek), "How long beyond its expiry data may be served."),
    key<Number, &C::front, &FrontOptions::stale, &StaleOptions::answer_ttl>(
        "cache.serve_stale.answer_ttl", "30", seconds(1, 3600),
        "The time to live in such answers (RFC 8767 section 4)."),
    key<Number, &C::front, &FrontOptions::stale, &StaleOptions::client_timeout_ms>(
        "cache.serve_stale.client_timeout", "1800", milliseconds(0, 4000),
        "How long a client waits for fresh data before it gets the expired; 0 gives it at once and refreshes behind "
        "it."),
});

constexpr auto kLocalDataKeys = std::to_array<KeySpec<C>>({
    key<Boolean, &C::local_data, &LocalDataOptions::special_use_zones>(
        "local_data.special_use_zones", "true", {},
        "Answer localhost, the private networks' reverse zones and other names of special use here, as their RFCs "
        "demand "
        "(RFC 6303, 6761, 7686, 8375, 9476), and ask nobody."),
    key<ListOf<NameItem>, &C::local_data, &LocalDataOptions::not_special>(
        "local_data.not_special", "[]", {},
        "Such zones that shall be resolved after all, for example 168.192.in-addr.arpa where a stub zone serves it."),
    key<ListOf<RecordItem>, &C::local_data, &LocalDataOptions::records>(
        "local_data.records", "[]", {},
        "Records that are answered from here, for example [\"printer.home.arpa. 3600 IN A 192.168.1.9\"]."),
});

constexpr auto kTelemetryKeys = std::to_array<KeySpec<C>>({
    key<Number, &C::telemetry, &TelemetryOptions::min_prefixes>(
        "telemetry.min_clients", "5", number(3, 100),
        "A zone whose failures fewer client prefixes met than this is named in no metric and no file, "
        "and to nobody but the operator. The root, top-level domains, reverse trees and zones with an anchor are "
        "exempt. ISPs take 10."),
    key<Number, &C::telemetry, &TelemetryOptions::ipv4_prefix>(
        "telemetry.ipv4_prefix", "32", number(8, 32),
        "How many bits of a client's IPv4 address tell it from another; they are hashed with a salt that is new every "
        "day and never stored. ISPs take 24."),
    key<Number, &C::telemetry, &TelemetryOptions::ipv6_prefix>("telemetry.ipv6_prefix", "56", number(16, 64),
                                                               "The same for IPv6. ISPs take 48."),
    key<Number, &C::telemetry, &TelemetryOptions::listed_zones>(
        "telemetry.listed_zones", "50", number(4, 1000),
        "Failing zones that /metrics names at once; the rest is `_other`. 20 suffice at home, an ISP takes 200."),
    key<Number, &C::telemetry, &TelemetryOptions::listed_tlds>(
        "telemetry.listed_tlds", "60", number(4, 1500), "Top-level domains that /metrics names; the rest is `_other`."),
    key<Text, &C::telemetry, &TelemetryOptions::state_directory>(
        "telemetry.state_directory", "/var/lib/vouch", {},
        "An existing folder, writable for the server's user, for the history: hourly counters and incidents in one "
        "SQLite file, written once an hour and at stop (docs/metrics.md). It holds no client's address and no name "
        "that was asked for. Not writable: there is no history, and the status page says so. Empty: none is wanted. A "
        "path that does not begin with a slash starts at server.state_dir."),
    key<Number, &C::telemetry, &TelemetryOptions::history_days>("telemetry.history_days", "400", number(1, 3660),
                                                                "Days that the history goes back."),
});

constexpr auto kWebKeys = std::to_array<KeySpec<C>>({
    key<ListOf<WebListenAddressItem>, &C::web, &WebOptions::listen>(
        "web.listen", "[127.0.0.1@8053]", {},
        "Where the pages, /metrics and the API are served, over HTTP. An address beyond this machine needs "
        "web.token_file, without which only this machine's users may see what concerns the operator; what is sent is "
        "not encrypted. That an address cannot be listened on is told in the log and keeps nobody from resolving. "
        "Empty: nowhere."),
    key<ListOf<HostNameItem>, &C::web, &WebOptions::host_names>(
        "web.host_names", "[]", {},
        "Names under which browsers may ask for the pages, beside localhost and the addresses listened on. Requests "
        "for other names are refused: a hostile page could have its own name lead here. The name that a reverse proxy "
        "is asked for belongs here; behind such a proxy web.token_file is needed, too: all that it passes on comes "
        "from this machine, and without a token whoever reaches the proxy is the operator."),
    key<Text, &C::files, &NamedFiles::web_token>(
        "web.token_file", "\"\"", {},
        "A file with a token of 16 to 256 characters, not readable for all. With it the operator's pages, /metrics and "
        "the API want it, as a bearer token or as the password of HTTP Basic; the pages for subscribers stay open. A "
        "path that does not begin with a slash starts at this file's folder."),
});

constexpr auto kLoggingKeys = std::to_array<KeySpec<C>>({
    key<Choice, &C::logging, &LogOptions::level>("logging.level", "info", one_of("debug|info|notice|warning|error"),
                                                 "What is quieter than this is not logged. Queries never are."),
    key<Choice, &C::logging, &LogOptions::target>("logging.target", "stderr", one_of("stderr|journal|file"),
                                                  "stderr writes time, level and event; journal is standard error in "
                                                  "the form that systemd's journal reads levels from; "
                                                  "file writes to the file below."),
    key<Text, &C::logging, &LogOptions::file>("logging.file", "\"\"", {}, "The log's path, for target file."),
});

template <std::size_t... Sizes>
constexpr auto joined(const std::array<KeySpec<C>, Sizes>&... parts) {
  std::array<KeySpec<C>, (Sizes + ...)> all{};
  auto at = all.begin();
  ((at = std::copy(parts.begin(), parts.end(), at)), ...);
  return all;
}

constexpr auto kSchema = joined(kServerKeys, kEncryptedKeys, kOutgoingKeys, kResolverKeys, kForwardKeys, kDnssecKeys,
                                kCacheKeys, kLocalDataKeys, kTelemetryKeys, kWebKeys, kLoggingKeys);

constexpr auto kSections = std::to_array<SectionSpec>({
    {"server", "The process and its clients."},
    {"server.udp", "Limits of UDP."},
    {"server.tcp", "Limits of TCP, which keep a few clients from taking all of it."},
    {"server.tls", "DNS over TLS, and what all encrypted transports share: TLS, HTTPS and QUIC."},
    {"server.https", "DNS over HTTPS."},
    {"server.quic", "DNS over QUIC and over HTTP/3."},
    {"outgoing", "How servers are asked."},
    {"resolver", "How answers are found."},
    {"forward", "Questions that other resolvers shall answer."},
    {"dnssec", "Validation."},
    {"cache", "What is remembered, and for how long."},
    {"cache.serve_stale", "Expired data, when there is nothing better."},
    {"local_data", "Names that are answered here."},
    {"telemetry", "What is counted, for whom, and for how long it is kept (docs/telemetry.md)."},
    {"web", "The pages for people, the metrics for Prometheus, the API for programs."},
    {"logging", "What vouchd says about itself."},
});

constexpr std::string_view kZoneMeaning = "The zone's name.";
constexpr auto kStubZoneKeys = std::to_array<KeySpec<ConfiguredZone>>({
    zone_key<SingleName, &ConfiguredZone::zone>("zone", "", kZoneMeaning, true),
    zone_key<ListOf<ServerAddressItem>, &ConfiguredZone::servers>("servers", "", "Its authoritative servers.", true),
});
constexpr auto kForwardZoneKeys = std::to_array<KeySpec<ConfiguredZone>>({
    zone_key<SingleName, &ConfiguredZone::zone>("zone", "", kZoneMeaning, true),
    zone_key<ListOf<ForwarderAddressItem>, &ConfiguredZone::servers>("servers", "", "The resolvers to ask.", true),
    zone_key<Boolean, &ConfiguredZone::first>(
        "first", "false", "When they fail, resolve by ourselves after all; not with tls, for that is in clear text.",
        false),
    zone_key<Boolean, &ConfiguredZone::cache>("cache", "true", "Whether their answers are cached.", false),
    zone_key<Boolean, &ConfiguredZone::tls>(
        "tls", "false",
        "Ask over TLS (RFC 7858) and in no other way: a resolver that does not prove who it is gets no question.",
        false),
    zone_key<Text, &ConfiguredZone::tls_name>(
        "tls_name", "\"\"", "The name or address that their certificates must have; needed with tls, or tls_pins.",
        false),
    zone_key<ListOf<PinItem>, &ConfiguredZone::tls_pins>(
        "tls_pins", "[]",
        "One of these must be the pin of their key. Without tls_name no authority is then asked and no date looked at; "
        "with it both must hold.",
        false),
});

constexpr auto kNegativeAnchorKeys = std::to_array<KeySpec<NegativeAnchor>>({
    anchor_key<SingleName, &NegativeAnchor::name>("name", "", {}, "At and below it nothing is validated.", true),
    anchor_key<Text, &NegativeAnchor::reason>("reason", "\"\"", {.most = 200}, "For whoever reads this later.", false),
    anchor_key<Moment, &NegativeAnchor::until>("until", "never", {}, "When it ends by itself.", false),
});

}  // namespace

std::span<const KeySpec<Configuration>> schema() { return kSchema; }
std::span<const SectionSpec> sections() { return kSections; }
std::span<const KeySpec<ConfiguredZone>> stub_zone_schema() { return kStubZoneKeys; }
std::span<const KeySpec<ConfiguredZone>> forward_zone_schema() { return kForwardZoneKeys; }
std::span<const KeySpec<NegativeAnchor>> negative_anchor_schema() { return kNegativeAnchorKeys; }

}  // namespace vouch
