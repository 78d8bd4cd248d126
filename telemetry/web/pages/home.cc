// The first page: somebody who has never heard of DNSSEC knows in ten seconds whether all is well.
#include <algorithm>
#include <array>

#include "telemetry/web/pages/layout.h"
#include "telemetry/web/pages/time_series.h"
#include "telemetry/web/svg_chart.h"
#include "telemetry/web/table.h"

namespace vouch {
namespace {

constexpr std::size_t kMaxAttention = 6;  // zones; the rest stands on the page of problems
constexpr std::int64_t kDay = 86'400, kHour = 3600;
constexpr std::int64_t kCertificateWarning = 14 * kDay;  // renewal runs at 30 days elsewhere; then something is wrong

enum class Condition : std::uint8_t { working, ready, observing, off, clock, anchor };

bool is_root_trusted(const StatusFigures& status) noexcept {
  return std::ranges::any_of(status.anchors, [](const AnchorFigures& anchor) {
    return anchor.zone == "." && (anchor.state == "valid" || anchor.state == "configured");
  });
}

Condition condition_of(const PageInput& input) noexcept {
  if (!is_validating(input.status)) { return Condition::off; }
  if (!input.status.clock_trusted) { return Condition::clock; }
  if (!is_root_trusted(input.status)) { return Condition::anchor; }
  if (is_observing(input.status)) { return Condition::observing; }
  return input.figures.day.all_queries() == 0 ? Condition::ready : Condition::working;
}

struct ConditionLook {
  Sign sign;
  Message sentence;
  Markup css_class;
};

ConditionLook look_of(Condition condition) noexcept {
  switch (condition) {
    case Condition::working:
      return {Sign::good, Message::home_working, "hero good"_html};
    case Condition::ready:
      return {Sign::good, Message::home_ready, "hero good"_html};
    case Condition::observing:
      return {Sign::neutral, Message::home_observing, "hero neutral"_html};
    case Condition::off:
      return {Sign::caution, Message::home_off, "hero caution"_html};
    case Condition::clock:
      return {Sign::bad, Message::home_clock, "hero bad"_html};
    case Condition::anchor:
      break;
  }
  return {Sign::bad, Message::home_anchor, "hero bad"_html};
}

Html strong(std::string_view text) {
  Html html;
  html << "<strong>"_html << text << "</strong>"_html;
  return html;
}

std::uint64_t lookups_of(const PageInput& input) noexcept {
  return is_observing(input.status) ? input.figures.day.shadow.lookups : input.figures.day.all_withheld().lookups;
}

// The few sentences under the first one.
Html story(const PageInput& input, const Locale& locale) {
  const Movement& day = input.figures.day;
  const std::uint64_t queries = day.all_queries();
  Html html;
  if (queries == 0) {
    html << locale.text(Message::home_ready_lead);
    return html;
  }
  const Html number = strong(locale.number(queries));
  if (day.seconds + kHour > kDay) {
    html << locale.count_as(Counted::home_asked_day, queries, number);
  } else {
    html << locale.count_as(Counted::home_asked_since, queries, number, {locale.span(day.seconds)});
  }
  html << " "_html;
  if (!is_validating(input.status)) {
    html << locale.text(Message::home_off_lead);
    return html;
  }
  html << locale.say(Message::home_genuine,
                     {strong(locale.percent(day.with_standing(Standing::secure), day.all_answers()))})
       << " "_html;
  const std::uint64_t lookups = lookups_of(input);
  const bool observing = is_observing(input.status);
  if (lookups == 0) {
    html << locale.text(observing ? Message::home_none_shadow : Message::home_none_refused);
  } else {
    html << locale.count_as(observing ? Counted::home_shadow : Counted::home_refused, lookups,
                            strong(locale.number(lookups)));
  }
  return html;
}

struct ClockLook {
  Sign sign;
  Message sentence;
};

ClockLook clock_of(const StatusFigures& status) noexcept {
  if (!status.clock_trusted) { return {Sign::bad, Message::home_clock_wrong}; }
  return status.root_validated ? ClockLook{Sign::good, Message::home_clock_ok}
                               : ClockLook{Sign::neutral, Message::home_clock_unknown};
}

Html vitals(const PageInput& input, const Locale& locale) {
  Html html;
  html << "<ul class=\"vitals\">"_html;
  if (is_validating(input.status)) {
    const ClockLook clock = clock_of(input.status);
    html << "<li>"_html << sign(clock.sign) << locale.text(clock.sentence) << "</li>"_html;
    std::string tags;
    for (const AnchorFigures& anchor : input.status.anchors) {
      if (anchor.zone != "." || (anchor.state != "valid" && anchor.state != "configured")) { continue; }
      tags += (tags.empty() ? "" : ", ") + std::to_string(anchor.key_tag);
    }
    if (!tags.empty()) {
      html << "<li>"_html << sign(Sign::good) << locale.say(Message::home_root_keys, {tags}) << "</li>"_html;
    }
  }
  const std::int64_t up = seconds_between(input.figures.started, input.figures.taken);
  html << "<li>"_html << sign(Sign::neutral) << locale.say(Message::home_up, {locale.span(up)}) << "</li>"_html;
  // Whoever is kept from a name by a list should be able to learn that there is one.
  if (const std::uint64_t changed = input.figures.policy.all_answers(); changed != 0) {
    html << "<li>"_html << sign(Sign::neutral) << locale.count(Counted::home_policy, changed) << "</li>"_html;
  }
  html << "</ul>"_html;
  return html;
}

Html hero(const PageInput& input, const Locale& locale) {
  const ConditionLook look = look_of(condition_of(input));
  Html html;
  html << "<section class=\""_html << look.css_class << "\">"_html << sign(look.sign) << "<div><h1>"_html
       << locale.text(look.sentence) << "</h1><p class=\"lead\">"_html << story(input, locale) << "</p>"_html
       << vitals(input, locale) << "</div></section>"_html;
  return html;
}

// Yesterday at the same length, when the history knows it.
std::optional<HourFigures> day_before(const PageInput& input) {
  constexpr std::size_t kEnoughHours = 20;
  HourFigures sum;
  std::size_t hours = 0;
  const UnixTime to = input.figures.taken - kDay, from = to - kDay;
  for (const HourFigures& hour : input.month) {
    if (hour.hour < from || hour.hour >= to) { continue; }
    ++hours;
    for (std::size_t i = 0; i < kStandings; ++i) { sum.answers[i] += hour.answers[i]; }
    sum.lookups_withheld += hour.lookups_withheld;
    sum.lookups_shadow += hour.lookups_shadow;
    sum.queries_encrypted += hour.queries_encrypted;
    sum.queries_clear += hour.queries_clear;
  }
  if (hours < kEnoughHours) { return std::nullopt; }
  return sum;
}

struct Tile {
  Message name, remark;
  std::string value;
  std::string before;  // empty: not known
  Markup css_class;
};

Html tile(const Tile& shown, const Locale& locale) {
  Html html;
  html << "<div class=\"tile "_html << shown.css_class << "\"><dt>"_html << locale.text(shown.name)
       << "</dt><dd class=\"figure\">"_html << shown.value << "</dd><dd>"_html << locale.text(shown.remark)
       << "</dd>"_html;
  if (!shown.before.empty()) {
    html << "<dd class=\"before\">"_html << locale.say(Message::tile_before, {shown.before}) << "</dd>"_html;
  }
  html << "</div>"_html;
  return html;
}

Html tiles(const PageInput& input, const Locale& locale) {
  const Movement& day = input.figures.day;
  const bool judges = is_validating(input.status), observes = is_observing(input.status);
  const auto before = day_before(input);
  std::uint64_t before_answers = 0;
  if (before) {
    for (const std::uint64_t answers : before->answers) { before_answers += answers; }
  }
  const auto share = [&](Standing standing) {
    return judges ? locale.percent(day.with_standing(standing), day.all_answers()) : std::string("\u2013");
  };
  const auto share_before = [&](Standing standing) {
    return before && judges ? locale.percent(before->answers[static_cast<std::size_t>(standing)], before_answers)
                            : std::string();
  };
  std::string lookups_before;
  if (before && judges) {
    lookups_before = locale.number(observes ? before->lookups_shadow : before->lookups_withheld);
  }
  std::string encrypted_before;
  if (before) {
    encrypted_before = locale.percent(before->queries_encrypted, before->queries_encrypted + before->queries_clear);
  }
  Html html;
  html << "<dl class=\"tiles\" aria-label=\""_html << locale.text(Message::tiles_label) << "\">"_html
       << tile({Message::tile_genuine, Message::tile_genuine_note, share(Standing::secure),
                share_before(Standing::secure), "genuine"_html},
               locale)
       << tile({observes ? Message::tile_shadow : Message::tile_refused, Message::tile_refused_note,
                judges ? locale.number(lookups_of(input)) : "\u2013", lookups_before,
                lookups_of(input) == 0 ? "plain"_html : "refused"_html},
               locale)
       << tile({Message::tile_encrypted, Message::tile_encrypted_note,
                locale.percent(day.encrypted_queries(), day.all_queries()), encrypted_before, "plain"_html},
               locale)
       << tile({Message::tile_unsigned, Message::tile_unsigned_note, share(Standing::insecure),
                share_before(Standing::insecure), "plain"_html},
               locale)
       << "</dl>"_html;
  return html;
}

constexpr UnixTime kYoung = 2 * 3600;  // seconds since the start

Html strip(const PageInput& input, const Locale& locale) {
  // Of a young resolver a day would be one bar in an empty field: its minutes tell more.
  const bool is_young = input.figures.taken - input.figures.started < kYoung && !input.figures.minutes.empty();
  const TimeSeries hours =
      is_young ? by_minute(input.figures.minutes) : hourly(input.figures.quarter_hours, input.figures.taken);
  Series genuine{Message::series_genuine, Fill::genuine, {}}, plain{Message::series_unsigned, Fill::plain, {}},
      unchecked{Message::series_unchecked, Fill::faint, {}};
  const bool observes = is_observing(input.status);
  Series refused{observes ? Message::series_shadow : Message::series_refused, Fill::refused, {}};
  for (const Movement& hour : hours.movements) {
    const std::uint64_t secure = hour.with_standing(Standing::secure);
    const std::uint64_t insecure = hour.with_standing(Standing::insecure);
    const std::uint64_t bogus = hour.with_standing(Standing::bogus);
    genuine.values.push_back(secure);
    plain.values.push_back(insecure);
    unchecked.values.push_back(hour.all_answers() - secure - insecure - bogus);
    refused.values.push_back(observes ? hour.shadow.lookups : hour.all_withheld().lookups);
  }
  const auto sum = [&](const Series& series) {
    std::uint64_t total = 0;
    for (const std::uint64_t value : series.values) { total += value; }
    return locale.number(total);
  };
  TimeChart chart{
      .id = "day",
      .title = is_young ? Message::home_chart_young : Message::home_chart,
      .description = locale.say(is_young ? Message::home_chart_young_description : Message::home_chart_description,
                                {sum(genuine), sum(plain), sum(unchecked), sum(refused)}),
      .moments = hours.moments,
      .series = {},
      .lane = {}};
  if (is_validating(input.status)) {
    chart.series = {std::move(genuine), std::move(plain), std::move(unchecked)};
    chart.lane = {std::move(refused)};
  } else {
    chart.series = {std::move(unchecked)};
  }
  return time_chart(chart, locale);
}

Html attention_item(Sign which, const Html& subject, const Html& text, const Html& aside) {
  Html html;
  html << "<li>"_html << sign(which) << "<div>"_html;
  if (!subject.empty()) { html << "<b>"_html << subject << "</b> "_html; }
  html << text;
  if (!aside.empty()) { html << " <span class=\"aside\">"_html << aside << "</span>"_html; }
  html << "</div></li>"_html;
  return html;
}

Html failing_zones(const PageInput& input, const Locale& locale) {
  Html html;
  std::size_t shown = 0;
  for (const ZoneFigures& zone : input.figures.zones) {
    const bool may_be_named = input.viewer == Viewer::resolver_operator || zone.is_public;
    if (zone.state != ZoneState::failing || !may_be_named || zone.causes.empty()) { continue; }
    if (++shown > kMaxAttention) { break; }
    const ZoneCause& cause = zone.causes.front();
    Html aside = locale.say(Message::attention_since, {locale.when(zone.began)});
    aside << " \u00B7 "_html
          << locale.say(Message::attention_must_act, {locale.text(fixer_name(fixer_of(cause.reason)))});
    html << attention_item(Sign::caution, zone_name(zone.zone, locale),
                           reason_text(cause.reason, cause.time, input.figures.taken, locale), aside);
  }
  return html;
}

// What keeps this side from checking anything: everybody may know.
Html grave_troubles(const PageInput& input, const Locale& locale) {
  const StatusFigures& status = input.status;
  Html html;
  const auto add = [&](Sign which, Message text) { html << attention_item(which, {}, locale.text(text), {}); };
  if (!is_validating(status)) { add(Sign::caution, Message::attention_off); }
  if (is_validating(status) && !status.clock_trusted) { add(Sign::bad, Message::attention_clock); }
  if (is_validating(status) && !is_root_trusted(status)) { add(Sign::bad, Message::attention_anchor); }
  return html;
}

// What the operator alone has to see to.
Html own_troubles(const PageInput& input, const Locale& locale) {
  const StatusFigures& status = input.status;
  const UnixTime now = input.figures.taken;
  Html html;
  const auto add = [&](Sign which, const Html& text) { html << attention_item(which, {}, text, {}); };
  if (status.certificate && status.certificate->not_after <= now) {
    add(Sign::bad, locale.say(Message::attention_certificate_over, {locale.when(status.certificate->not_after)}));
  } else if (status.certificate && seconds_between(now, status.certificate->not_after) < kCertificateWarning) {
    add(Sign::caution, locale.say(Message::attention_certificate, {locale.when(status.certificate->not_after)}));
  }
  if (!status.history.problem.empty()) {
    add(Sign::caution, locale.say(Message::attention_history, {foreign(status.history.problem)}));
  }
  return html;
}

// What may become a failure, or hide one.
Html warnings(const PageInput& input, const Locale& locale) {
  Html html;
  std::size_t shown = 0;
  for (const NegativeAnchorFigures& anchor : input.status.negative_anchors) {
    if (anchor.until != 0 || ++shown > kMaxAttention) { continue; }
    html << attention_item(Sign::caution, zone_name(anchor.zone, locale),
                           locale.text(Message::attention_negative_anchor), {});
  }
  shown = 0;
  for (const ExpiringZone& zone : input.figures.expiring) {
    if (!zone.is_late || ++shown > kMaxAttention) { continue; }
    const Message sentence =
        zone.expires > input.figures.taken ? Message::attention_expiring : Message::attention_expired;
    html << attention_item(Sign::caution, zone_name(zone.zone, locale),
                           locale.say(sentence, {locale.when(zone.expires)}), {});
  }
  return html;
}

Html attention(const PageInput& input, const Locale& locale) {
  Html items = grave_troubles(input, locale);
  const bool is_operator = input.viewer == Viewer::resolver_operator;
  if (is_operator) { items << own_troubles(input, locale); }
  items << failing_zones(input, locale);
  if (is_operator) { items << warnings(input, locale); }
  Html html = open_section(Message::attention_title, locale);
  if (items.empty()) {
    html << "<p class=\"empty\">"_html << sign(Sign::good) << locale.text(Message::attention_none) << "</p>"_html;
  } else {
    html << "<ul class=\"attention\">"_html << items << "</ul>"_html;
    if (is_operator) {
      html << "<p><a href=\""_html << link_to(Page::problems, locale) << "\">"_html
           << locale.text(Message::all_problems) << "</a></p>"_html;
    }
  }
  html << kCloseSection;
  return html;
}

// What the evidence allows to be said of what was refused, in numbers.
Html split(const PageInput& input, const Locale& locale) {
  const auto& withheld = input.figures.day.withheld;
  Html rows;
  for (std::size_t i = 0; i < kEvidences; ++i) {
    if (withheld[i].lookups == 0) { continue; }
    rows << "<li><b>"_html << locale.number(withheld[i].lookups) << "</b> <span>"_html
         << locale.text(evidence_sentence(static_cast<Evidence>(i))) << "</span></li>"_html;
  }
  if (rows.empty()) { return {}; }
  Html html;
  html << open_section(Message::refused_split, locale) << "<ul class=\"split\">"_html << rows << "</ul>"_html
       << kCloseSection;
  return html;
}

Html why(const Locale& locale) {
  Html html;
  html << "<details class=\"why\"><summary>"_html << locale.text(Message::why_title) << "</summary>"_html;
  for (const Message text :
       {Message::why_mistakes, Message::why_absence, Message::why_not_safe, Message::why_other_resolver}) {
    html << paragraph(locale.text(text));
  }
  html << "</details>"_html;
  return html;
}

// Lookups that went unanswered: those that look like mistakes, and those that nobody can place.
Html cost_in_lookups(const PageInput& input, const Locale& locale) {
  if (is_observing(input.status)) { return locale.text(Message::cost_trial); }
  const auto with = [&](Evidence evidence) {
    return input.figures.day.withheld[static_cast<std::size_t>(evidence)].lookups;
  };
  const std::uint64_t mistaken = with(Evidence::error_shown) + with(Evidence::error_likely);
  const std::uint64_t unexplained = with(Evidence::undetermined);
  if (input.figures.day.all_withheld().lookups == 0) { return locale.text(Message::cost_no_sites); }
  Html html;
  if (mistaken != 0) { html << locale.count(Counted::cost_sites, mistaken); }
  if (mistaken != 0 && unexplained != 0) { html << "</li><li>"_html; }
  if (unexplained != 0) { html << locale.count(Counted::cost_unexplained, unexplained); }
  return html;
}

// The price of validation, told as plainly as its use.
Html cost(const PageInput& input, const Locale& locale) {
  const WorkerCounters& counters = *input.figures.counters;
  std::uint64_t answers = 0;
  for (const auto& standing : counters.front.answers) {
    for (const Counter& source : standing) { answers += source.value(); }
  }
  const std::uint64_t sent = counters.resolver.upstream_udp.value() + counters.resolver.upstream_tcp.value() +
                             counters.resolver.upstream_tls.value();
  Html html = open_section(Message::cost_title, locale);
  html << "<ul class=\"plain-list\">"_html;
  const Html lookups = cost_in_lookups(input, locale);
  if (!lookups.empty()) { html << "<li>"_html << lookups << "</li>"_html; }
  if (answers != 0) {
    const auto each = static_cast<std::int64_t>(counters.validation.nanoseconds.value() / answers);
    html << "<li>"_html << locale.say(Message::cost_time, {locale.duration(std::chrono::nanoseconds(each))})
         << "</li>"_html;
  }
  if (sent != 0) {
    const double share = 100 * static_cast<double>(counters.validation.key_fetches.value()) / static_cast<double>(sent);
    html << "<li>"_html << locale.say(Message::cost_questions, {locale.decimal(share, share < 10 ? 1 : 0)})
         << "</li>"_html;
  }
  html << "</ul>"_html << kCloseSection;
  return html;
}

}  // namespace

Html home_page(const PageInput& input, const Locale& locale) {
  Html html = hero(input, locale);
  html << tiles(input, locale) << strip(input, locale) << "<div class=\"columns\">"_html << attention(input, locale);
  if (is_validating(input.status)) {
    html << "<div>"_html << split(input, locale) << cost(input, locale) << "</div>"_html;
  }
  html << "</div>"_html;
  if (is_validating(input.status)) { html << why(locale); }
  return html;
}

}  // namespace vouch
