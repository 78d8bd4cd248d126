// How this resolver itself is set up and doing.
#include <algorithm>

#include "telemetry/web/pages/layout.h"
#include "telemetry/web/table.h"

namespace vouch {
namespace {

Message mode_sentence(const StatusFigures& status) noexcept {
  if (is_enforcing(status)) { return Message::mode_enforce; }
  return is_observing(status) ? Message::mode_observe : Message::mode_off;
}

Html with_sign(Sign which, const Html& text) {
  Html html;
  html << "<span class=\"signed\">"_html << sign(which) << "<span>"_html << text << "</span></span>"_html;
  return html;
}

Html validation(const PageInput& input, const Locale& locale) {
  const StatusFigures& status = input.status;
  Facts facts(locale);
  Html mode = locale.text(mode_sentence(status));
  mode << " "_html << code("dnssec.mode: " + status.validation);
  facts.add(Message::status_mode, with_sign(is_enforcing(status)   ? Sign::good
                                            : is_observing(status) ? Sign::neutral
                                                                   : Sign::caution,
                                            mode));
  if (is_validating(status) && !status.clock_trusted) {
    facts.add(Message::status_clock, with_sign(Sign::bad, locale.text(Message::clock_does_not_fit)));
  } else if (is_validating(status)) {
    const bool is_known = status.root_validated.has_value();
    facts.add(Message::status_clock, with_sign(is_known ? Sign::good : Sign::neutral,
                                               locale.text(is_known ? Message::clock_fits : Message::clock_unknown)));
  }
  facts.add(Message::status_root_seen,
            status.root_validated ? locale.when(*status.root_validated) : locale.text(Message::not_yet));
  Html html = open_section(Message::status_validation, locale);
  html << facts.html() << kCloseSection;
  return html;
}

Message anchor_state(const std::string& state) noexcept {
  if (state == "valid") { return Message::anchor_valid; }
  if (state == "add_pending") { return Message::anchor_pending; }
  if (state == "missing") { return Message::anchor_missing; }
  if (state == "revoked") { return Message::anchor_revoked; }
  if (state == "removed") { return Message::anchor_removed; }
  return state == "configured" ? Message::anchor_configured : Message::unknown_value;
}

Sign anchor_sign(const std::string& state) noexcept {
  if (state == "valid" || state == "configured") { return Sign::good; }
  return state == "missing" ? Sign::caution : Sign::neutral;
}

Html anchors(const PageInput& input, const Locale& locale) {
  Table table(locale, Message::anchors_title,
              {{Message::zone_column},
               {Message::key_tag_column, Table::Kind::number},
               {Message::algorithm_column},
               {Message::state_column}});
  for (const AnchorFigures& anchor : input.status.anchors) {
    table.row({zone_name(anchor.zone, locale), std::to_string(anchor.key_tag), algorithm_name(anchor.algorithm),
               with_sign(anchor_sign(anchor.state), locale.text(anchor_state(anchor.state)))});
  }
  Html html = open_section(Message::anchors_title, locale);
  html << table.html(Message::anchors_none) << kCloseSection;
  return html;
}

Html negative_anchors(const PageInput& input, const Locale& locale) {
  Table table(locale, Message::negative_title,
              {{Message::zone_column}, {Message::negative_reason_column}, {Message::until_column}});
  for (const NegativeAnchorFigures& anchor : input.status.negative_anchors) {
    Html until;
    if (anchor.until == 0) {
      until = with_sign(Sign::caution, locale.text(Message::negative_no_end));
    } else if (anchor.until <= input.figures.taken) {
      until = with_sign(Sign::neutral, locale.say(Message::negative_over, {locale.when(anchor.until)}));
    } else {
      until = locale.when(anchor.until);
    }
    table.row({zone_name(anchor.zone, locale),
               anchor.reason.empty() ? Html(locale.text(Message::negative_no_reason)) : foreign(anchor.reason), until});
  }
  Html html = open_section(Message::negative_title, locale);
  html << paragraph(locale.text(Message::negative_lead)) << table.html(Message::negative_none) << kCloseSection;
  return html;
}

Html local_root(const PageInput& input, const Locale& locale) {
  Html html;
  if (!input.status.local_root) { return html; }
  const LocalRootFigures& root = *input.status.local_root;
  Facts facts(locale);
  facts.add(Message::history_state,
            with_sign(root.in_use ? Sign::good : Sign::caution,
                      locale.text(root.in_use ? Message::local_root_used : Message::local_root_not_used)));
  if (root.serial) {
    facts.add(Message::local_root_serial, code(std::to_string(*root.serial)));
    facts.add(Message::certificate_until, locale.when(root.expires));
  }
  if (!root.source.empty()) { facts.add(Message::local_root_source, code(root.source)); }
  facts.add(Message::local_root_checked, root.checked != 0 ? locale.when(root.checked) : locale.text(Message::not_yet));
  if (!root.failure.empty()) {
    Html failure = locale.when(root.failed);
    failure << ": "_html << foreign(root.failure);
    facts.add(Message::local_root_failure, failure);
  }
  html << open_section(Message::local_root_title, locale) << facts.html() << kCloseSection;
  return html;
}

Html certificate(const PageInput& input, const Locale& locale) {
  Html html = open_section(Message::certificate_title, locale);
  if (!input.status.certificate) {
    html << "<p class=\"empty\">"_html << locale.text(Message::certificate_none) << "</p>"_html << kCloseSection;
    return html;
  }
  const CertificateFigures& certificate = *input.status.certificate;
  const UnixTime now = input.figures.taken;
  Facts facts(locale);
  facts.add(Message::certificate_name, code(certificate.name));
  Html until = locale.when(certificate.not_after);
  if (certificate.not_after > now) {
    until << " ("_html << locale.say(Message::in_span, {locale.span(seconds_between(now, certificate.not_after))})
          << ")"_html;
  }
  facts.add(Message::certificate_until, with_sign(certificate.not_after > now ? Sign::good : Sign::bad, until));
  facts.add(Message::certificate_issuer,
            locale.text(certificate.self_made ? Message::certificate_self_made : Message::certificate_issued));
  if (!certificate.pin.empty()) { facts.add(Message::certificate_pin, code(certificate.pin)); }
  html << facts.html() << kCloseSection;
  return html;
}

Html listeners(const PageInput& input, const Locale& locale) {
  Table table(locale, Message::listeners_title, {{Message::address_column}, {Message::protocol_column}});
  for (const ListenerFigures& listener : input.status.listeners) {
    table.row({code(listener.address), code(listener.protocol)});
  }
  Html html = open_section(Message::listeners_title, locale);
  html << table.html() << kCloseSection;
  return html;
}

Html history(const PageInput& input, const Locale& locale) {
  const HistoryFigures& history = input.status.history;
  Html html = open_section(Message::history_title, locale);
  if (!history.enabled) {
    html << "<p class=\"empty\">"_html << locale.text(Message::history_off) << "</p>"_html << kCloseSection;
    return html;
  }
  Facts facts(locale);
  if (history.problem.empty()) {
    facts.add(Message::history_state, with_sign(Sign::good, locale.text(Message::history_well)));
  } else {
    facts.add(Message::history_state, with_sign(Sign::caution, foreign(history.problem)));
  }
  facts.add(Message::history_file, code(history.file));
  facts.add(Message::history_written, history.written ? locale.when(*history.written) : locale.text(Message::not_yet));
  facts.add(Message::history_kept, locale.count(Counted::span_days, history.days));
  html << facts.html() << kCloseSection;
  return html;
}

Html program(const PageInput& input, const Locale& locale) {
  Facts facts(locale);
  facts.add(Message::program_version, code(input.status.version));
  Html libraries;
  for (const std::string& library : input.status.libraries) {
    libraries << (libraries.empty() ? ""_html : "<br/>"_html) << code(library);
  }
  if (!libraries.empty()) { facts.add(Message::program_libraries, libraries); }
  Html up = locale.when(input.figures.started);
  up << " ("_html
     << locale.say(Message::ago, {locale.span(seconds_between(input.figures.started, input.figures.taken))})
     << ")"_html;
  facts.add(Message::program_started, up);
  Html html = open_section(Message::program_title, locale);
  html << facts.html() << kCloseSection;
  return html;
}

}  // namespace

Html status_page(const PageInput& input, const Locale& locale) {
  Html html = page_heading(Message::status_title, locale.text(Message::status_lead), locale);
  html << "<div class=\"columns\">"_html << validation(input, locale) << anchors(input, locale) << "</div>"_html
       << negative_anchors(input, locale) << "<div class=\"columns\">"_html << local_root(input, locale)
       << certificate(input, locale) << history(input, locale) << listeners(input, locale) << program(input, locale)
       << "</div>"_html;
  return html;
}

}  // namespace vouch
