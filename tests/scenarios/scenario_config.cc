// What a scenario's configuration lines mean for us. A line that is not known here is an error: nothing is passed over
// silently.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <set>

#include "tests/scenarios/scenario.h"

namespace vouch::simulation {
namespace {

// Knobs of peers for which nothing corresponds here; their stories hold without them.
const std::set<std::string, std::less<>> kNoCounterpart = {
    "target_fetch_policy",   // Unbound's count of server names looked up beyond need; here it is always none
    "harden_referral_path",  // Unbound's verification of delegations by extra queries
    "val_max_restart",
    "max_global_quota",       // bounds; ours are Budget's and no option
    "harden_below_nxdomain",  // RFC 8020 below a validated name error
    "prefetch_key",           // asking for keys before they are needed
    "val_bogus_ttl",          // failures are remembered for a time of our own
    "fake-sha1",
    "trust-anchor-signaling",
    "log-time-ascii",
    "module-config"};

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) { return std::nullopt; }
  return value;
}

std::optional<bool> switch_of(std::string_view text) {
  if (text == "yes" || text == "on" || text == "true" || text == "1") { return true; }
  if (text == "no" || text == "off" || text == "false" || text == "0") { return false; }
  return std::nullopt;
}

std::string unquoted(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t' || text.front() == '"')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '"')) { text.remove_suffix(1); }
  return std::string(text);
}

// YYYYMMDDHHMMSS, or seconds since 1970.
std::optional<UnixTime> time_of(std::string_view text) {
  if (text.size() != 14) { return number_of<UnixTime>(text); }
  const auto part = [&](std::size_t at, std::size_t count) {
    return number_of<unsigned>(text.substr(at, count)).value_or(0);
  };
  using namespace std::chrono;
  const year_month_day day{year(static_cast<int>(part(0, 4))), month(part(4, 2)), std::chrono::day(part(6, 2))};
  if (!day.ok()) { return std::nullopt; }
  return sys_days(day).time_since_epoch() / seconds(1) + part(8, 2) * 3600 + part(10, 2) * 60 + part(12, 2);
}

std::vector<std::string> split(std::string_view text, std::string_view marks) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(marks, at)) != std::string_view::npos) {
    const auto end = std::min(text.find_first_of(marks, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return parts;
}

// A DS or DNSKEY as zone files write it: TTL and class may be missing, parentheses may stand around what would fill
// several lines, a digest or key may come in pieces.
std::optional<TrustAnchor> anchor_of(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '(' || c == ')'; }, ' ');
  auto record = parse_record(text);
  if (!record || (record->type != Type::DS && record->type != Type::DNSKEY)) { return std::nullopt; }
  return TrustAnchor{std::move(record->owner), record->type, std::move(record->rdata)};
}

// "1024 100 2048 200": the most iterations by the size of the zone's keys in bits. We know one limit for all; stories
// are signed with small keys, so it is the first.
std::optional<std::uint16_t> iterations_of(std::string_view text) {
  const auto words = split(text, " \t");
  return words.size() < 2 ? std::nullopt : number_of<std::uint16_t>(words[1]);
}

// "name ip[,ip] [first] [no-cache] [prime]"
std::optional<ConfiguredZone> zone_of(std::string_view text) {
  const auto words = split(text, " \t");
  const auto name = words.size() < 2 ? std::nullopt : Name::parse(words[0]);
  if (!name) { return std::nullopt; }
  ConfiguredZone zone;
  zone.zone = *name;
  for (const std::string& server : split(words[1], ",")) {
    const auto address = SocketAddress::parse(server, 53);
    if (!address) { return std::nullopt; }
    zone.servers.push_back(*address);
  }
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "first") {
      zone.first = true;
    } else if (words[i] == "no-cache") {
      zone.cache = false;
    } else if (words[i] != "prime") {  // Unbound asks the stub for its NS set first; we do not
      return std::nullopt;
    }
  }
  return zone;
}

