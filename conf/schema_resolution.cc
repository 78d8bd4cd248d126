#include "conf/schema_parts.h"

namespace vouch {

namespace {

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
    key<Boolean, &C::resolver, &ResolverOptions::local_root, &LocalRootOptions::enabled>(
        "resolver.local_root.enabled", "false", {},
        "Keep a copy of the root zone, verified against the trust anchor, and ask the root servers no more "
        "(RFC 8806). Without a good copy they are asked as ever. docs/local-root.md tells the rest."),
    key<ListOf<ServerAddressItem>, &C::resolver, &ResolverOptions::local_root, &LocalRootOptions::sources>(
        "resolver.local_root.sources", "[]", {},
        "Servers that give the zone by transfer. Empty: those that RFC 8806 names, two of ICANN's and six root "
        "servers."),
    key<Text, &C::resolver, &ResolverOptions::local_root, &LocalRootOptions::file>(
        "resolver.local_root.file", "\"\"", {},
        "A root zone file that something else keeps current, in place of transfers. A path that does not begin with a "
        "slash starts at this file's folder."),
});

constexpr std::string_view kZoneMeaning = "The zone's name.";
constexpr auto kStubZoneKeys = std::to_array<KeySpec<ConfiguredZone>>({
    zone_key<SingleName, &ConfiguredZone::zone>("zone", "", kZoneMeaning, true),
    zone_key<ListOf<ServerAddressItem>, &ConfiguredZone::servers>("servers", "", "Its authoritative servers.", true),
});

constexpr auto kForwardKeys = std::to_array<KeySpec<C>>({
    key<Zones<ZoneKind::forward>, &C::resolver, &ResolverOptions::forward_zones>(
        "forward.zones", "[]", {},
        "Zones whose questions go to other recursive resolvers; zone . forwards everything. The longest zone that fits "
        "wins."),
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
    key<Number, &C::dnssec, &DnssecOptions::negative_anchor_recheck>(
        "dnssec.negative_anchor_recheck", "300", seconds(1, kDay),
        "A zone below a negative anchor that was set while vouchd runs (`vouchctl nta add`) is looked at again after "
        "about "
        "this time; when it validates twice in a row, the anchor ends."),
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

constexpr auto kNegativeAnchorKeys = std::to_array<KeySpec<NegativeAnchor>>({
    anchor_key<SingleName, &NegativeAnchor::name>("name", "", {}, "At and below it nothing is validated.", true),
    anchor_key<Text, &NegativeAnchor::reason>("reason", "\"\"", {.most = 200}, "For whoever reads this later.", false),
    anchor_key<Moment, &NegativeAnchor::until>("until", "never", {}, "When it ends by itself.", false),
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

constexpr auto kOutgoingSections = std::to_array<SectionSpec>({
    {"outgoing", "How servers are asked."},
});

constexpr auto kResolverSections = std::to_array<SectionSpec>({
    {"resolver", "How answers are found."},
    {"resolver.local_root", "The root zone at home."},
});

constexpr auto kForwardSections = std::to_array<SectionSpec>({
    {"forward", "Questions that other resolvers shall answer."},
});

constexpr auto kDnssecSections = std::to_array<SectionSpec>({
    {"dnssec", "Validation."},
});

constexpr auto kCacheSections = std::to_array<SectionSpec>({
    {"cache", "What is remembered, and for how long."},
    {"cache.serve_stale", "Expired data, when there is nothing better."},
});

}  // namespace

SchemaPart outgoing_schema() { return {kOutgoingSections, kOutgoingKeys}; }
SchemaPart resolver_schema() { return {kResolverSections, kResolverKeys}; }
SchemaPart forward_schema() { return {kForwardSections, kForwardKeys}; }
SchemaPart dnssec_schema() { return {kDnssecSections, kDnssecKeys}; }
SchemaPart cache_schema() { return {kCacheSections, kCacheKeys}; }

std::span<const KeySpec<ConfiguredZone>> stub_zone_schema() { return kStubZoneKeys; }
std::span<const KeySpec<ConfiguredZone>> forward_zone_schema() { return kForwardZoneKeys; }
std::span<const KeySpec<NegativeAnchor>> negative_anchor_schema() { return kNegativeAnchorKeys; }

}  // namespace vouch
