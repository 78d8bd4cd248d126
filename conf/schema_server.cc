#include "conf/schema_parts.h"

namespace vouch {

namespace {

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
    key<Choice, &C::process, &ProcessOptions::confinement>(
        "server.confinement", "auto", one_of("auto|required|audit|off"),
        "Once it serves, vouchd gives up all capabilities, most system calls (seccomp) and all files but those that "
        "this file names (Landlock), for good: docs/reliability.md. auto takes what this kernel offers and logs what "
        "is lacking; required does not serve without all of it. audit forbids nothing, and logs each system call that "
        "would be refused."),
    key<ListOf<FolderItem>, &C::process, &ProcessOptions::confinement_folders>(
        "server.confinement_folders", "[]", {},
        "Folders that may be read besides those in which named files lie: for files that a later version of this file "
        "will name. It is read again at run time, but what was given up at the start stays so."),
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

constexpr auto kServerSections = std::to_array<SectionSpec>({
    {"server", "The process and its clients."},
    {"server.udp", "Limits of UDP."},
    {"server.tcp", "Limits of TCP, which keep a few clients from taking all of it."},
});

constexpr auto kEncryptedSections = std::to_array<SectionSpec>({
    {"server.tls", "DNS over TLS, and what all encrypted transports share: TLS, HTTPS and QUIC."},
    {"server.https", "DNS over HTTPS."},
    {"server.quic", "DNS over QUIC and over HTTP/3."},
});

constexpr auto kRateKeys = std::to_array<KeySpec<C>>({
    key<Number, &C::front, &FrontOptions::rates, &RateLimitOptions::answers_per_second>(
        "server.rate_limit.answers", "0", number(0, 1'000'000),
        "Answers a second over UDP to the clients of one prefix, beyond which only those who show a valid cookie are "
        "answered there; so many may come at once, too. 0: no limit, as befits a resolver for its own network; where "
        "addresses of clients may be forged, a few hundred spare the one whose address it is. An office behind one "
        "address is one prefix."),
    key<Number, &C::front, &FrontOptions::rates, &RateLimitOptions::errors_per_second>(
        "server.rate_limit.errors", "100", number(0, 1'000'000),
        "The same for answers that say only what is wrong with the query. 0: no limit."),
    key<Number, &C::front, &FrontOptions::rates, &RateLimitOptions::slip>(
        "server.rate_limit.slip", "2", number(0, 100),
        "Beyond the rate every so many queries get a truncated answer, upon which a real client comes over TCP; the "
        "others get none. 0: none does."),
    key<Number, &C::front, &FrontOptions::rates, &RateLimitOptions::ipv4_prefix>(
        "server.rate_limit.ipv4_prefix", "24", number(8, 32),
        "How many bits of an IPv4 address clients are counted by, for rates and for fairness. At home: 32."),
    key<Number, &C::front, &FrontOptions::rates, &RateLimitOptions::ipv6_prefix>("server.rate_limit.ipv6_prefix", "56",
                                                                                 number(16, 128), "The same for IPv6."),
    key<ListOf<PrefixItem>, &C::front, &FrontOptions::rates, &RateLimitOptions::exempt>(
        "server.rate_limit.exempt", "[]", {}, "Clients that neither rates nor fairness concern."),
    key<Boolean, &C::front, &FrontOptions::rates, &RateLimitOptions::fair>(
        "server.rate_limit.fair", "true", {},
        "While more is asked over UDP than can be answered, prefixes that ask for more than a quarter of it stand back "
        "for the others; and once half of server.max_in_flight is taken, no prefix gets more than a quarter of that."),
});
constexpr auto kRateSections = std::to_array<SectionSpec>({
    {"server.rate_limit",
     "Limits that keep one network of clients from taking what others need, or from being flooded."},
});

}  // namespace

SchemaPart server_schema() { return {kServerSections, kServerKeys}; }
SchemaPart rate_limit_schema() { return {kRateSections, kRateKeys}; }
SchemaPart encrypted_schema() { return {kEncryptedSections, kEncryptedKeys}; }

}  // namespace vouch
