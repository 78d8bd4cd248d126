#include "telemetry/web/locale.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace vouch {
namespace {

using InLanguages = std::array<std::string_view, kLanguageTags.size()>;
struct CountedForms {
  InLanguages one, other;
};

constexpr InLanguages kMessages[] = {
#define VOUCH_MESSAGE(id, english, spanish, portuguese) InLanguages{english, spanish, portuguese},
#define VOUCH_COUNTED(id, ...)
#include "telemetry/web/messages.inc"
#undef VOUCH_MESSAGE
#undef VOUCH_COUNTED
};

constexpr CountedForms kCounted[] = {
#define VOUCH_MESSAGE(id, ...)
#define VOUCH_COUNTED(id, en_one, en_other, es_one, es_other, pt_one, pt_other) \
  CountedForms{{en_one, es_one, pt_one}, {en_other, es_other, pt_other}},
#include "telemetry/web/messages.inc"
#undef VOUCH_MESSAGE
#undef VOUCH_COUNTED
};

constexpr bool is_placeholder(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && text[at] == '{' && text[at + 1] >= '0' && text[at + 1] <= '9' && text[at + 2] == '}';
}

// Which placeholders a sentence has, a bit for each.
constexpr unsigned placeholders(std::string_view text) {
  unsigned found = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_placeholder(text, at)) { found |= 1U << static_cast<unsigned>(text[at + 1] - '0'); }
  }
  return found;
}

constexpr bool is_complete(const InLanguages& texts) {
  return std::ranges::all_of(
      texts, [&](std::string_view text) { return !text.empty() && placeholders(text) == placeholders(texts[0]); });
}
// "One more cause" may do without its number.
constexpr bool is_complete(const CountedForms& forms) {
  return is_complete(forms.other) && std::ranges::none_of(forms.one, [](auto text) { return text.empty(); });
}
// Each for itself, so that the compiler's complaint names the sentence.
#define VOUCH_MESSAGE(id, english, spanish, portuguese) \
  static_assert(is_complete(InLanguages{english, spanish, portuguese}), #id " is empty or lacks a placeholder");
#define VOUCH_COUNTED(id, en_one, en_other, es_one, es_other, pt_one, pt_other)                      \
  static_assert(is_complete(CountedForms{{en_one, es_one, pt_one}, {en_other, es_other, pt_other}}), \
                #id " is empty or lacks a placeholder");
#include "telemetry/web/messages.inc"
#undef VOUCH_MESSAGE
#undef VOUCH_COUNTED

Html fill(std::string_view text, std::initializer_list<Html> values) {
  Html html;
  std::size_t from = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!is_placeholder(text, at)) { continue; }
    html << text.substr(from, at - from);
    const auto index = static_cast<std::size_t>(text[at + 1] - '0');
    if (index < values.size()) { html << values.begin()[index]; }
    at += 2;
    from = at + 1;
  }
  html << text.substr(from);
  return html;
}

constexpr std::array<std::array<std::string_view, 12>, kLanguageTags.size()> kMonths{{
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    {"ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"},
    {"jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez."},
}};

// The years that a calendar on a page has use for; a time outside is shown as the nearest.
constexpr UnixTime kLatest = 253'402'214'400;  // the last day of 9999
constexpr std::int32_t kMaxOffset = 14 * 3600;

struct CivilTime {
  int year;
  unsigned month, day, hour, minute, second;
};

CivilTime civil(UnixTime time, std::int32_t offset) {
  using namespace std::chrono;
  const sys_seconds at{seconds(std::clamp<UnixTime>(time, 0, kLatest) + std::clamp(offset, -kMaxOffset, kMaxOffset))};
  const auto day = floor<days>(at);
  const year_month_day date(day);
  const hh_mm_ss within(at - day);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<unsigned>(within.hours().count()),
          static_cast<unsigned>(within.minutes().count()),
          static_cast<unsigned>(within.seconds().count())};
}

template <typename... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> out{};
  const int size = std::snprintf(out.data(), out.size(), format, values...);
  return {out.data(), std::min(static_cast<std::size_t>(std::max(size, 0)), out.size() - 1)};
}

constexpr const char* kNoBreak = "\u00A0";

}  // namespace

std::string_view Locale::text(Message message) const noexcept {
  return kMessages[static_cast<std::size_t>(message)][static_cast<std::size_t>(language_)];
}

Html Locale::say(Message message, std::initializer_list<Html> values) const { return fill(text(message), values); }

Html Locale::count(Counted sentence, std::uint64_t amount, std::initializer_list<Html> more) const {
  return count_as(sentence, amount, number(amount), more);
}

