// What this resolver knows about those who use it, from the settings that are in force (in the spirit of RFC 8932).
#include "telemetry/web/pages/layout.h"

namespace vouch {
namespace {

Html item(const Locale& locale, Message title, const Html& text) {
  Html html;
  html << "<section class=\"rule\"><h2>"_html << locale.text(title) << "</h2><p>"_html << text << "</p></section>"_html;
  return html;
}

Html kept(const PageInput& input, const Locale& locale) {
  const HistoryFigures& history = input.status.history;
  Html html;
  if (history.enabled) {
    html << locale.count(Counted::privacy_history, history.days);
  } else {
    html << locale.text(Message::privacy_no_history);
  }
  html << " "_html << locale.text(Message::privacy_memory);
  return html;
}

Html log_of_queries(const PrivacyFigures& privacy, const Locale& locale) {
  if (!privacy.copies_messages) {
    return item(locale, Message::privacy_no_log_title, locale.text(Message::privacy_no_log));
  }
  return item(locale, Message::privacy_copied_title,
              locale.say(Message::privacy_copied,
                         {std::to_string(privacy.copied_ipv4_prefix), std::to_string(privacy.copied_ipv6_prefix)}));
}

Html prefixes(const PrivacyFigures& privacy, const Locale& locale) {
  constexpr std::uint8_t kWholeIpv4 = 32;
  Html html =
      locale.say(Message::privacy_prefix, {std::to_string(privacy.ipv4_prefix), std::to_string(privacy.ipv6_prefix)});
  if (privacy.ipv4_prefix >= kWholeIpv4) { html << " "_html << locale.text(Message::privacy_prefix_whole); }
  return html;
}

Html upstream(const PageInput& input, const Locale& locale) {
  const PrivacyFigures& privacy = input.status.privacy;
  if (privacy.forwards == Forwarding::all) { return locale.text(Message::privacy_all_forwarded); }
  Html html;
  html << locale.text(Message::privacy_upstream) << " "_html
       << locale.text(privacy.minimises ? Message::privacy_minimised : Message::privacy_not_minimised);
  if (privacy.forwards == Forwarding::some) { html << " "_html << locale.text(Message::privacy_some_forwarded); }
  return html;
}

}  // namespace

Html privacy_page(const PageInput& input, const Locale& locale) {
  const PrivacyFigures& privacy = input.status.privacy;
  const Message lead = privacy.copies_messages ? Message::privacy_copied_lead : Message::privacy_lead;
  Html html = page_heading(Message::privacy_title, locale.text(lead), locale);
  html << "<div class=\"rules\">"_html << log_of_queries(privacy, locale)
       << item(locale, Message::privacy_prefix_title, prefixes(privacy, locale))
       << item(locale, Message::privacy_k_title, locale.count(Counted::privacy_k, privacy.min_prefixes))
       << item(locale, Message::privacy_lists_title,
               locale.say(Message::privacy_lists,
                          {locale.number(privacy.listed_zones), locale.number(privacy.listed_tlds)}))
       << item(locale, Message::privacy_kept_title, kept(input, locale))
       << item(locale, Message::privacy_leaves_title, locale.text(Message::privacy_leaves))
       << item(locale, Message::privacy_upstream_title, upstream(input, locale))
       << item(locale, Message::privacy_way_title,
               locale.text(privacy.encrypted_offered ? Message::privacy_encrypted : Message::privacy_clear))
       << item(locale, Message::privacy_estimates_title, locale.text(Message::privacy_estimates))
       << item(locale, Message::privacy_site_title, locale.text(Message::privacy_site)) << "</div>"_html;
  return html;
}

}  // namespace vouch
