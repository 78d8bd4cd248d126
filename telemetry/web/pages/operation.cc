// For whoever runs this resolver: load, latency, caches, other servers, validation, transports, what was turned down.
#include <algorithm>
#include <array>

#include "telemetry/web/estimate.h"
#include "telemetry/web/pages/layout.h"
#include "telemetry/web/svg_chart.h"
#include "telemetry/web/table.h"

namespace vouch {
namespace {

using Kind = Table::Kind;

Html load(const PageInput& input, const Locale& locale) {
  TimeChart chart{
      .id = "minutes", .title = Message::operation_chart, .description = {}, .moments = {}, .series = {}, .lane = {}};
  Series clear{Message::series_clear, Fill::plain, {}}, encrypted{Message::series_encrypted, Fill::genuine, {}};
  std::uint64_t all = 0;
  for (const Movement& minute : input.figures.minutes) {
    chart.moments.push_back(minute.from);
    encrypted.values.push_back(minute.encrypted_queries());
    clear.values.push_back(minute.all_queries() - minute.encrypted_queries());
    all += minute.all_queries();
  }
  chart.description = locale.count(Counted::operation_chart_description, all);
  chart.series = {std::move(encrypted), std::move(clear)};
  return time_chart(chart, locale);
}

Html estimate_text(const std::optional<DurationEstimate>& estimate, const Locale& locale) {
  if (!estimate) { return "\u2013"; }
  return (estimate->is_beyond ? "> " : "") + locale.duration(estimate->value);
}

Html latency(const PageInput& input, const Locale& locale) {
  const WorkerCounters& counters = *input.figures.counters;
  struct Row {
    Message name;
    const DurationHistogram& histogram;
  };
  const std::array rows{Row{Message::latency_cache, counters.front.from_cache},
                        Row{Message::latency_recursion, counters.front.by_recursion},
                        Row{Message::latency_round_trip, counters.resolver.round_trip}};
  Table table(locale, Message::latency_title,
              {{Message::what_column},
               {Message::measured_column, Kind::number},
               {Message::mean_column, Kind::number},
               {Message::p50_column, Kind::number},
               {Message::p95_column, Kind::number},
               {Message::p99_column, Kind::number}});
  for (const Row& row : rows) {
    const auto mean = mean_of(row.histogram);
    const auto at = [&](double share) { return estimate_text(quantile_of(row.histogram, share), locale); };
    table.row({locale.text(row.name), locale.number(count_of(row.histogram)),
               mean ? Html(locale.duration(*mean)) : Html("\u2013"), at(0.5), at(0.95), at(0.99)});
  }
  Html html = open_section(Message::latency_title, locale);
  html << table.html() << note(locale.text(Message::latency_note)) << kCloseSection;
  return html;
}

Html caches(const PageInput& input, const Locale& locale) {
  Table table(locale, Message::caches_title,
              {{Message::cache_column},
               {Message::entries_column, Kind::number},
               {Message::memory_column, Kind::number},
               {Message::memory_column, Kind::bar},
               {Message::capacity_column, Kind::number},
               {Message::hit_share_column, Kind::number},
               {Message::evictions_column, Kind::number}});
  for (const CacheFigures& cache : input.status.caches) {
    const bool is_counted = cache.hits + cache.misses + cache.insertions != 0;
    table.row({code(cache.cache), locale.number(cache.entries), locale.octets(cache.octets),
               meter(cache.octets, cache.capacity, Fill::genuine), locale.octets(cache.capacity),
               is_counted ? Html(locale.percent(cache.hits, cache.hits + cache.misses)) : Html("\u2013"),
               is_counted ? Html(locale.number(cache.evictions)) : Html("\u2013")});
  }
  Html html = open_section(Message::caches_title, locale);
  html << table.html() << kCloseSection;
  return html;
}

struct Count {
  Message name;
  const Counter& counter;
};

Html counts(Message title, std::initializer_list<Count> rows, const Html& remark, const Locale& locale) {
  Facts facts(locale);
  for (const Count& row : rows) { facts.add(row.name, locale.number(row.counter.value())); }
  Html html = open_section(title, locale);
  html << facts.html();
  if (!remark.empty()) { html << note(remark); }
  html << kCloseSection;
  return html;
}

Html upstream(const ResolverCounters& counters, const Locale& locale) {
  return counts(Message::upstream_title,
                {{Message::upstream_udp, counters.upstream_udp},
                 {Message::upstream_tcp, counters.upstream_tcp},
                 {Message::upstream_tls, counters.upstream_tls},
                 {Message::upstream_timeouts, counters.upstream_timeouts},
                 {Message::upstream_unreachable, counters.upstream_unreachable},
                 {Message::upstream_untrusted, counters.upstream_untrusted},
                 {Message::upstream_shared, counters.exchanges_shared},
                 {Message::upstream_truncated, counters.tcp_after_truncation},
                 {Message::upstream_lame, counters.replies_lame},
                 {Message::upstream_scrubbed, counters.records_scrubbed},
                 {Message::upstream_fallbacks, counters.minimisation_fallbacks},
                 {Message::upstream_budget, counters.budget_spent}},
                {}, locale);
}

Html rejected(const ResolverCounters& counters, const Locale& locale) {
  return counts(Message::rejected_title,
                {{Message::rejected_id, counters.replies_rejected_id},
                 {Message::rejected_question, counters.replies_rejected_question},
                 {Message::rejected_case, counters.replies_rejected_case},
                 {Message::rejected_cookie, counters.replies_rejected_cookie},
                 {Message::rejected_malformed, counters.replies_rejected_malformed},
                 {Message::rejected_tcp, counters.tcp_after_forgery}},
                locale.text(Message::rejected_note), locale);
}

Html clients(const FrontCounters& counters, const Locale& locale) {
  return counts(Message::clients_title,
                {{Message::clients_do, counters.queries_do},
                 {Message::clients_ad, counters.queries_ad},
                 {Message::clients_joined, counters.joined_in_flight},
                 {Message::clients_truncated, counters.truncated},
                 {Message::clients_refused, counters.refused},
                 {Message::clients_dropped, counters.dropped},
                 {Message::clients_malformed, counters.malformed},
                 {Message::clients_internal, counters.internal_errors}},
                {}, locale);
}

Html validation(const ValidationCounters& counters, const Locale& locale) {
  Facts facts(locale);
  facts.add(Message::judged_secure, locale.number(counters.judged_secure.value()));
  facts.add(Message::judged_insecure, locale.number(counters.judged_insecure.value()));
  facts.add(Message::judged_bogus, locale.number(counters.judged_bogus.value()));
  facts.add(Message::judged_indeterminate, locale.number(counters.judged_indeterminate.value()));
  facts.add(Message::judged_test, locale.number(counters.judged_test_zone.value()));
  facts.add(Message::second_opinions, locale.number(counters.second_opinions.value()));
  facts.add(Message::second_opinions_held, locale.number(counters.recovered.value()));
  facts.add(Message::key_fetches, locale.number(counters.key_fetches.value()));
  facts.add(Message::validation_time,
            locale.duration(std::chrono::nanoseconds(static_cast<std::int64_t>(counters.nanoseconds.value()))));
  Table algorithms(
      locale, Message::algorithms_checked_title,
      {{Message::algorithm_column}, {Message::verified_column, Kind::number}, {Message::failed_column, Kind::number}});
  for (std::size_t i = 0; i < kAlgorithmClasses; ++i) {
    const std::uint64_t good = counters.verified[i].value(), failed = counters.failed[i].value();
    if (good + failed == 0) { continue; }
    algorithms.row({identifier(kAlgorithmIds[i]), locale.number(good), locale.number(failed)});
  }
  std::vector<Bar> reasons;
  for (std::size_t i = 1; i < kReasons; ++i) {
    const std::uint64_t failures = counters.failures[i].value();
    if (failures == 0) { continue; }
    reasons.push_back({identifier(reason_id(static_cast<Reason>(i))), failures, 0});
  }
  Html html = open_section(Message::validation_title, locale);
  html << facts.html() << "<div class=\"columns\"><div><h3>"_html << locale.text(Message::algorithms_checked_title)
       << "</h3>"_html << algorithms.html() << "</div>"_html
       << bar_table(Message::failures_title, Message::reason_column, reasons, Fill::refused, locale) << "</div>"_html
       << kCloseSection;
  return html;
}

Html answers(const FrontCounters& counters, const Locale& locale) {
  std::array<std::uint64_t, kAnswerSources> by_source{};
  std::uint64_t all = 0;
  for (const auto& standing : counters.answers) {
    for (std::size_t i = 0; i < kAnswerSources; ++i) {
      by_source[i] += standing[i].value();
      all += standing[i].value();
    }
  }
  constexpr std::array kNames{Message::source_cache, Message::source_recursion, Message::source_stale,
                              Message::source_synthesised, Message::source_local};
  static_assert(kNames.size() == kAnswerSources);
  std::vector<Bar> sources, codes, special;
  for (std::size_t i = 0; i < kAnswerSources; ++i) { sources.push_back({locale.text(kNames[i]), by_source[i], all}); }
  for (std::size_t i = 0; i < kRcodeClasses; ++i) {
    if (counters.rcodes[i].value() != 0) {
      codes.push_back({identifier(kRcodeIds[i]), counters.rcodes[i].value(), all});
    }
  }
  for (std::size_t i = 0; i < kSpecialNames; ++i) {
    const std::uint64_t number = counters.special_names[i].value();
    if (number != 0) { special.push_back({identifier(kSpecialNameIds[i]), number, 0}); }
  }
  Html html = open_section(Message::answers_title, locale);
  html << "<div class=\"columns narrow\">"_html
       << bar_table(Message::sources_title, Message::source_column, sources, Fill::genuine, locale)
       << bar_table(Message::rcodes_title, Message::rcode_column, codes, Fill::plain, locale)
       << bar_table(Message::special_title, Message::special_column, special, Fill::plain, locale) << "</div>"_html
       << kCloseSection;
  return html;
}

// What the operator's own rules did; nothing where there are none.
Html policy(const PolicyFigures& figures, const Locale& locale) {
  std::vector<Bar> lists, actions;
  for (const PolicyFigures::Source& source : figures.sources) {
    if (source.answers != 0) { lists.push_back({code(source.name), source.answers, figures.all_answers()}); }
  }
  for (std::size_t i = 0; i < kPolicyActionClasses; ++i) {
    if (figures.actions[i] != 0) { actions.push_back({identifier(kPolicyActionIds[i]), figures.actions[i], 0}); }
  }
  if (lists.empty() && actions.empty() && figures.stripped == 0 && figures.dns64 == 0) { return {}; }
  std::ranges::sort(lists, std::ranges::greater(), &Bar::value);
  Facts facts(locale);
  facts.add(Message::policy_stripped, locale.number(figures.stripped));
  facts.add(Message::policy_dns64, locale.number(figures.dns64));
  Html html = open_section(Message::policy_title, locale);
  html << "<div class=\"columns\">"_html
       << bar_table(Message::policy_lists_title, Message::policy_list_column, lists, Fill::plain, locale)
       << bar_table(Message::policy_actions_title, Message::policy_action_column, actions, Fill::plain, locale)
       << "</div>"_html << facts.html() << note(locale.text(Message::policy_note)) << kCloseSection;
  return html;
}

Html transports(const WorkerCounters& counters, const Locale& locale) {
  constexpr std::array<std::string_view, kTransports> kNames{"UDP",         "TCP",        "TLS (DoT)",
                                                             "HTTPS (DoH)", "QUIC (DoQ)", "HTTP/3 (DoH3)"};
  Table queries(
      locale, Message::transports_title,
      {{Message::transport_column}, {Message::ipv4_column, Kind::number}, {Message::ipv6_column, Kind::number}});
  for (std::size_t i = 0; i < kTransports; ++i) {
    queries.row({kNames[i], locale.number(counters.front.queries[i][0].value()),
                 locale.number(counters.front.queries[i][1].value())});
  }
  const TransportCounters& transport = counters.transport;
  const std::array<const SessionCounters*, kTransports - 1> sessions{&transport.tcp, &transport.tls, &transport.https,
                                                                     &transport.quic, &transport.http3};
  Table connections(locale, Message::connections_title,
                    {{Message::transport_column},
                     {Message::accepted_column, Kind::number},
                     {Message::refused_column, Kind::number},
                     {Message::handshakes_column, Kind::number},
                     {Message::resumed_column, Kind::number},
                     {Message::handshake_failures_column, Kind::number},
                     {Message::idle_column, Kind::number},
                     {Message::abuse_column, Kind::number}});
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    const SessionCounters& session = *sessions[i];
    connections.row({kNames[i + 1], locale.number(session.accepted.value()), locale.number(session.refused.value()),
                     locale.number(session.handshakes.value()), locale.number(session.resumed.value()),
                     locale.number(session.handshake_failures.value()), locale.number(session.closed_idle.value()),
                     locale.number(session.closed_abuse.value())});
  }
  Html html = open_section(Message::transports_title, locale);
  html << queries.html() << "<h3>"_html << locale.text(Message::connections_title) << "</h3>"_html << connections.html()
       << kCloseSection;
  return html;
}

Html process(const PageInput& input, const Locale& locale) {
  const StatusFigures& status = input.status;
  Facts facts(locale);
  facts.add(Message::process_memory, locale.octets(status.resident_octets));
  facts.add(Message::process_cpu, locale.duration(std::chrono::nanoseconds(static_cast<std::int64_t>(
                                      std::min(std::max(status.cpu_seconds, 0.0), 1e9) * 1e9))));
  facts.add(Message::process_workers, locale.number(status.workers));
  facts.add(Message::process_in_flight, locale.number(status.queries_in_flight));
  facts.add(Message::process_descriptors, locale.say(Message::of_at_most, {locale.number(status.open_descriptors),
                                                                           locale.number(status.max_descriptors)}));
  if (!status.confinement.text.empty()) {
    const Html text(status.confinement.text);
    facts.add(Message::process_confinement,
              status.confinement.is_whole ? text : locale.say(Message::process_confinement_partly, {text}));
  }
  Html html = open_section(Message::process_title, locale);
  html << facts.html() << kCloseSection;
  return html;
}

}  // namespace

Html operation_page(const PageInput& input, const Locale& locale) {
  const WorkerCounters& counters = *input.figures.counters;
  Html html = page_heading(
      Message::operation_title,
      locale.say(Message::operation_lead, {locale.when(input.figures.started),
                                           locale.span(seconds_between(input.figures.started, input.figures.taken))}),
      locale);
  html << load(input, locale) << latency(input, locale) << caches(input, locale) << answers(counters.front, locale)
       << validation(counters.validation, locale) << "<div class=\"columns\">"_html
       << upstream(counters.resolver, locale) << "<div>"_html << rejected(counters.resolver, locale)
       << clients(counters.front, locale) << process(input, locale) << "</div></div>"_html
       << policy(input.figures.policy, locale) << transports(counters, locale);
  return html;
}

}  // namespace vouch
