// The keys of dnstap: a copy of every message for a collector.
#include "conf/schema_parts.h"
#include "resolver/daemon/control/control_options.h"

namespace vouch {

namespace {

constexpr std::uint64_t kMaxIdentity = 255;  // octets, as the encoder takes (DnstapEncoder::kMaxName)

constexpr auto kDnstapKeys = std::to_array<KeySpec<C>>({
    key<Text, &C::dnstap, &DnstapOptions::socket>(
        "dnstap.socket", "\"\"", {.most = kMaxSocketPath},
        "The Unix socket of a collector that is told of every message (dnstap.info), such as fstrm_capture. THIS "
        "WRITES "
        "DOWN WHO ASKS WHAT: read docs/dnstap.md before. Where nobody listens, or does not keep up, messages are lost "
        "and counted; clients never wait for it. An absolute path; empty: nobody is told."),
    key<Text, &C::dnstap, &DnstapOptions::identity>("dnstap.identity", "\"\"", {.most = kMaxIdentity},
                                                    "This server's name in what is told. Empty: none."),
    key<Boolean, &C::dnstap, &DnstapOptions::client_queries>("dnstap.client_queries", "true", {},
                                                             "Tell of clients' queries."),
    key<Boolean, &C::dnstap, &DnstapOptions::client_responses>("dnstap.client_responses", "true", {},
                                                               "Tell of what they were answered."),
    key<Boolean, &C::dnstap, &DnstapOptions::resolver_queries>("dnstap.resolver_queries", "false", {},
                                                               "Tell of questions to servers, forwarders among them."),
    key<Boolean, &C::dnstap, &DnstapOptions::resolver_responses>("dnstap.resolver_responses", "true", {},
                                                                 "Tell of what servers replied."),
    key<Number, &C::dnstap, &DnstapOptions::ipv4_prefix>(
        "dnstap.ipv4_prefix", "24", number(0, 32),
        "How many bits of a client's IPv4 address are told. Its port is told only where the address is whole: 32."),
    key<Number, &C::dnstap, &DnstapOptions::ipv6_prefix>("dnstap.ipv6_prefix", "48", number(0, 128),
                                                         "The same for IPv6; the address is whole with 128."),
});

constexpr auto kDnstapSections = std::to_array<SectionSpec>({
    {"dnstap",
     "A copy of every message for a collector of the operator's: who asked what, and what came of it. Off, unless "
     "dnstap.socket names one."},
});

}  // namespace

SchemaPart dnstap_schema() { return {kDnstapSections, kDnstapKeys}; }

}  // namespace vouch
