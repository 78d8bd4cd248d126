#include "conf/policy_lists.h"
#include "conf/schema_parts.h"

namespace vouch {

namespace {

template <typename Item, typename Codec, auto... Path>
constexpr KeySpec<Item> item_key(std::string_view path, std::string_view standard, Shape shape,
                                 std::string_view meaning, bool required = false) {
  KeySpec<Item> made = spec<Item, Codec, Path...>(path, standard, shape, meaning);
  made.required = required;
  return made;
}

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
        "Records that are answered from here, for example [\"printer.home.arpa. 3600 IN A 192.168.1.9\"]. Several of "
        "one name and type are one set."),
    key<Boolean, &C::local_data, &LocalDataOptions::reverse_records>(
        "local_data.reverse_records", "false", {},
        "Make the PTR record to each A and AAAA record among these whose address has none."),
    key<LocalZoneList, &C::local_data, &LocalDataOptions::zones>(
        "local_data.zones", "[]", {},
        "What is answered at names within these zones that local_data.records does not have (docs/policy.md)."),
});

constexpr std::string_view kZoneTypes =
    "static|redirect|transparent|refuse|deny|always_nxdomain|always_nodata|always_null";
constexpr auto kLocalZoneKeys = std::to_array<KeySpec<LocalZoneOptions>>({
    item_key<LocalZoneOptions, SingleName, &LocalZoneOptions::zone>("zone", "", {}, "The zone's name.", true),
    item_key<LocalZoneOptions, Choice, &LocalZoneOptions::type>(
        "type", "static", one_of(kZoneTypes),
        "static: what is not among the records does not exist. redirect: every name in it has the records of the "
        "zone's own name. transparent: what has no record is resolved. refuse and deny: it is refused, or not answered "
        "at all. always_nxdomain, always_nodata and always_null (0.0.0.0 and ::) look at no record."),
});

constexpr auto kLocalDataSections = std::to_array<SectionSpec>({
    {"local_data", "Names that are answered here."},
});

constexpr auto kPolicyKeys = std::to_array<KeySpec<C>>({
    key<PolicyLists, &C::policy, &PolicyOptions::lists>(
        "policy.lists", "[]", {},
        "Lists of names that are blocked, or let through, from files. They are read again when a file changes."),
    key<ListOf<ListedNameItem>, &C::policy, &PolicyOptions::allow>(
        "policy.allow", "[]", {}, "Names, with all below them, that nothing here blocks: this wins over every list."),
    key<ListOf<ListedNameItem>, &C::policy, &PolicyOptions::block>(
        "policy.block", "[]", {}, "Names, with all below them, that do not exist (NXDOMAIN)."),
    key<Number, &C::policy, &PolicyOptions::blocked_ttl>(
        "policy.blocked_ttl", "60", seconds(0, 3600),
        "How long clients may keep the word that a name is blocked. Short, so that a name that is let through works at "
        "once."),
    key<Boolean, &C::policy, &PolicyOptions::rebinding, &RebindingOptions::enabled>(
        "policy.rebinding_protection", "false", {},
        "Take addresses of private networks, of loopback and of the link out of answers to public names, so that no "
        "page from the Internet can lead a browser to devices at home. Not for a resolver that a mail server asks: "
        "block lists for mail answer with 127.0.0.x."),
    key<ListOf<NameItem>, &C::policy, &PolicyOptions::rebinding, &RebindingOptions::allowed>(
        "policy.rebinding_allowed", "[]", {},
        "Names, with all below them, that may have such addresses, for example plex.direct. What local_data, "
        "resolver.stub_zones and forward.zones (other than the root) answer always may."),
    key<Views, &C::policy, &PolicyOptions::views>(
        "policy.views", "[]", {},
        "Clients for whom something is different. The longest prefix that fits a client's address counts."),
    key<Boolean, &C::policy, &PolicyOptions::dns64, &Dns64Options::enabled>(
        "policy.dns64.enabled", "false", {},
        "Give names that have no IPv6 address one that leads through the translator."),
    key<TranslatorPrefix, &C::policy, &PolicyOptions::dns64, &Dns64Options::prefix>(
        "policy.dns64.prefix", "\"64:ff9b::/96\"", {},
        "The translator's prefix (NAT64). The well-known one never stands for private IPv4 addresses (RFC 6052 section "
        "3.1)."),
    key<ListOf<PrefixItem>, &C::policy, &PolicyOptions::dns64, &Dns64Options::not_for>(
        "policy.dns64.not_for", "[]", {}, "IPv4 addresses that the translator does not reach."),
    key<ListOf<PrefixItem>, &C::policy, &PolicyOptions::dns64, &Dns64Options::exclude>(
        "policy.dns64.exclude", "[\"::ffff:0.0.0.0/96\"]", {},
        "IPv6 addresses that count as if a name did not have them (RFC 6147 section 5.1.4)."),
});