class Configurer {
 public:
  explicit Configurer(ScenarioSetup& setup) : setup_(setup), options_(setup.world) {
    // What a scripted Internet does not know (see the format's description): everything that changes or adds questions.
    options_.resolver.case_randomisation = false;
    options_.resolver.cookies = false;
    options_.resolver.priming = false;
    options_.front.cookies = false;
    options_.front.minimal_any = false;
    options_.front.answer_without_rd = true;
    options_.front.edns_size = 4096;  // the stories' answers were written for clients that take that much
    options_.local.special_use_zones = false;
    options_.dnssec.builtin_root_anchor = false;
    options_.dnssec.aggressive_nsec = false;
    options_.dnssec.rfc5011 = false;
    options_.dnssec.rfc8145_signals = false;
    options_.dnssec.signature_skew = 0;
    add_switches();
    add_numbers();
  }

  bool line(const ConfigLine& line) {
    if (line.key == "features" || line.key == "feature-list") { return features(line.value); }
    return set(line.key, line.value);
  }

  void finish() {
    auto& hints = options_.resolver.root_hints;
    if (!hint_name_) { hint_name_ = Name::of("root-server.scenario."); }
    hints = {{*hint_name_, hints_}};
    // No stub-addr: a root that nobody plays. Asking it is a question that the story does not call for.
    if (hints_.empty()) { hints[0].addresses = {*IpAddress::parse("192.0.2.254")}; }
    if (!hint_.empty()) { options_.local.records.push_back(hint_); }
    // Without an anchor there is nothing to validate with.
    options_.dnssec.mode = options_.dnssec.trust_anchors.empty() ? DnssecMode::off : DnssecMode::enforce;
  }

 private:
  void add_switches() {
    switches_ = {{"do-ip4", &options_.resolver.ipv4},
                 {"do-ip6", &options_.resolver.ipv6},
                 {"harden-glue", &options_.resolver.harden_glue},
                 {"minimal_responses", &options_.front.minimal_answers},
                 {"prefetch", &options_.front.prefetch},
                 {"aggressive_nsec", &options_.dnssec.aggressive_nsec},
                 {"serve_expired", &options_.front.stale.enabled}};
  }
  void add_numbers() {
    numbers_ = {{"min_ttl", &options_.cache.ttl_min},
                {"max_ttl", &options_.cache.ttl_max},
                {"min_negative_ttl", &options_.cache.negative_ttl_min},
                {"max_negative_ttl", &options_.cache.negative_ttl_max},
                {"serve_expired_reply_ttl", &options_.front.stale.answer_ttl},
                {"serve_expired_client_timeout", &options_.front.stale.client_timeout_ms}};
  }