Html Locale::count_as(Counted sentence, std::uint64_t amount, Html shown, std::initializer_list<Html> more) const {
  // Portuguese grammar has the singular for nought as well; readers of figures expect "0 consultas".
  const CountedForms& forms = kCounted[static_cast<std::size_t>(sentence)];
  const std::string_view form = (amount == 1 ? forms.one : forms.other)[static_cast<std::size_t>(language_)];
  switch (more.size()) {
    case 0:
      return fill(form, {std::move(shown)});
    case 1:
      return fill(form, {std::move(shown), more.begin()[0]});
    default:
      return fill(form, {std::move(shown), more.begin()[0], more.begin()[1]});
  }
}

std::string Locale::grouped(std::string digits) const {
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, is_english() ? "," : ".");
  }
  return digits;
}

std::string Locale::number(std::uint64_t value) const { return grouped(std::to_string(value)); }

std::string Locale::rounded(std::uint64_t value) const {
  std::uint64_t unit = 1;
  while (value / unit >= 100) { unit *= 10; }
  return number((value / unit + (value % unit * 2 >= unit && unit > 1 ? 1 : 0)) * unit);
}

std::string Locale::decimal(double value, unsigned digits) const {
  constexpr double kMost = 1e18;
  const double shown = std::isfinite(value) ? std::clamp(value, -kMost, kMost) : 0;
  std::string text = formatted("%.*f", static_cast<int>(std::min(digits, 6U)), std::fabs(shown));
  const std::size_t point = text.find('.');
  std::string whole = grouped(text.substr(0, point));
  if (point != std::string::npos) { whole += (is_english() ? "." : ",") + text.substr(point + 1); }
  return (shown < 0 ? "\u2212" : "") + whole;
}

std::string Locale::percent(std::uint64_t part, std::uint64_t whole) const {
  const std::string sign = language_ == Language::spanish ? std::string(kNoBreak) + "%" : "%";
  if (whole == 0) { return "\u2013"; }
  if (part == 0) { return "0" + sign; }
  if (part >= whole) { return "100" + sign; }
  const double share = 100 * static_cast<double>(part) / static_cast<double>(whole);
  if (share < 0.1) { return "<" + decimal(0.1, 1) + sign; }
  if (share >= 99) { return decimal(std::min(share, 99.9), 1) + sign; }
  return decimal(share, share < 9.95 ? 1 : 0) + sign;
}

std::string Locale::octets(std::uint64_t value) const {
  constexpr std::array<const char*, 5> kUnits{"B", "kB", "MB", "GB", "TB"};
  auto shown = static_cast<double>(value);
  std::size_t unit = 0;
  while (shown >= 999.5 && unit + 1 < kUnits.size()) {
    shown /= 1000;
    ++unit;
  }
  return decimal(shown, unit == 0 || shown >= 99.5 ? 0 : 1) + kNoBreak + kUnits[unit];
}

std::string Locale::duration(std::chrono::nanoseconds value) const {
  constexpr std::array<const char*, 4> kUnits{"ns", "\u00B5s", "ms", "s"};
  auto shown = static_cast<double>(std::max<std::int64_t>(value.count(), 0));
  std::size_t unit = 0;
  while (shown >= 999.5 && unit + 1 < kUnits.size()) {
    shown /= 1000;
    ++unit;
  }
  return decimal(shown, unit == 0 || shown >= 9.95 ? 0 : 1) + kNoBreak + kUnits[unit];
}

std::string Locale::span(std::int64_t seconds) const {
  constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86'400;
  const auto whole = static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
  const auto in = [&](Counted unit, std::int64_t length) {
    return count(unit, whole / static_cast<std::uint64_t>(length)).octets();
  };
  if (seconds < kMinute) { return in(Counted::span_seconds, 1); }
  if (seconds < 2 * kHour) { return in(Counted::span_minutes, kMinute); }
  return seconds < 2 * kDay ? in(Counted::span_hours, kHour) : in(Counted::span_days, kDay);
}

std::string Locale::date(UnixTime time) const {
  const CivilTime at = civil(time, utc_offset_);
  const std::string day = std::to_string(at.day), year = std::to_string(at.year);
  const std::string month(kMonths[static_cast<std::size_t>(language_)][at.month - 1]);
  const std::string between = language_ == Language::portuguese ? " de " : " ";
  return day + between + month + between + year;
}

std::string Locale::clock(UnixTime time) const {
  const CivilTime at = civil(time, utc_offset_);
  return formatted("%02u:%02u", at.hour, at.minute);
}

Html Locale::when(UnixTime time) const {
  const CivilTime at = civil(time, 0);
  Html html;
  html << "<time datetime=\""_html
       << formatted("%04d-%02u-%02uT%02u:%02u:%02uZ", at.year, at.month, at.day, at.hour, at.minute, at.second)
       << "\">"_html << date(time) << ", " << clock(time) << "</time>"_html;
  return html;
}

