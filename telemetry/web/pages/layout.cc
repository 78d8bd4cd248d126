#include "telemetry/web/pages/layout.h"

#include <algorithm>
#include <array>

#include "telemetry/zone_ledger.h"

namespace vouch {
namespace {

constexpr std::array kPages{Page::home,     Page::site,   Page::problems, Page::operation,
                            Page::adoption, Page::status, Page::privacy};
// Each language by its own name, for a reader who knows no other.
constexpr std::array<std::string_view, kLanguageTags.size()> kLanguageNames{"English", "Español", "Português"};

// The icon of assets/icon.svg, drawn in the text's own colour.
constexpr Markup kSeal =
    "<svg class=\"seal\" viewBox=\"0 0 32 32\" width=\"28\" height=\"28\" aria-hidden=\"true\">"
    "<circle cx=\"16\" cy=\"16\" r=\"14\" class=\"ring\"/><circle cx=\"16\" cy=\"16\" r=\"10.5\" class=\"inner\"/>"
    "<path d=\"M10.5 16.5l4 4 7.5-9\" class=\"tick\"/></svg>"_html;

Html head(const Frame& frame, std::string_view title) {
  Html html;
  html << "<!doctype html>\n<html lang=\""_html << frame.locale.tag()
       << "\"><head><meta charset=\"utf-8\"/><title>"_html << title
       << " \u2013 Vouch</title><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
          "<meta name=\"color-scheme\" content=\"light dark\"/><meta name=\"referrer\" content=\"no-referrer\"/>"
          "<meta name=\"robots\" content=\"noindex, nofollow\"/><link rel=\"icon\" href=\"/icon.svg\" "
          "type=\"image/svg+xml\"/><link rel=\"stylesheet\" href=\"/style.css\"/>"
          "<script src=\"/app.js\" defer=\"defer\"></script></head>\n"_html;
  return html;
}

Html navigation(const Frame& frame) {
  const Locale& locale = frame.locale;
  Html html;
  html << "<nav class=\"pages\" aria-label=\""_html << locale.text(Message::pages_label) << "\"><ul>"_html;
  for (const Page page : kPages) {
    if (frame.viewer == Viewer::subscriber && !is_for_subscribers(page)) { continue; }
    html << "<li><a href=\""_html << link_to(page, locale) << "\""_html;
    if (page == frame.page) { html << " aria-current=\"page\""_html; }
    html << ">"_html << locale.text(page_name(page)) << "</a></li>"_html;
  }
  html << "</ul></nav>"_html;
  return html;
}

Html language_switch(const Frame& frame) {
  Html html;
  html << "<nav class=\"languages\" aria-label=\""_html << frame.locale.text(Message::language_label) << "\"><ul>"_html;
  for (std::size_t i = 0; i < kLanguageTags.size(); ++i) {
    const Locale there(static_cast<Language>(i), 0);
    std::string link = link_to(frame.page.value_or(Page::home), there);
    if (!frame.asked.empty()) { link += "&" + std::string(kAskedParameter) + "=" + url_component(frame.asked); }
    html << "<li><a lang=\""_html << there.tag() << "\" hreflang=\""_html << there.tag() << "\" href=\""_html << link
         << "\""_html;
    if (there.language() == frame.locale.language()) { html << " aria-current=\"true\""_html; }
    html << ">"_html << kLanguageNames[i] << "</a></li>"_html;
  }
  html << "</ul></nav>"_html;
  return html;
}

Html footer(const Frame& frame) {
  const Locale& locale = frame.locale;
  Html html;
  html << "<footer><p>"_html;
  if (frame.taken != 0) {
    html << locale.say(Message::footer_figures, {locale.when(frame.taken), locale.zone()}) << " "_html;
  }
  html << locale.text(frame.promise) << "</p>"_html;
  if (frame.viewer == Viewer::resolver_operator && !frame.version.empty()) {
    html << "<p>Vouch "_html << frame.version << "</p>"_html;
  }
  html << "</footer>"_html;
  return html;
}

}  // namespace

Html document(const Frame& frame, std::string_view title, const Html& main) {
  const Locale& locale = frame.locale;
  // A check of a site is a look-up; a page that renews itself would repeat it.
  const bool renews = frame.page && *frame.page != Page::site;
  Html html = head(frame, title);
  html << "<body><a class=\"skip\" href=\"#content\">"_html << locale.text(Message::skip_to_content)
       << "</a><header><div class=\"bar-top\"><a class=\"brand\" href=\""_html << link_to(Page::home, locale)
       << "\">"_html << kSeal << "<span><b>Vouch</b> <small>"_html << locale.text(Message::tagline)
       << "</small></span></a>"_html << language_switch(frame) << "</div>"_html << navigation(frame)
       << "</header>\n<main id=\"content\" tabindex=\"-1\""_html;
  if (renews) { html << " data-renews=\"yes\""_html; }
  html << ">"_html << main << "</main>\n"_html << footer(frame) << "</body></html>\n"_html;
  return html;
}

Message page_name(Page page) noexcept {
  switch (page) {
    case Page::home:
      return Message::nav_home;
    case Page::site:
      return Message::nav_site;
    case Page::problems:
      return Message::nav_problems;
    case Page::operation:
      return Message::nav_operation;
    case Page::adoption:
      return Message::nav_adoption;
    case Page::status:
      return Message::nav_status;
    case Page::privacy:
      break;
  }
  return Message::nav_privacy;
}

std::string link_to(Page page, const Locale& locale) {
  return std::string(kPagePaths[static_cast<std::size_t>(page)]) + "?" + std::string(kLanguageParameter) + "=" +
         std::string(locale.tag());
}

Html sign(Sign which) {
  switch (which) {
    case Sign::good:
      return "<svg class=\"sign good\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" "
             "r=\"11\"/><path d=\"M7 12.5l3.5 3.5L17 8.5\"/></svg>"_html;
    case Sign::caution:
      return "<svg class=\"sign caution\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path "
             "d=\"M12 1.5L23.2 21.5H.8z\"/><path d=\"M12 9v5.5M12 17.6v.8\"/></svg>"_html;
    case Sign::bad:
      return "<svg class=\"sign bad\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path "
             "d=\"M7.5 1h9L23 7.5v9L16.5 23h-9L1 16.5v-9z\"/><path d=\"M8.2 8.2l7.6 7.6M15.8 8.2l-7.6 7.6\"/></svg>"_html;
    case Sign::neutral:
      break;
  }
  return "<svg class=\"sign neutral\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" "
         "r=\"11\"/><path d=\"M7.5 12h9\"/></svg>"_html;
}

Html zone_name(std::string_view zone, const Locale& locale) {
  if (zone == ".") { return locale.text(Message::root_zone); }
  if (zone == kSelfText) { return locale.text(Message::self_zone); }
  return zone == kPathText ? Html(locale.text(Message::path_zone)) : foreign(zone);
}

Html algorithm_name(std::uint8_t number) {
  const std::size_t known = algorithm_class(number);
  Html html;
  if (known + 1 < kAlgorithmClasses) { html << kAlgorithmIds[known] << " "; }
  html << "(" << std::to_string(number) << ")";
  return html;
}

Html reason_text(Reason reason, std::optional<UnixTime> time, UnixTime now, const Locale& locale) {
  if (reason == Reason::rrsig_expired && time && *time < now) {
    return locale.say(Message::reason_rrsig_expired_ago, {locale.span(seconds_between(*time, now))});
  }
  return locale.text(reason_sentence(reason));
}

Html prefixes_text(std::uint32_t prefixes, std::uint32_t k, const Locale& locale) {
  if (k > 0 && prefixes >= k) { return locale.say(Message::prefixes_or_more, {locale.number(k)}); }
  return locale.number(prefixes);
}

Html page_heading(Message title, const Html& lead, const Locale& locale) {
  Html html;
  html << "<div class=\"heading\"><h1>"_html << locale.text(title) << "</h1>"_html;
  if (!lead.empty()) { html << "<p class=\"lead\">"_html << lead << "</p>"_html; }
  html << "</div>"_html;
  return html;
}

Html open_section(Message title, const Locale& locale) {
  Html html;
  html << "<section><h2>"_html << locale.text(title) << "</h2>"_html;
  return html;
}

Html paragraph(const Html& text) {
  Html html;
  html << "<p>"_html << text << "</p>"_html;
  return html;
}

Html note(const Html& text) {
  Html html;
  html << "<p class=\"note\">"_html << text << "</p>"_html;
  return html;
}

bool is_enforcing(const StatusFigures& status) noexcept { return status.validation == "enforce"; }
bool is_observing(const StatusFigures& status) noexcept { return status.validation == "observe"; }
bool is_validating(const StatusFigures& status) noexcept { return is_enforcing(status) || is_observing(status); }

std::int64_t seconds_between(UnixTime earlier, UnixTime later) noexcept {
  if (later <= earlier) { return 0; }
  // Unsigned: the difference of two extreme times does not fit.
  const std::uint64_t apart = static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
  return static_cast<std::int64_t>(std::min<std::uint64_t>(apart, INT64_MAX));
}

}  // namespace vouch
