// "Check a site": one name, looked up once; for the person whose bank does not open, and for whoever answers the phone.
#include <algorithm>
#include <array>

#include "telemetry/web/pages/layout.h"
#include "telemetry/web/table.h"

namespace vouch {
namespace {

constexpr std::size_t kMaxLinks = 16, kMaxKeys = 8, kMaxAddresses = 16;

Html form(const PageInput& input, const Locale& locale) {
  Html html;
  html << "<form class=\"check\" method=\"get\" action=\""_html << kPagePaths[static_cast<std::size_t>(Page::site)]
       << "\"><input type=\"hidden\" name=\""_html << kLanguageParameter << "\" value=\""_html << locale.tag()
       << "\"/><label for=\"asked\">"_html << locale.text(Message::site_label)
       << "</label><div class=\"line-up\"><input id=\"asked\" type=\"text\" inputmode=\"url\" autocomplete=\"off\" "
          "autocapitalize=\"none\" spellcheck=\"false\" maxlength=\"255\" required=\"required\" "
          "aria-describedby=\"asked-hint\" name=\""_html
       << kAskedParameter << "\" value=\""_html << input.asked << "\"/><button type=\"submit\">"_html
       << locale.text(Message::site_button) << "</button></div><p class=\"note\" id=\"asked-hint\">"_html
       << locale.text(Message::site_hint) << "</p></form>"_html;
  return html;
}

struct Headline {
  Sign sign;
  Message text;
};

// Signed, but in a way, or at a cost, that is not for us: `insecure` with a reason.
bool is_uncheckable(const SiteReport& report) noexcept {
  return report.standing == Standing::insecure && report.reason != Reason::none;
}

Headline headline_of_answer(const SiteReport& report) noexcept {
  switch (report.standing) {
    case Standing::secure:
      return {Sign::good, Message::site_secure};
    case Standing::insecure:
      return {Sign::neutral, is_uncheckable(report) ? Message::site_uncheckable : Message::site_insecure};
    case Standing::bogus:
      return {Sign::bad, Message::site_let_through};
    case Standing::indeterminate:
      return {Sign::neutral, Message::site_indeterminate};
    case Standing::negative_anchor:
      return {Sign::caution, Message::site_negative_anchor};
    case Standing::unchecked:
      break;
  }
  return {Sign::caution, Message::site_unchecked};
}

Headline headline_of(const SiteReport& report) noexcept {
  switch (report.outcome) {
    case SiteReport::Outcome::answered:
      return headline_of_answer(report);
    case SiteReport::Outcome::no_data:
      return {report.standing == Standing::bogus ? Sign::bad : Sign::neutral, Message::site_no_data};
    case SiteReport::Outcome::no_such_name:
      return {report.standing == Standing::bogus ? Sign::bad : Sign::neutral, Message::site_no_such_name};
    case SiteReport::Outcome::withheld:
      return {Sign::bad, Message::site_withheld};
    case SiteReport::Outcome::unreachable:
      return {Sign::caution, Message::site_unreachable};
    case SiteReport::Outcome::local:
      break;
  }
  return {Sign::neutral, Message::site_local};
}

// What the first sentence leaves open.
std::optional<Message> remark_of(const SiteReport& report) noexcept {
  using Outcome = SiteReport::Outcome;
  if (report.outcome == Outcome::withheld) { return Message::site_withheld_remark; }
  if (report.outcome == Outcome::unreachable) { return Message::site_unreachable_remark; }
  if (report.outcome == Outcome::local) { return std::nullopt; }
  const bool is_denial = report.outcome != Outcome::answered;
  switch (report.standing) {
    case Standing::secure:
      return is_denial ? Message::site_denial_proven : Message::site_secure_remark;
    case Standing::insecure:
      if (is_uncheckable(report)) { return Message::site_uncheckable_remark; }
      return is_denial ? Message::site_denial_unproven : Message::site_insecure_remark;
    case Standing::bogus:
      return Message::site_let_through_remark;
    case Standing::indeterminate:
    case Standing::negative_anchor:
    case Standing::unchecked:
      break;
  }
  return std::nullopt;
}

Sign sign_of(Standing standing) noexcept {
  switch (standing) {
    case Standing::secure:
      return Sign::good;
    case Standing::bogus:
      return Sign::bad;
    case Standing::negative_anchor:
      return Sign::caution;
    case Standing::insecure:
    case Standing::indeterminate:
    case Standing::unchecked:
      break;
  }
  return Sign::neutral;
}

Markup class_of(Sign which) noexcept {
  switch (which) {
    case Sign::good:
      return "good"_html;
    case Sign::caution:
      return "caution"_html;
    case Sign::bad:
      return "bad"_html;
    case Sign::neutral:
      break;
  }
  return "neutral"_html;
}

// The root has no label, a top-level domain one: a dot that is not escaped ends a label.
Message role_of(std::string_view zone) noexcept {
  if (zone == ".") { return Message::site_role_root; }
  std::size_t labels = 0;
  for (std::size_t i = 0; i < zone.size(); ++i) {
    if (zone[i] == '\\') {
      ++i;
    } else if (zone[i] == '.') {
      ++labels;
    }
  }
  return labels <= 1 ? Message::site_role_tld : Message::site_role_zone;
}

Html keys_of(const SiteReport::Link& link, const Locale& locale) {
  Html html;
  if (link.keys.empty()) { return html; }
  html << "<p class=\"keys\">"_html << locale.text(Message::site_keys) << " "_html;
  for (std::size_t i = 0; i < std::min(link.keys.size(), kMaxKeys); ++i) {
    if (i != 0) { html << ", "_html; }
    html << "<span class=\"whole\">"_html << std::to_string(link.keys[i].tag) << " "_html
         << algorithm_name(link.keys[i].algorithm) << "</span>"_html;
  }
  html << "</p>"_html;
  return html;
}

Html chain(const SiteReport& report, const Locale& locale) {
  Html html;
  if (report.chain.empty()) { return html; }
  html << open_section(Message::site_chain, locale) << "<p>"_html << locale.text(Message::site_chain_lead)
       << "</p><ol class=\"chain\">"_html;
  for (std::size_t i = 0; i < std::min(report.chain.size(), kMaxLinks); ++i) {
    const SiteReport::Link& link = report.chain[i];
    const Sign which = sign_of(link.standing);
    html << "<li class=\""_html << class_of(which) << "\"><p class=\"role\">"_html << locale.text(role_of(link.zone))
         << "</p><p class=\"zone\">"_html << zone_name(link.zone, locale) << "</p><p class=\"verdict\">"_html
         << sign(which) << locale.text(standing_word(link.standing)) << "</p>"_html;
    if (link.reason != Reason::none) {
      html << "<p class=\"because\">"_html << locale.text(reason_sentence(link.reason)) << "</p>"_html;
    }
    html << keys_of(link, locale) << "</li>"_html;
  }
  html << "</ol>"_html << kCloseSection;
  return html;
}

Html explanation(const SiteReport& report, UnixTime now, const Locale& locale) {
  Html html;
  if (report.is_test_zone) { html << paragraph(locale.text(Message::reason_test_zone)); }
  if (report.reason == Reason::none) { return html; }
  html << "<div class=\"columns\">"_html << open_section(Message::site_why, locale)
       << paragraph(reason_text(report.reason, report.time, now, locale));
  if (!report.zone_at_fault.empty()) {
    html << paragraph(locale.say(Message::site_zone_at_fault, {zone_name(report.zone_at_fault, locale)}));
  }
  const bool is_refusable = report.standing == Standing::bogus || report.outcome == SiteReport::Outcome::withheld;
  if (is_refusable && !report.is_test_zone) {
    html << paragraph(locale.text(evidence_sentence(evidence_of(report.reason))));
  }
  html << kCloseSection;
  const Fixer fixer = report.is_test_zone ? Fixer::nobody : fixer_of(report.reason);
  html << open_section(Message::site_who, locale) << "<p><b>"_html << locale.text(fixer_name(fixer)) << ".</b> "_html
       << locale.text(fixer_advice(fixer)) << "</p>"_html;
  if (fixer != Fixer::nobody && fixer != Fixer::resolver_operator) {
    html << paragraph(locale.text(Message::site_visitor_advice));
  }
  html << kCloseSection << "</div>"_html;
  return html;
}

Html engineers_details(const SiteReport& report, const Locale& locale) {
  constexpr std::array<std::string_view, 6> kOutcomeIds{"answered", "no_data",     "no_such_name",
                                                        "withheld", "unreachable", "local"};
  Facts facts(locale);
  facts.add(Message::fact_outcome, identifier(kOutcomeIds[static_cast<std::size_t>(report.outcome)]));
  facts.add(Message::fact_standing, identifier(kStandingIds[static_cast<std::size_t>(report.standing)]));
  if (!report.addresses.empty()) {
    Html addresses;
    for (std::size_t i = 0; i < std::min(report.addresses.size(), kMaxAddresses); ++i) {
      addresses << (i == 0 ? ""_html : "<br/>"_html) << code(report.addresses[i]);
    }
    facts.add(Message::fact_addresses, addresses);
  }
  if (!report.alias_of.empty()) { facts.add(Message::fact_alias, code(report.alias_of)); }
  if (report.reason != Reason::none) { facts.add(Message::fact_reason, identifier(reason_id(report.reason))); }
  if (!report.zone_at_fault.empty()) { facts.add(Message::fact_zone_at_fault, code(report.zone_at_fault)); }
  if (report.key) {
    Html key;
    key << std::to_string(report.key->tag) << ", "_html << algorithm_name(report.key->algorithm);
    facts.add(Message::fact_key, key);
  }
  if (report.time) {
    const bool is_start = report.reason == Reason::rrsig_not_yet_valid;
    facts.add(is_start ? Message::fact_valid_from : Message::fact_expired, locale.when(*report.time));
  }
  if (!report.server.empty()) { facts.add(Message::fact_server, code(report.server)); }
  if (report.has_extended_error) {
    Html error = std::to_string(report.extended_error);
    if (!report.extra_text.empty()) { error << " "_html << code(report.extra_text); }
    facts.add(Message::fact_extended_error, error);
  }
  facts.add(Message::fact_took, locale.duration(std::chrono::milliseconds(report.milliseconds)));
  Html html;
  html << "<details><summary>"_html << locale.text(Message::site_details) << "</summary>"_html << facts.html()
       << "</details>"_html;
  return html;
}

// Plain links. Nothing is fetched from there, and the page tells who would learn the name.
Html second_opinion(const SiteReport& report, const Locale& locale) {
  std::string_view subject = report.zone_at_fault.empty() ? report.name : report.zone_at_fault;
  if (subject.size() > 1 && subject.ends_with('.')) { subject.remove_suffix(1); }
  Html html = open_section(Message::site_elsewhere, locale);
  html << "<p>"_html << locale.text(Message::site_elsewhere_lead)
       << "</p><ul class=\"links\"><li><a rel=\"noreferrer noopener external\" href=\"https://dnsviz.net/d/"_html
       << url_component(subject)
       << "/dnssec/\">DNSViz</a></li><li><a rel=\"noreferrer noopener external\" "
          "href=\"https://zonemaster.net/\">Zonemaster</a></li></ul>"_html
       << kCloseSection;
  return html;
}

Html result(const PageInput& input, const Locale& locale) {
  Html html;
  if (input.report == nullptr) {
    html << "<section class=\"result caution\">"_html << sign(Sign::caution) << "<div><h2>"_html
         << locale.text(Message::site_not_tried) << "</h2><p>"_html << locale.text(Message::site_not_tried_remark)
         << "</p></div></section>"_html;
    return html;
  }
  const SiteReport& report = *input.report;
  const Headline headline = headline_of(report);
  html << "<section class=\"result "_html << class_of(headline.sign) << "\">"_html << sign(headline.sign)
       << "<div><h2>"_html << locale.say(headline.text, {zone_name(report.name, locale)}) << "</h2>"_html;
  if (const auto remark = remark_of(report)) { html << paragraph(locale.text(*remark)); }
  html << "</div></section>"_html << explanation(report, input.figures.taken, locale) << chain(report, locale)
       << engineers_details(report, locale);
  if (report.outcome != SiteReport::Outcome::local) { html << second_opinion(report, locale); }
  html << note(locale.text(Message::site_not_noted));
  return html;
}

}  // namespace

Html site_page(const PageInput& input, const Locale& locale) {
  Html html = page_heading(Message::site_title, locale.text(Message::site_lead), locale);
  html << form(input, locale);
  if (!input.asked.empty()) {
    html << result(input, locale);
  } else {
    html << note(locale.text(Message::site_before));
  }
  return html;
}

}  // namespace vouch
