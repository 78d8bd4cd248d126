#include "tests/lab/impairment.h"

#include <fmt/format.h>
#include "tests/lab/ldns_handle.h"

#include <charconv>
#include <utility>

#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

template <typename T>
using Choice = std::pair<std::string_view, T>;

template <typename T, std::size_t count>
Outcome<T> chosen(std::string_view key, std::string_view value, const Choice<T> (&choices)[count]) {
  std::string known;
  for (const auto& [word, meaning] : choices) {
    if (word == value) { return meaning; }
    known += known.empty() ? std::string(word) : fmt::format(", {}", word);
  }
  return failure(fmt::format("{}={}: one of {} is meant", key, value, known));
}

Outcome<std::uint32_t> number(std::string_view key, std::string_view value, std::uint32_t most) {
  std::uint32_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || out > most) {
    return failure(fmt::format("{}={}: a whole number from 0 to {} is meant", key, value, most));
  }
  return out;
}

Outcome<double> fraction(std::string_view key, std::string_view value) {
  double out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || !(out >= 0 && out <= 1)) {
    return failure(fmt::format("{}={}: a fraction from 0 to 1 is meant", key, value));
  }
  return out;
}

Outcome<std::string> name(std::string_view key, std::string_view value) {
  if (value.empty() || value.size() > 253) { return failure(fmt::format("{}={}: a domain name is meant", key, value)); }
  std::string out = lower_case(value);
  if (!out.ends_with('.')) { out += '.'; }
  return out;
}

Outcome<std::uint16_t> type_number(std::string_view value) {
  const ldns_rr_type type = ldns_get_rr_type_by_name(std::string(value).c_str());
  if (type == 0) { return failure(fmt::format("type={}: a record type such as A or TYPE65400 is meant", value)); }
  return static_cast<std::uint16_t>(type);
}

// Puts what was read into its place, or hands the error on.
template <typename Place, typename Value>
Outcome<void> into(Place& place, Outcome<Value> value) {
  if (!value) { return failure(value.error()); }
  place = std::move(*value);
  return {};
}

constexpr Choice<Transport> kTransports[] = {{"udp", Transport::udp}, {"tcp", Transport::tcp}};
constexpr Choice<EdnsManners> kEdns[] = {
    {"formerr", EdnsManners::formerr}, {"badvers", EdnsManners::badvers}, {"ignore", EdnsManners::ignore}};
constexpr Choice<CaseManners> kCases[] = {{"mangle", CaseManners::mangle}, {"lower", CaseManners::lower}};
constexpr Choice<TcpManners> kTcp[] = {
    {"close", TcpManners::close}, {"reset", TcpManners::reset}, {"silent", TcpManners::silent}};
constexpr Choice<std::uint8_t> kRcodes[] = {
    {"FORMERR", 1}, {"SERVFAIL", 2}, {"NXDOMAIN", 3}, {"NOTIMP", 4}, {"REFUSED", 5}};
enum class Strip { rrsig, opt };
constexpr Choice<Strip> kStrip[] = {{"rrsig", Strip::rrsig}, {"opt", Strip::opt}};

std::optional<Outcome<void>> read_selector(Selector& selector, std::string_view key, std::string_view value) {
  if (key == "server") { return into(selector.server, Outcome<std::string>(lower_case(value))); }
  if (key == "zone") { return into(selector.zone, name(key, value)); }
  if (key == "name") { return into(selector.name, name(key, value)); }
  if (key == "type") { return into(selector.type, type_number(value)); }
  if (key == "transport") { return into(selector.transport, chosen(key, value, kTransports)); }
  return std::nullopt;
}