std::string Locale::zone() const {
  const int minutes = std::clamp(utc_offset_, -kMaxOffset, kMaxOffset) / 60;
  if (minutes == 0) { return "UTC"; }
  std::string text = std::string("UTC") + (minutes < 0 ? "\u2212" : "+") + std::to_string(std::abs(minutes) / 60);
  if (minutes % 60 != 0) { text += formatted(":%02d", std::abs(minutes) % 60); }
  return text;
}

Message reason_sentence(Reason reason) noexcept {
  switch (reason) {  // no default: a new reason does not compile until it has its sentence
#define VOUCH_REASON(id) \
  case Reason::id:       \
    return Message::reason_##id;
    VOUCH_REASON(none)
    VOUCH_REASON(ds_dnskey_mismatch)
    VOUCH_REASON(dnskey_absent)
    VOUCH_REASON(sep_not_signing)
    VOUCH_REASON(dnskey_unreachable)
    VOUCH_REASON(ds_unreachable)
    VOUCH_REASON(dnskey_no_zone_bit)
    VOUCH_REASON(dnskey_revoked)
    VOUCH_REASON(dnskey_bad_protocol)
    VOUCH_REASON(ds_self_signed)
    VOUCH_REASON(no_ds_proof_invalid)
    VOUCH_REASON(rrsig_missing)
    VOUCH_REASON(rrsig_expired)
    VOUCH_REASON(rrsig_not_yet_valid)
    VOUCH_REASON(rrsig_window_inverted)
    VOUCH_REASON(rrsig_invalid)
    VOUCH_REASON(rrsig_unknown_key)
    VOUCH_REASON(rrsig_wrong_signer)
    VOUCH_REASON(rrsig_malformed)
    VOUCH_REASON(nsec_missing)
    VOUCH_REASON(nsec_not_proving)
    VOUCH_REASON(wildcard_unproven)
    VOUCH_REASON(alias_unproven)
    VOUCH_REASON(nsec3_cost)
    VOUCH_REASON(work_limit)
    VOUCH_REASON(alg_unsupported)
    VOUCH_REASON(ds_digest_unsupported)
    VOUCH_REASON(clock_untrusted)
    VOUCH_REASON(anchor_mismatch)
    VOUCH_REASON(path_strips_dnssec)
    VOUCH_REASON(test_zone)
    VOUCH_REASON(negative_anchor)
    VOUCH_REASON(no_anchor)
#undef VOUCH_REASON
  }
  return Message::reason_none;
}

Message evidence_sentence(Evidence evidence) noexcept {
  switch (evidence) {
    case Evidence::error_shown:
      return Message::evidence_error_shown;
    case Evidence::error_likely:
      return Message::evidence_error_likely;
    case Evidence::undetermined:
      return Message::evidence_undetermined;
    case Evidence::path_likely:
      return Message::evidence_path_likely;
    case Evidence::forgery_likely:
      return Message::evidence_forgery_likely;
    case Evidence::forgery_shown:
      return Message::evidence_forgery_shown;
  }
  return Message::evidence_undetermined;
}

namespace {

struct FixerMessages {
  Message name, advice;
};

FixerMessages messages_of(Fixer fixer) noexcept {
  switch (fixer) {
    case Fixer::zone_operator:
      return {Message::fixer_zone_operator, Message::fixer_zone_operator_advice};
    case Fixer::registrar:
      return {Message::fixer_registrar, Message::fixer_registrar_advice};
    case Fixer::parent_operator:
      return {Message::fixer_parent_operator, Message::fixer_parent_operator_advice};
    case Fixer::resolver_operator:
      return {Message::fixer_resolver_operator, Message::fixer_resolver_operator_advice};
    case Fixer::network:
      return {Message::fixer_network, Message::fixer_network_advice};
    case Fixer::nobody:
      break;
  }
  return {Message::fixer_nobody, Message::fixer_nobody_advice};
}

}  // namespace

Message fixer_name(Fixer fixer) noexcept { return messages_of(fixer).name; }
Message fixer_advice(Fixer fixer) noexcept { return messages_of(fixer).advice; }

Message standing_word(Standing standing) noexcept {
  switch (standing) {
    case Standing::secure:
      return Message::standing_secure;
    case Standing::insecure:
      return Message::standing_insecure;
    case Standing::bogus:
      return Message::standing_bogus;
    case Standing::indeterminate:
      return Message::standing_indeterminate;
    case Standing::negative_anchor:
      return Message::standing_negative_anchor;
    case Standing::unchecked:
      break;
  }
  return Message::standing_unchecked;
}

Message zone_state_word(ZoneState state) noexcept {
  switch (state) {
    case ZoneState::failing:
      return Message::state_failing;
    case ZoneState::recovered:
      return Message::state_recovered;
    case ZoneState::quiet:
      break;
  }
  return Message::state_quiet;
}

}  // namespace vouch
