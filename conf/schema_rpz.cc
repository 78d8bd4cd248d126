#include "conf/rpz_zones.h"
#include "conf/schema_parts.h"

namespace vouch {

namespace {

template <typename Codec, auto... Path>
constexpr KeySpec<RpzZoneOptions> zone_key(std::string_view path, std::string_view standard, Shape shape,
                                           std::string_view meaning, bool required = false) {
  KeySpec<RpzZoneOptions> made = spec<RpzZoneOptions, Codec, Path...>(path, standard, shape, meaning);
  made.required = required;
  return made;
}

constexpr auto kRpzZoneKeys = std::to_array<KeySpec<RpzZoneOptions>>({
    zone_key<SingleName, &RpzZoneOptions::zone>(
        "zone", "", {}, "The zone's own name: its rules are the names below it, without it.", true),
    zone_key<Text, &RpzZoneOptions::file>(
        "file", "\"\"", {},
        "The zone as a zone file. A relative path starts at the configuration's folder. It is read again when it "
        "changes. Either this or primaries."),
    zone_key<ListOf<ServerAddressItem>, &RpzZoneOptions::primaries>(
        "primaries", "[]", {},
        "The servers that the zone is transferred from, by IXFR where they can and else AXFR, in the order in which "
        "they "
        "are asked."),
    zone_key<SingleName, &RpzZoneOptions::tsig_key>("tsig_key", ".", {},
                                                    "The name of the key that transfers are signed with (RFC 8945)."),
    zone_key<Choice, &RpzZoneOptions::tsig_algorithm>(
        "tsig_algorithm", "hmac-sha256", one_of("hmac-sha256|hmac-sha384|hmac-sha512"), "What the key signs with."),
    zone_key<Text, &RpzZoneOptions::tsig_secret_file>(
        "tsig_secret_file", "\"\"", {},
        "A file with the key's secret in base64, which nobody else may read. Without one transfers are not signed, and "
        "anybody on the way could change the rules."),
    zone_key<Choice, &RpzZoneOptions::action>(
        "action", "given", one_of("given|disabled|passthru|drop|nxdomain|nodata|tcp-only|cname"),
        "What is done when a rule matches: what the zone says (given), nothing but logging where log is on (disabled), "
        "or always this one thing, whatever the zone says."),
    zone_key<SingleName, &RpzZoneOptions::target>(
        "target", ".", {},
        "With action cname, the name that is led to. After *. the name asked for takes the asterisk's place."),
    zone_key<PolicyError, &RpzZoneOptions::error>(
        "error", "blocked", one_of("blocked|censored|filtered|none"),
        "The extended error (RFC 8914) that clients are told: blocked (15) by the operator's own will, censored (16) "
        "by "
        "somebody else's, filtered (17) because the client asked for it; none says nothing. Where records take the "
        "place of others it is forged answer (4) in all but the last case."),
    zone_key<Number, &RpzZoneOptions::max_ttl>(
        "max_ttl", "3600", seconds(0, kWeek),
        "For how long clients may remember what the zone's rules answer with, at most."),
    zone_key<Boolean, &RpzZoneOptions::include_soa>(
        "include_soa", "true", {}, "Show in the additional section by which policy zone an answer was changed."),
    zone_key<Boolean, &RpzZoneOptions::log>(
        "log", "false", {},
        "Log the rule each time that one matches, at most ten a second, with how often its action has matched so far. "
        "What is answered again from a finished answer is not looked up again, nor counted or logged. A rule may tell "
        "what somebody asked for; it is not told who."),
});

constexpr auto kRpzKeys = std::to_array<KeySpec<C>>({
    key<Text, &C::policy_state_directory>("policy.state_directory", "/var/lib/vouch", {},
                                          "Where transferred policy zones are kept, so that a restart begins with "
                                          "them. Empty: nowhere. A path that does not "
                                          "begin with a slash starts at server.state_dir."),
    key<RpzZones, &C::rpz>(
        "policy.rpz", "[]", {},
        "Response policy zones, first come, first served: docs/rpz.md says what they can do and in which order."),
});

}  // namespace

// Behind policy_schema(), which has the section.
SchemaPart rpz_schema() { return {{}, kRpzKeys}; }
std::span<const KeySpec<RpzZoneOptions>> rpz_zone_schema() { return kRpzZoneKeys; }

}  // namespace vouch