constexpr auto kPolicyListKeys = std::to_array<KeySpec<PolicyListOptions>>({
    item_key<PolicyListOptions, PolicyName, &PolicyListOptions::name>(
        "name", "", {}, "For views, logs, metrics and the clients' extended errors.", true),
    item_key<PolicyListOptions, Text, &PolicyListOptions::file>(
        "file", "", {},
        "Where it lies; the server's user must be able to read it. A path that does not begin with a slash starts at "
        "this file's folder.",
        true),
    item_key<PolicyListOptions, Choice, &PolicyListOptions::format>(
        "format", "auto", one_of("auto|hosts|domains|adblock"),
        "hosts: `0.0.0.0 name`, that name alone. domains: a name in each line, with all below it. adblock: `||name^`, "
        "likewise. auto tells each line by itself."),
    item_key<PolicyListOptions, Choice, &PolicyListOptions::action>(
        "action", "nxdomain", one_of("nxdomain|nodata|null_address|refuse|allow"),
        "What the client is told: that there is no such name, or nothing at it; 0.0.0.0 and ::; REFUSED. allow: its "
        "names are let through whatever other lists say."),
    item_key<PolicyListOptions, Choice, &PolicyListOptions::reason>(
        "reason", "blocked", one_of("blocked|filtered|censored"),
        "The extended error (RFC 8914): blocked by this server's operator, filtered because the client wants it, "
        "censored because somebody demands it from outside."),
    item_key<PolicyListOptions, Boolean, &PolicyListOptions::everyone>(
        "everyone", "true", {}, "Whether it holds for all clients, or for those of views that name it alone."),
});

constexpr auto kViewKeys = std::to_array<KeySpec<ViewOptions>>({
    item_key<ViewOptions, PolicyName, &ViewOptions::name>("name", "", {}, "For logs.", true),
    item_key<ViewOptions, ListOf<PrefixItem>, &ViewOptions::clients>("clients", "", {}, "Their addresses.", true),
    item_key<ViewOptions, OrEveryones<ListOf<PolicyNameItem>>, &ViewOptions::lists>(
        "lists", "everyone's", {}, "The lists that hold in place of everyone's; [] for none."),
    item_key<ViewOptions, ListOf<ListedNameItem>, &ViewOptions::allow>(
        "allow", "[]", {}, "Names, with all below them, that nothing blocks for them; beside policy.allow."),
    item_key<ViewOptions, ListOf<ListedNameItem>, &ViewOptions::block>("block", "[]", {},
                                                                       "Names that do not exist for them; beside "
                                                                       "policy.block."),
    item_key<ViewOptions, OrEveryones<Boolean>, &ViewOptions::rebinding_protection>(
        "rebinding_protection", "everyone's", {}, "As policy.rebinding_protection."),
    item_key<ViewOptions, OrEveryones<Boolean>, &ViewOptions::dns64>("dns64", "everyone's", {},
                                                                     "As policy.dns64.enabled."),
    item_key<ViewOptions, LocalZoneList, &ViewOptions::local_data, &LocalDataOptions::zones>(
        "local_zones", "[]", {}, "As local_data.zones, and before those."),
    item_key<ViewOptions, ListOf<RecordItem>, &ViewOptions::local_data, &LocalDataOptions::records>(
        "local_records", "[]", {}, "As local_data.records, and before those."),
});

constexpr auto kPolicySections = std::to_array<SectionSpec>({
    {"policy", "What clients may reach (docs/policy.md)."},
    {"policy.dns64", "For networks without IPv4: IPv6 addresses for names that have none (RFC 6147)."},
});

}  // namespace

SchemaPart local_data_schema() { return {kLocalDataSections, kLocalDataKeys}; }
SchemaPart policy_schema() { return {kPolicySections, kPolicyKeys}; }

std::span<const KeySpec<LocalZoneOptions>> local_zone_schema() { return kLocalZoneKeys; }
std::span<const KeySpec<PolicyListOptions>> policy_list_schema() { return kPolicyListKeys; }
std::span<const KeySpec<ViewOptions>> view_schema() { return kViewKeys; }

}  // namespace vouch