Outcome<void> read_action(Actions& actions, std::string_view key, std::string_view value, bool has_value) {
  if (key == "truncate" && !has_value) { return into(actions.truncate, Outcome<bool>(true)); }
  if (!has_value) { return failure(fmt::format("\"{}\" is no impairment, or it lacks its =value", key)); }
  if (key == "delay") { return into(actions.delay, number(key, value, kMaxDelay)); }
  if (key == "jitter") { return into(actions.jitter, number(key, value, kMaxDelay)); }
  if (key == "drop") { return into(actions.drop, fraction(key, value)); }
  if (key == "rcode") { return into(actions.rcode, chosen(key, value, kRcodes)); }
  if (key == "edns") { return into(actions.edns, chosen(key, value, kEdns)); }
  if (key == "forge") { return into(actions.forge, number(key, value, kMaxCopies)); }
  if (key == "wrong-id") { return into(actions.wrong_id, number(key, value, kMaxCopies)); }
  if (key == "malformed") { return into(actions.malformed, number(key, value, kMaxCopies)); }
  if (key == "case") { return into(actions.qname_case, chosen(key, value, kCases)); }
  if (key == "cname") { return into(actions.cname, name(key, value)); }
  if (key == "tcp") { return into(actions.tcp, chosen(key, value, kTcp)); }
  if (key == "tcp-limit") { return into(actions.tcp_limit, number(key, value, kMaxCopies)); }
  if (key == "strip") {
    const Outcome<Strip> what = chosen(key, value, kStrip);
    if (!what) { return failure(what.error()); }
    (*what == Strip::rrsig ? actions.strip_rrsig : actions.strip_opt) = true;
    return {};
  }
  return failure(fmt::format("\"{}\" is neither a selector nor an action", key));
}

template <typename T>
void take(std::optional<T>& mine, const std::optional<T>& later) {
  if (later) { mine = later; }
}

}  // namespace

void Actions::override_with(const Actions& later) {
  take(delay, later.delay);
  take(jitter, later.jitter);
  take(drop, later.drop);
  take(truncate, later.truncate);
  take(rcode, later.rcode);
  take(edns, later.edns);
  take(strip_rrsig, later.strip_rrsig);
  take(strip_opt, later.strip_opt);
  take(forge, later.forge);
  take(wrong_id, later.wrong_id);
  take(malformed, later.malformed);
  take(qname_case, later.qname_case);
  take(cname, later.cname);
  take(tcp, later.tcp);
  take(tcp_limit, later.tcp_limit);
}

bool Actions::alters_reply() const {
  return truncate || strip_rrsig || strip_opt || forge || wrong_id || malformed || qname_case || cname;
}

bool Selector::matches(const Occasion& occasion) const {
  if (server && *server != occasion.server) { return false; }
  if (zone && *zone != occasion.zone) { return false; }
  if (type && *type != occasion.type) { return false; }
  if (transport && *transport != occasion.transport) { return false; }
  if (!name) { return true; }
  if (!name->starts_with("*.")) { return *name == occasion.name; }
  const std::string_view above = std::string_view(*name).substr(2);
  return occasion.name != above && is_at_or_below(occasion.name, above);
}

Outcome<Impairment> parse_impairment(std::string_view line) {
  Impairment out;
  std::size_t actions = 0;
  for (const std::string& word : words_of(line)) {
    const std::size_t equals = word.find('=');
    const bool has_value = equals != std::string::npos;
    const std::string_view key = std::string_view(word).substr(0, equals);
    const std::string_view value = has_value ? std::string_view(word).substr(equals + 1) : std::string_view();
    if (has_value) {
      if (std::optional<Outcome<void>> read = read_selector(out.selector, key, value)) {
        if (!*read) { return failure(read->error()); }
        continue;
      }
    }
    if (Outcome<void> read = read_action(out.actions, key, value, has_value); !read) { return failure(read.error()); }
    ++actions;
  }
  if (actions == 0) { return failure("an impairment needs an action, such as delay=300"); }
  out.text = std::string(line.substr(0, line.find_last_not_of(" \t\r\n") + 1));
  return out;
}

Outcome<std::vector<Impairment>> parse_impairments(std::string_view text) {
  std::vector<Impairment> out;
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view whole = text.substr(at, end - at);
    const std::string_view line = whole.substr(0, whole.find('#'));
    at = end + 1;
    ++line_number;
    if (words_of(line).empty()) { continue; }
    Outcome<Impairment> read = parse_impairment(line);
    if (!read) { return failure(fmt::format("line {}: {}", line_number, read.error())); }
    if (out.size() == kMaxImpairments) { return failure(fmt::format("more than {} impairments", kMaxImpairments)); }
    out.push_back(std::move(*read));
  }
  return out;
}

}  // namespace vouch::lab
