#include "resolver/daemon/statistics.h"

#include <array>

#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

struct Row {
  std::string_view name;
  std::uint64_t (*of)(const WorkerCounters& counters);
};

// A counter, or counters by kind.
std::uint64_t sum_of(const Counter& counter) { return counter.value(); }
std::uint64_t sum_of(const DurationHistogram& histogram);
template <typename T, std::size_t N>
std::uint64_t sum_of(const std::array<T, N>& kinds) {
  std::uint64_t sum = 0;
  for (const T& kind : kinds) { sum += sum_of(kind); }
  return sum;
}
std::uint64_t sum_of(const DurationHistogram& histogram) { return sum_of(histogram.buckets); }

template <auto Group, auto Field>
constexpr Row row(std::string_view name) {
  return {name, [](const WorkerCounters& counters) { return sum_of((counters.*Group).*Field); }};
}
template <auto Field>
constexpr Row front(std::string_view name) {
  return row<&WorkerCounters::front, Field>(name);
}
template <auto Field>
constexpr Row resolver(std::string_view name) {
  return row<&WorkerCounters::resolver, Field>(name);
}
template <auto Field>
constexpr Row validation(std::string_view name) {
  return row<&WorkerCounters::validation, Field>(name);
}
template <auto Field>
constexpr Row shared(std::string_view name) {
  return row<&WorkerCounters::shared_cache, Field>(name);
}
template <auto Field>
constexpr Row transport(std::string_view name) {
  return row<&WorkerCounters::transport, Field>(name);
}
template <auto Protocol, auto Field>
constexpr Row sessions(std::string_view name) {
  return {name, [](const WorkerCounters& counters) { return sum_of((counters.transport.*Protocol).*Field); }};
}
// Queries that came by one transport, or by a later one that is encrypted.
template <std::size_t First, std::size_t Last>
constexpr Row queries(std::string_view name) {
  return {name, [](const WorkerCounters& counters) {
            std::uint64_t sum = 0;
            for (std::size_t i = First; i <= Last; ++i) { sum += sum_of(counters.front.queries[i]); }
            return sum;
          }};
}
template <AnswerSource Source>
constexpr Row answers(std::string_view name) {
  return {name, [](const WorkerCounters& counters) {
            std::uint64_t sum = 0;
            for (const auto& standing : counters.front.answers) {
              sum += standing[static_cast<std::size_t>(Source)].value();
            }
            return sum;
          }};
}
template <StaleCause Cause>
constexpr Row stale(std::string_view name) {
  return {name,
          [](const WorkerCounters& counters) { return counters.front.stale[static_cast<std::size_t>(Cause)].value(); }};
}
template <Standing Which>
constexpr Row standing(std::string_view name) {
  return {name, [](const WorkerCounters& counters) {
            return sum_of(counters.front.answers[static_cast<std::size_t>(Which)]);
          }};
}
template <std::size_t First, std::size_t Last = First>
constexpr Row rcodes(std::string_view name) {
  return {name, [](const WorkerCounters& counters) {
            std::uint64_t sum = 0;
            for (std::size_t i = First; i <= Last; ++i) { sum += counters.front.rcodes[i].value(); }
            return sum;
          }};
}
template <auto Group, auto Histogram>
constexpr Row nanoseconds(std::string_view name) {
  return {name, [](const WorkerCounters& counters) { return ((counters.*Group).*Histogram).nanoseconds.value(); }};
}