  // "a = b, c = d"; a piece without '=' belongs to the value before it.
  bool features(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const std::string& piece : split(text, ",")) {
      const auto equals = piece.find('=');
      if (equals != std::string::npos) {
        pairs.emplace_back(unquoted(piece.substr(0, equals)), unquoted(piece.substr(equals + 1)));
      } else if (!pairs.empty()) {
        pairs.back().second += "," + unquoted(piece);
      } else {
        return false;
      }
    }
    return std::ranges::all_of(pairs, [this](const auto& pair) { return set(pair.first, pair.second); });
  }

  bool set(const std::string& key, const std::string& value) {
    if (const auto known = switches_.find(key); known != switches_.end()) {
      const auto on = switch_of(value);
      if (on) { *known->second = *on; }
      return on.has_value();
    }
    if (const auto known = numbers_.find(key); known != numbers_.end()) {
      const auto number = number_of<std::uint32_t>(value);
      if (number) { *known->second = *number; }
      return number.has_value();
    }
    if (kNoCounterpart.contains(key)) { return true; }
    return set_of_validation(key, value) || set_special(key, value);
  }

  bool set_of_validation(const std::string& key, const std::string& value) {
    DnssecOptions& dnssec = options_.dnssec;
    if (key == "trust-anchor") {
      auto anchor = anchor_of(value);
      if (anchor) { dnssec.trust_anchors.push_back(*std::move(anchor)); }
      return anchor.has_value();
    }
    if (key == "domain-insecure") {
      const auto name = Name::parse(value);
      if (name) { dnssec.negative_trust_anchors.push_back(*name); }
      return name.has_value();
    }
    if (key == "val_nsec3_keysize_iterations") {
      const auto iterations = iterations_of(value);
      if (iterations) { dnssec.nsec3_max_iterations = *iterations; }
      return iterations.has_value();
    }
    return false;
  }

  bool set_special(const std::string& key, const std::string& value) {
    if (key == "stub-addr" || key == "force-ipv6") {
      const auto address = IpAddress::parse(value);
      if (address) { hints_.push_back(*address); }
      return address.has_value();
    }
    if (key == "stub-name") {
      hint_name_ = Name::parse(value);
      return hint_name_.has_value();
    }
    if (key == "val-override-date" || key == "val-override-timestamp") {
      const auto time = time_of(value);
      if (time) { options_.start = *time; }
      return time.has_value();
    }
    if (key == "query-minimization") {
      const auto on = switch_of(value);
      options_.resolver.minimisation = on.value_or(false) ? Minimisation::relaxed : Minimisation::off;
      return on.has_value();
    }
    if (key == "do-not-query-localhost") {
      const auto on = switch_of(value);
      options_.resolver.ask_loopback = !on.value_or(true);
      return on.has_value();
    }
    if (key == "forward-addr") {
      const auto address = SocketAddress::parse(value, 53);
      if (!address) { return false; }
      auto& zones = options_.resolver.forward_zones;
      auto everything = std::ranges::find(zones, Name(), &ConfiguredZone::zone);
      if (everything == zones.end()) { everything = zones.insert(zones.end(), ConfiguredZone{}); }
      everything->servers.push_back(*address);
      return true;
    }
    if (key == "stub_zone" || key == "forward_zone") {
      auto zone = zone_of(value);
      if (!zone) { return false; }
      (key == "stub_zone" ? options_.resolver.stub_zones : options_.resolver.forward_zones).push_back(*std::move(zone));
      return true;
    }
    if (key == "serve_expired_ttl") {
      const auto seconds = number_of<std::uint32_t>(value);
      // Unbound's zero: however old.
      if (seconds) { options_.front.stale.max_stale = *seconds == 0 ? 0x7fffffffU : *seconds; }
      return seconds.has_value();
    }
    if (key == "static_hint_name" || key == "static_hint_addr") {
      hint_ = key == "static_hint_name" ? value + " IN A" + hint_ : hint_ + " " + value;
      return true;
    }
    if (key == "dns64_prefix") {
      setup_.not_built.push_back("DNS64");
      return true;
    }
    return false;
  }

  ScenarioSetup& setup_;
  WorldOptions& options_;
  std::map<std::string, bool*, std::less<>> switches_;
  std::map<std::string, std::uint32_t*, std::less<>> numbers_;
  std::vector<IpAddress> hints_;
  std::optional<Name> hint_name_;
  std::string hint_;
};

// Whether the story knows the root's NS set: then the resolver may ask for it, and the story may depend on that.
bool knows_priming(const Scenario& scenario) {
  const auto is_priming = [](const Entry& entry) {
    const auto& question = entry.message.question;
    return question && question->name.view().is_root() && question->type == Type::NS && entry.match.qtype;
  };
  return std::ranges::any_of(scenario.ranges,
                             [&](const Range& range) { return std::ranges::any_of(range.entries, is_priming); }) ||
         std::ranges::any_of(scenario.steps, [&](const ScenarioStep& step) {
           return step.kind == ScenarioStep::Kind::reply && is_priming(step.entry);
         });
}

}  // namespace

std::expected<ScenarioSetup, std::string> set_up(const Scenario& scenario) {
  ScenarioSetup setup;
  Configurer configurer(setup);
  for (const ConfigLine& line : scenario.config) {
    if (!configurer.line(line)) {
      return std::unexpected("line " + std::to_string(line.line) + ": configuration not understood: " + line.key +
                             ": " + line.value);
    }
  }
  configurer.finish();
  setup.world.resolver.priming = knows_priming(scenario);
  return setup;
}

}  // namespace vouch::simulation
