// How far signing and encryption have come, seen from what is asked for here.
#include <array>

#include "telemetry/web/pages/layout.h"
#include "telemetry/web/pages/time_series.h"
#include "telemetry/web/svg_chart.h"
#include "telemetry/web/table.h"

namespace vouch {
namespace {

constexpr std::size_t kMaxTlds = 40;

Html trend(const PageInput& input, const Locale& locale) {
  DaySeries days = daily(input.month);
  Sparkline line{.id = "month",
                 .title = Message::adoption_trend,
                 .description = locale.text(Message::adoption_trend_description),
                 .moments = std::move(days.moments),
                 .parts = std::move(days.genuine),
                 .wholes = std::move(days.answers)};
  return sparkline(line, locale);
}

Html tld_name(const std::string& tld, const Locale& locale) {
  if (tld == "_other") { return locale.text(Message::tld_others); }
  return tld == "." ? Html(locale.text(Message::tld_root)) : zone_name(tld, locale);
}

Html tlds(const PageInput& input, const Locale& locale) {
  Table table(locale, Message::tlds_title,
              {{Message::tld_column},
               {Message::answers_column, Table::Kind::number},
               {Message::tile_genuine, Table::Kind::bar},
               {Message::tile_genuine, Table::Kind::number},
               {Message::series_unsigned, Table::Kind::number},
               {Message::standing_bogus, Table::Kind::number}});
  std::size_t shown = 0;
  for (const TldFigures& tld : input.figures.tlds) {
    if (++shown > kMaxTlds) { break; }
    std::uint64_t all = 0;
    for (const std::uint64_t answers : tld.answers) { all += answers; }
    const auto with = [&](Standing standing) { return tld.answers[static_cast<std::size_t>(standing)]; };
    table.row({tld_name(tld.tld, locale), locale.number(all), meter(with(Standing::secure), all, Fill::genuine),
               locale.percent(with(Standing::secure), all), locale.percent(with(Standing::insecure), all),
               locale.number(with(Standing::bogus))});
  }
  Html html = open_section(Message::tlds_title, locale);
  html << table.html() << kCloseSection;
  return html;
}

Html algorithms(const AdoptionFigures& adoption, const Locale& locale) {
  std::uint64_t all = 0;
  for (const std::uint64_t zones : adoption.signed_zones) { all += zones; }
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < kAlgorithmClasses; ++i) {
    if (adoption.signed_zones[i] == 0) { continue; }
    Html label = identifier(kAlgorithmIds[i]);
    if (i < kAlgorithmNumbers.size()) { label << " ("_html << std::to_string(kAlgorithmNumbers[i]) << ")"_html; }
    bars.push_back({std::move(label), adoption.signed_zones[i], all});
  }
  return bar_table(Message::adoption_algorithms, Message::algorithm_column, bars, Fill::genuine, locale);
}

Html denial(const AdoptionFigures& adoption, const Locale& locale) {
  constexpr std::array<std::string_view, 3> kKinds{"NSEC", "NSEC3", "NSEC3 opt-out"};
  constexpr std::array<std::string_view, 3> kIterations{"0", "1\u201350", "\u226551"};
  std::uint64_t all = 0;
  for (const auto& kind : adoption.denial_zones) {
    for (const std::uint64_t zones : kind) { all += zones; }
  }
  std::vector<Bar> bars;
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    for (std::size_t i = 0; i < kIterations.size(); ++i) {
      const std::uint64_t zones = adoption.denial_zones[kind][i];
      if (zones == 0) { continue; }
      Html label = identifier(kKinds[kind]);
      if (kind != 0) { label << ", "_html << locale.say(Message::iterations, {kIterations[i]}); }
      bars.push_back({std::move(label), zones, all});
    }
  }
  return bar_table(Message::adoption_denial, Message::denial_column, bars, Fill::plain, locale);
}

Html encrypted(const PageInput& input, const Locale& locale) {
  constexpr std::array<std::string_view, kTransports> kNames{"UDP",         "TCP",        "TLS (DoT)",
                                                             "HTTPS (DoH)", "QUIC (DoQ)", "HTTP/3 (DoH3)"};
  const Movement& day = input.figures.day;
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < kTransports; ++i) { bars.push_back({kNames[i], day.queries[i], day.all_queries()}); }
  Html html = bar_table(Message::adoption_transports, Message::transport_column, bars, Fill::genuine, locale);
  const ClientFigures& clients = input.figures.clients;
  if (clients.prefixes != 0 && clients.only_encrypted != 0) {
    html << note(locale.say(Message::adoption_clients,
                            {locale.rounded(clients.prefixes), locale.rounded(clients.only_encrypted)}));
  } else if (clients.prefixes != 0) {
    html << note(locale.say(Message::adoption_clients_few, {locale.rounded(clients.prefixes)}));
  }
  return html;
}

Html minimised(const PageInput& input, const Locale& locale) {
  constexpr std::array kLevels{Message::level_root, Message::level_tld, Message::level_other};
  const ResolverCounters& counters = input.figures.counters->resolver;
  std::vector<Bar> bars;
  for (std::size_t i = 0; i < kTreeLevels; ++i) {
    if (counters.asked[i].value() == 0) { continue; }
    bars.push_back({locale.text(kLevels[i]), counters.minimised[i].value(), counters.asked[i].value()});
  }
  return bar_table(Message::adoption_minimised, Message::level_column, bars, Fill::genuine, locale);
}

Html synthesised(const PageInput& input, const Locale& locale) {
  constexpr std::array<std::string_view, 2> kProofs{"NSEC", "NSEC3"};
  Table table(locale, Message::synthesised_title,
              {{Message::proof_column},
               {Message::no_name_column, Table::Kind::number},
               {Message::no_data_column, Table::Kind::number},
               {Message::wildcard_column, Table::Kind::number}});
  const auto& counted = input.figures.counters->validation.synthesised;
  for (std::size_t i = 0; i < kProofs.size(); ++i) {
    table.row({identifier(kProofs[i]), locale.number(counted[i][0].value()), locale.number(counted[i][1].value()),
               locale.number(counted[i][2].value())});
  }
  Html html = open_section(Message::synthesised_title, locale);
  html << paragraph(locale.text(Message::synthesised_lead)) << table.html() << kCloseSection;
  return html;
}

}  // namespace

Html adoption_page(const PageInput& input, const Locale& locale) {
  Html html = page_heading(Message::adoption_title, locale.text(Message::adoption_lead), locale);
  html << trend(input, locale) << tlds(input, locale) << open_section(Message::adoption_zones, locale)
       << "<div class=\"columns\">"_html << algorithms(input.figures.adoption, locale)
       << denial(input.figures.adoption, locale) << "</div>"_html << note(locale.text(Message::adoption_estimates))
       << kCloseSection << open_section(Message::adoption_privacy, locale) << "<div class=\"columns\"><div>"_html
       << encrypted(input, locale) << "</div>"_html << minimised(input, locale) << "</div>"_html << kCloseSection
       << synthesised(input, locale);
  return html;
}

}  // namespace vouch