constexpr auto kRows = std::to_array<Row>({
    queries<0, 0>("queries_udp"),
    queries<1, 1>("queries_tcp"),
    queries<kFirstEncryptedTransport, kTransports - 1>("queries_encrypted"),
    front<&FrontCounters::queries_do>("queries_do"),
    front<&FrontCounters::queries_ad>("queries_ad"),
    answers<AnswerSource::cache>("answered_from_cache"),
    answers<AnswerSource::recursion>("answered_by_resolution"),
    answers<AnswerSource::local>("answered_locally"),
    answers<AnswerSource::stale>("answered_stale"),
    stale<StaleCause::timeout>("stale_after_timeout"),
    stale<StaleCause::failure>("stale_after_failure"),
    stale<StaleCause::recent_failure>("stale_after_recent_failure"),
    stale<StaleCause::at_once>("stale_at_once"),
    answers<AnswerSource::synthesised>("answered_from_proofs"),
    standing<Standing::secure>("answers_secure"),
    standing<Standing::insecure>("answers_insecure"),
    standing<Standing::bogus>("answers_bogus"),
    standing<Standing::indeterminate>("answers_indeterminate"),
    standing<Standing::negative_anchor>("answers_below_negative_anchor"),
    standing<Standing::unchecked>("answers_unchecked"),
    front<&FrontCounters::special_names>("special_names"),
    front<&FrontCounters::refused>("refused"),
    front<&FrontCounters::dropped>("dropped"),
    front<&FrontCounters::malformed>("malformed"),
    front<&FrontCounters::rate_limited>("rate_limited"),
    front<&FrontCounters::stood_back>("stood_back"),
    front<&FrontCounters::joined_in_flight>("joined_in_flight"),
    rcodes<0>("no_error"),
    rcodes<3>("name_error"),
    rcodes<2>("server_failure"),
    rcodes<1, 1>("format_error"),
    rcodes<4, kRcodeClasses - 1>("other_rcode"),
    front<&FrontCounters::truncated>("truncated"),
    front<&FrontCounters::internal_errors>("front_internal_errors"),
    front<&FrontCounters::from_cache>("timed_from_cache"),
    nanoseconds<&WorkerCounters::front, &FrontCounters::from_cache>("timed_from_cache_ns"),
    front<&FrontCounters::by_recursion>("timed_by_resolution"),
    nanoseconds<&WorkerCounters::front, &FrontCounters::by_recursion>("timed_by_resolution_ns"),
    resolver<&ResolverCounters::upstream_udp>("upstream_udp"),
    resolver<&ResolverCounters::upstream_tcp>("upstream_tcp"),
    resolver<&ResolverCounters::upstream_tls>("upstream_tls"),
    resolver<&ResolverCounters::upstream_timeouts>("upstream_timeouts"),
    resolver<&ResolverCounters::upstream_unreachable>("upstream_unreachable"),
    resolver<&ResolverCounters::upstream_untrusted>("upstream_untrusted"),
    resolver<&ResolverCounters::replies_rejected_id>("replies_rejected_id"),
    resolver<&ResolverCounters::replies_rejected_question>("replies_rejected_question"),
    resolver<&ResolverCounters::replies_rejected_case>("replies_rejected_case"),
    resolver<&ResolverCounters::replies_rejected_cookie>("replies_rejected_cookie"),
    resolver<&ResolverCounters::replies_rejected_malformed>("replies_rejected_malformed"),
    resolver<&ResolverCounters::replies_lame>("replies_lame"),
    resolver<&ResolverCounters::records_scrubbed>("records_scrubbed"),
    resolver<&ResolverCounters::tcp_after_truncation>("tcp_after_truncation"),
    resolver<&ResolverCounters::tcp_after_forgery>("tcp_after_forgery"),
    resolver<&ResolverCounters::asked>("questions"),
    resolver<&ResolverCounters::minimised>("minimised_queries"),
    resolver<&ResolverCounters::minimisation_fallbacks>("minimisation_fallbacks"),
    resolver<&ResolverCounters::exchanges_shared>("exchanges_shared"),
    resolver<&ResolverCounters::budget_spent>("budget_spent"),
    resolver<&ResolverCounters::internal_errors>("resolver_internal_errors"),
    resolver<&ResolverCounters::round_trip>("round_trips"),
    nanoseconds<&WorkerCounters::resolver, &ResolverCounters::round_trip>("round_trips_ns"),
    validation<&ValidationCounters::judged_secure>("judged_secure"),
    validation<&ValidationCounters::judged_insecure>("judged_insecure"),
    validation<&ValidationCounters::judged_bogus>("judged_bogus"),
    validation<&ValidationCounters::judged_indeterminate>("judged_indeterminate"),
    validation<&ValidationCounters::judged_test_zone>("judged_test_zone"),
    validation<&ValidationCounters::failures>("failures"),
    validation<&ValidationCounters::verified>("signatures_verified"),
    validation<&ValidationCounters::failed>("signatures_failed"),
    validation<&ValidationCounters::nanoseconds>("validation_ns"),
    validation<&ValidationCounters::second_opinions>("second_opinions"),
    validation<&ValidationCounters::recovered>("recovered"),
    validation<&ValidationCounters::key_fetches>("key_fetches"),
    validation<&ValidationCounters::synthesised>("synthesised"),
    shared<&SharedCacheCounters::hits>("shared_cache_hits"),
    shared<&SharedCacheCounters::misses>("shared_cache_misses"),
    shared<&SharedCacheCounters::late>("shared_cache_late"),
    shared<&SharedCacheCounters::broken_off>("shared_cache_broken_off"),
    shared<&SharedCacheCounters::refused>("shared_cache_refused"),
    shared<&SharedCacheCounters::stores>("shared_cache_stores"),
    shared<&SharedCacheCounters::dropped>("shared_cache_dropped"),
    shared<&SharedCacheCounters::pauses>("shared_cache_pauses"),
    shared<&SharedCacheCounters::resumptions>("shared_cache_resumptions"),
    shared<&SharedCacheCounters::connections>("shared_cache_connections"),
    shared<&SharedCacheCounters::disconnections>("shared_cache_disconnections"),
    shared<&SharedCacheCounters::failures>("shared_cache_failures"),
    shared<&SharedCacheCounters::waited>("shared_cache_waited"),
    nanoseconds<&WorkerCounters::shared_cache, &SharedCacheCounters::waited>("shared_cache_waited_ns"),
    transport<&TransportCounters::udp_received>("udp_received"),
    transport<&TransportCounters::udp_sent>("udp_sent"),
    transport<&TransportCounters::udp_send_failed>("udp_send_failed"),
    transport<&TransportCounters::dnstap_sent>("dnstap_sent"),
    transport<&TransportCounters::dnstap_cut_off>("dnstap_cut_off"),
    transport<&TransportCounters::dnstap_overflowed>("dnstap_overflowed"),
    transport<&TransportCounters::dnstap_unheard>("dnstap_unheard"),
    sessions<&TransportCounters::tcp, &SessionCounters::accepted>("tcp_accepted"),
    sessions<&TransportCounters::tcp, &SessionCounters::refused>("tcp_refused"),
    sessions<&TransportCounters::tcp, &SessionCounters::handshakes>("tcp_handshakes"),
    sessions<&TransportCounters::tcp, &SessionCounters::resumed>("tcp_resumed"),
    sessions<&TransportCounters::tcp, &SessionCounters::handshake_failures>("tcp_handshake_failures"),
    sessions<&TransportCounters::tcp, &SessionCounters::closed_idle>("tcp_closed_idle"),
    sessions<&TransportCounters::tcp, &SessionCounters::closed_abuse>("tcp_closed_abuse"),
    sessions<&TransportCounters::tcp, &SessionCounters::octets_received>("tcp_octets_received"),
    sessions<&TransportCounters::tcp, &SessionCounters::octets_sent>("tcp_octets_sent"),
    sessions<&TransportCounters::tls, &SessionCounters::accepted>("tls_accepted"),
    sessions<&TransportCounters::tls, &SessionCounters::refused>("tls_refused"),
    sessions<&TransportCounters::tls, &SessionCounters::handshakes>("tls_handshakes"),
    sessions<&TransportCounters::tls, &SessionCounters::resumed>("tls_resumed"),
    sessions<&TransportCounters::tls, &SessionCounters::handshake_failures>("tls_handshake_failures"),
    sessions<&TransportCounters::tls, &SessionCounters::closed_idle>("tls_closed_idle"),
    sessions<&TransportCounters::tls, &SessionCounters::closed_abuse>("tls_closed_abuse"),
    sessions<&TransportCounters::tls, &SessionCounters::octets_received>("tls_octets_received"),
    sessions<&TransportCounters::tls, &SessionCounters::octets_sent>("tls_octets_sent"),
    sessions<&TransportCounters::https, &SessionCounters::accepted>("https_accepted"),
    sessions<&TransportCounters::https, &SessionCounters::refused>("https_refused"),
    sessions<&TransportCounters::https, &SessionCounters::handshakes>("https_handshakes"),
    sessions<&TransportCounters::https, &SessionCounters::resumed>("https_resumed"),
    sessions<&TransportCounters::https, &SessionCounters::handshake_failures>("https_handshake_failures"),
    sessions<&TransportCounters::https, &SessionCounters::closed_idle>("https_closed_idle"),
    sessions<&TransportCounters::https, &SessionCounters::closed_abuse>("https_closed_abuse"),
    sessions<&TransportCounters::https, &SessionCounters::octets_received>("https_octets_received"),
    sessions<&TransportCounters::https, &SessionCounters::octets_sent>("https_octets_sent"),
    sessions<&TransportCounters::quic, &SessionCounters::accepted>("quic_accepted"),
    sessions<&TransportCounters::quic, &SessionCounters::refused>("quic_refused"),
    sessions<&TransportCounters::quic, &SessionCounters::handshakes>("quic_handshakes"),
    sessions<&TransportCounters::quic, &SessionCounters::resumed>("quic_resumed"),
    sessions<&TransportCounters::quic, &SessionCounters::handshake_failures>("quic_handshake_failures"),
    sessions<&TransportCounters::quic, &SessionCounters::closed_idle>("quic_closed_idle"),
    sessions<&TransportCounters::quic, &SessionCounters::closed_abuse>("quic_closed_abuse"),
    sessions<&TransportCounters::quic, &SessionCounters::octets_received>("quic_octets_received"),
    sessions<&TransportCounters::quic, &SessionCounters::octets_sent>("quic_octets_sent"),
    sessions<&TransportCounters::http3, &SessionCounters::accepted>("http3_accepted"),
    sessions<&TransportCounters::http3, &SessionCounters::refused>("http3_refused"),
    sessions<&TransportCounters::http3, &SessionCounters::handshakes>("http3_handshakes"),
    sessions<&TransportCounters::http3, &SessionCounters::resumed>("http3_resumed"),
    sessions<&TransportCounters::http3, &SessionCounters::handshake_failures>("http3_handshake_failures"),
    sessions<&TransportCounters::http3, &SessionCounters::closed_idle>("http3_closed_idle"),
    sessions<&TransportCounters::http3, &SessionCounters::closed_abuse>("http3_closed_abuse"),
    sessions<&TransportCounters::http3, &SessionCounters::octets_received>("http3_octets_received"),
    sessions<&TransportCounters::http3, &SessionCounters::octets_sent>("http3_octets_sent"),
});

}  // namespace

std::string statistics_line(std::span<const WorkerCounters* const> workers) {
  std::string line;
  for (const Row& row : kRows) {
    std::uint64_t sum = 0;
    for (const WorkerCounters* worker : workers) { sum += row.of(*worker); }
    line += (line.empty() ? "" : " ") + std::string(row.name) + "=" + std::to_string(sum);
  }
  return line;
}

}  // namespace vouch
