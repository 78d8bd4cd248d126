// Zones that fail now, those about to, and what is over: for whoever has to act or to explain.
#include <algorithm>

#include "telemetry/web/pages/layout.h"
#include "telemetry/web/table.h"

namespace vouch {
namespace {

constexpr std::size_t kMaxZones = 50;  // written out in full; the API has them all
constexpr std::size_t kMaxCauses = 4;  // of one zone
constexpr std::size_t kMaxIncidents = 50;

bool is_visible(const PageInput& input, bool is_public) noexcept {
  return input.viewer == Viewer::resolver_operator || is_public;
}

Html state_badge(ZoneState state, const Locale& locale) {
  Html html;
  switch (state) {
    case ZoneState::failing:
      html << "<span class=\"badge bad\">"_html << sign(Sign::bad);
      break;
    case ZoneState::recovered:
      html << "<span class=\"badge good\">"_html << sign(Sign::good);
      break;
    case ZoneState::quiet:
      html << "<span class=\"badge neutral\">"_html << sign(Sign::neutral);
      break;
  }
  html << locale.text(zone_state_word(state)) << "</span>"_html;
  return html;
}

// Answers count each reply; lookups are the figure that means people, so it stands first.
Html withheld_text(const WithheldFigures& withheld, const Locale& locale) {
  Html html = locale.count(Counted::withheld_lookups, withheld.lookups);
  html << " ("_html << locale.count(Counted::withheld_answers, withheld.answers) << ")"_html;
  return html;
}

bool is_any(const WithheldFigures& withheld) noexcept { return withheld.answers != 0 || withheld.lookups != 0; }

Html cause_facts(const ZoneCause& cause, const Locale& locale) {
  Facts facts(locale);
  facts.add(Message::fact_reason, identifier(reason_id(cause.reason)));
  facts.add(Message::fact_evidence, identifier(kEvidenceIds[static_cast<std::size_t>(cause.evidence)]));
  if (cause.key_tag || cause.algorithm) {
    Html key;
    if (cause.key_tag) { key << std::to_string(*cause.key_tag); }
    if (cause.key_tag && cause.algorithm) { key << ", "_html; }
    if (cause.algorithm) { key << algorithm_name(*cause.algorithm); }
    facts.add(Message::fact_key, key);
  }
  if (cause.time) {
    const bool is_start = cause.reason == Reason::rrsig_not_yet_valid;
    facts.add(is_start ? Message::fact_valid_from : Message::fact_expired, locale.when(*cause.time));
  }
  if (!cause.server.empty()) { facts.add(Message::fact_server, code(cause.server)); }
  facts.add(Message::fact_failures, locale.number(cause.failures));
  facts.add(Message::fact_last_failure, locale.when(cause.last_seen));
  return facts.html();
}

Html other_causes(const ZoneFigures& zone, const PageInput& input, const Locale& locale) {
  Html html;
  if (zone.causes.size() < 2) { return html; }
  html << "<details><summary>"_html << locale.count(Counted::other_causes, zone.causes.size() - 1) << "</summary>"_html;
  for (std::size_t i = 1; i < std::min(zone.causes.size(), kMaxCauses + 1); ++i) {
    const ZoneCause& cause = zone.causes[i];
    html << paragraph(reason_text(cause.reason, cause.time, input.figures.taken, locale)) << cause_facts(cause, locale);
  }
  html << "</details>"_html;
  return html;
}

Html zone_facts(const ZoneFigures& zone, const PageInput& input, const Locale& locale) {
  Facts facts(locale);
  const UnixTime now = zone.ended.value_or(input.figures.taken);
  Html since = locale.when(zone.began);
  since << " ("_html << locale.span(seconds_between(zone.began, now)) << ")"_html;
  facts.add(zone.ended ? Message::began_column : Message::fact_since, since);
  if (zone.ended) { facts.add(Message::fact_ended, locale.when(*zone.ended)); }
  if (zone.last_good) { facts.add(Message::fact_last_good, locale.when(*zone.last_good)); }
  facts.add(Message::fact_withheld, withheld_text(zone.withheld, locale));
  if (is_observing(input.status) || is_any(zone.shadow)) {
    facts.add(Message::fact_shadow, withheld_text(zone.shadow, locale));
  }
  facts.add(Message::fact_prefixes, prefixes_text(zone.prefixes, input.status.privacy.min_prefixes, locale));
  return facts.html();
}

Html problem(const ZoneFigures& zone, const PageInput& input, const Locale& locale) {
  const ZoneCause unknown;
  const ZoneCause& cause = zone.causes.empty() ? unknown : zone.causes.front();
  const Fixer fixer = fixer_of(cause.reason);
  Html html;
  html << "<article class=\"problem\"><header><h3>"_html << zone_name(zone.zone, locale) << "</h3>"_html
       << state_badge(zone.state, locale);
  if (!zone.is_public) {
    html << "<span class=\"badge\">"_html
         << locale.say(Message::not_public, {locale.number(input.status.privacy.min_prefixes)}) << "</span>"_html;
  }
  html << "</header><p class=\"reason\">"_html << reason_text(cause.reason, cause.time, input.figures.taken, locale)
       << "</p><p>"_html << locale.text(evidence_sentence(cause.evidence)) << "</p><p><b>"_html
       << locale.text(fixer_name(fixer)) << ".</b> "_html << locale.text(fixer_advice(fixer))
       << "</p><div class=\"columns\">"_html << zone_facts(zone, input, locale) << cause_facts(cause, locale)
       << "</div>"_html << other_causes(zone, input, locale) << "</article>"_html;
  return html;
}

Html zones_in(const PageInput& input, bool failing, Message title, Message when_empty, const Locale& locale) {
  Html html = open_section(title, locale);
  std::size_t count = 0;
  for (const ZoneFigures& zone : input.figures.zones) {
    if ((zone.state == ZoneState::failing) != failing || !is_visible(input, zone.is_public)) { continue; }
    if (++count <= kMaxZones) { html << problem(zone, input, locale); }
  }
  if (count == 0) { html << "<p class=\"empty\">"_html << locale.text(when_empty) << "</p>"_html; }
  if (count > kMaxZones) { html << note(locale.count(Counted::more_rows, count - kMaxZones)); }
  html << kCloseSection;
  return html;
}

Html expiring(const PageInput& input, const Locale& locale) {
  Table table(locale, Message::expiring_title,
              {{Message::zone_column},
               {Message::expires_column},
               {Message::left_column},
               {Message::window_column},
               {Message::seen_column}});
  const UnixTime now = input.figures.taken;
  for (const ExpiringZone& zone : input.figures.expiring) {
    if (!is_visible(input, zone.is_public)) { continue; }
    Html left;
    if (zone.expires <= now) {
      left << "<span class=\"badge bad\">"_html << sign(Sign::bad) << locale.text(Message::expiring_over)
           << "</span>"_html;
    } else {
      left << locale.span(seconds_between(now, zone.expires));
      if (zone.is_late) {
        left << " <span class=\"badge caution\">"_html << sign(Sign::caution) << locale.text(Message::expiring_late)
             << "</span>"_html;
      }
    }
    table.row({zone_name(zone.zone, locale), locale.when(zone.expires), left, locale.span(zone.window),
               locale.when(zone.seen)});
  }
  Html html = open_section(Message::expiring_title, locale);
  html << paragraph(locale.text(Message::expiring_lead)) << table.html(Message::expiring_none) << kCloseSection;
  return html;
}

Html incidents(const PageInput& input, const Locale& locale) {
  Table table(locale, Message::incidents_title,
              {{Message::zone_column},
               {Message::reason_column},
               {Message::began_column},
               {Message::lasted_column},
               {Message::state_column},
               {Message::lookups_column, Table::Kind::number},
               {Message::prefixes_column, Table::Kind::number}});
  std::size_t shown = 0;
  for (const IncidentFigures& incident : input.figures.incidents) {
    if (!is_visible(input, incident.is_public) || ++shown > kMaxIncidents) { continue; }
    const bool observed = !is_any(incident.withheld) && is_any(incident.shadow);
    Html lookups = locale.number(observed ? incident.shadow.lookups : incident.withheld.lookups);
    if (observed) { lookups << " "_html << locale.text(Message::would_be); }
    Html reason;
    reason << locale.text(reason_sentence(incident.reason)) << " "_html << identifier(reason_id(incident.reason));
    table.row({zone_name(incident.zone, locale), reason, locale.when(incident.began),
               locale.span(seconds_between(incident.began, incident.ended.value_or(input.figures.taken))),
               state_badge(incident.state, locale), lookups,
               prefixes_text(incident.prefixes, input.status.privacy.min_prefixes, locale)});
  }
  Html html = open_section(Message::incidents_title, locale);
  html << table.html(Message::incidents_none) << kCloseSection;
  return html;
}

}  // namespace

Html problems_page(const PageInput& input, const Locale& locale) {
  Html html = page_heading(Message::problems_title, locale.text(Message::problems_lead), locale);
  if (!is_validating(input.status)) {
    html << "<section class=\"result caution\">"_html << sign(Sign::caution) << "<p>"_html
         << locale.text(Message::problems_off) << "</p></section>"_html;
  } else if (is_observing(input.status)) {
    html << "<section class=\"result neutral\">"_html << sign(Sign::neutral) << "<p>"_html
         << locale.text(Message::problems_observing) << "</p></section>"_html;
  }
  html << zones_in(input, true, Message::problems_failing, Message::problems_none, locale) << expiring(input, locale);
  const auto is_over = [](const ZoneFigures& zone) { return zone.state != ZoneState::failing; };
  if (std::ranges::any_of(input.figures.zones, is_over)) {
    html << zones_in(input, false, Message::problems_over, Message::incidents_none, locale);
  }
  html << incidents(input, locale) << note(locale.text(Message::problems_counting));
  return html;
}

}  // namespace vouch
