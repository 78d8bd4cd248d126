#include "conf/schema_parts.h"

namespace vouch {

namespace {

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

constexpr auto kTelemetrySections = std::to_array<SectionSpec>({
    {"telemetry", "What is counted, for whom, and for how long it is kept (docs/telemetry.md)."},
});

constexpr auto kWebSections = std::to_array<SectionSpec>({
    {"web", "The pages for people, the metrics for Prometheus, the API for programs."},
});

constexpr auto kLoggingSections = std::to_array<SectionSpec>({
    {"logging", "What vouchd says about itself."},
});

}  // namespace

SchemaPart telemetry_schema() { return {kTelemetrySections, kTelemetryKeys}; }
SchemaPart web_schema() { return {kWebSections, kWebKeys}; }
SchemaPart logging_schema() { return {kLoggingSections, kLoggingKeys}; }

}  // namespace vouch
