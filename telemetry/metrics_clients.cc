// What clients ask, and what they get.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "telemetry/metrics.h"
#include "telemetry/metrics_parts.h"

namespace vouch {

namespace {

constexpr bool can_occur(std::size_t standing, std::size_t source) {
  return static_cast<AnswerSource>(source) != AnswerSource::local ||
         static_cast<Standing>(standing) == Standing::unchecked;
}

void add_queries(MetricFamilies& families, const FrontCounters& front) {
  MetricFamilyBuilder queries =
      counter_family("vouch_client_queries_total", "Queries received, by transport and the IP version of the client.");
  for (std::size_t transport = 0; transport < kTransports; ++transport) {
    for (std::size_t family = 0; family < kFamilyIds.size(); ++family) {
      queries.add({{"transport", kTransportIds[transport]}, {"ip", kFamilyIds[family]}},
                  front.queries[transport][family]);
    }
  }
  std::move(queries).into(families);

  MetricFamilyBuilder aware = counter_family(
      "vouch_client_queries_dnssec_aware_total",
      "Queries that ask for signatures (bit do), or only whether the answer is authenticated (bit ad, without DO).");
  aware.add({{"bit", "do"}}, front.queries_do);
  aware.add({{"bit", "ad"}}, front.queries_ad);
  std::move(aware).into(families);

  add_counter(families, "vouch_client_queries_refused_total",
              "Queries answered REFUSED, or dropped, because the client may not ask.", front.refused);
  add_counter(families, "vouch_client_queries_dropped_total", "Queries that were given no reply.", front.dropped);
  add_counter(
      families, "vouch_client_queries_rate_limited_total",
      "Queries over UDP beyond the rate of their client's prefix: answered by a truncated answer, or not at all.",
      front.rate_limited);
  add_counter(families, "vouch_client_queries_stood_back_total",
              "Queries over UDP dropped while more was asked than could be answered, because their client's prefix had "
              "its share.",
              front.stood_back);
  add_counter(families, "vouch_client_queries_malformed_total", "Messages from clients that are no proper query.",
              front.malformed);
  add_counter(families, "vouch_client_queries_joined_total", "Queries that waited for another client's equal question.",
              front.joined_in_flight);
}

void add_answers(MetricFamilies& families, const FrontCounters& front) {
  MetricFamilyBuilder answers =
      counter_family("vouch_client_answers_total",
                     "Replies sent, by what validation found and where the data came from. Authenticated share: secure "
                     "over all but source local.");
  for (std::size_t standing = 0; standing < kStandings; ++standing) {
    for (std::size_t source = 0; source < kAnswerSources; ++source) {
      const Counter& count = front.answers[standing][source];
      if (!can_occur(standing, source) && count.value() == 0) { continue; }
      answers.add({{"validation", kStandingIds[standing]}, {"source", kAnswerSourceIds[source]}}, count);
    }
  }
  std::move(answers).into(families);

  MetricFamilyBuilder rcodes = counter_family("vouch_client_answer_rcodes_total", "Replies sent, by response code.");
  for (std::size_t i = 0; i < kRcodeClasses; ++i) { rcodes.add({{"rcode", kRcodeIds[i]}}, front.rcodes[i]); }
  std::move(rcodes).into(families);
  add_counter(families, "vouch_client_answers_truncated_total", "Replies over UDP with TC set: the client asks again.",
              front.truncated);

  MetricFamilyBuilder stale = counter_family("vouch_client_answers_stale_total",
                                             "Replies made of data that had expired (RFC 8767), by why: the client had "
                                             "waited long enough, its servers failed, "
                                             "had failed a moment ago, or it is asked behind the answer.");
  for (std::size_t i = 0; i < kStaleCauses; ++i) { stale.add({{"cause", kStaleCauseIds[i]}}, front.stale[i]); }
  std::move(stale).into(families);

  MetricFamilyBuilder durations = histogram_family(
      "vouch_client_answer_duration_seconds",
      "From a query's arrival to its reply, in this process. Of replies from the cache one in 64 is timed, so compare "
      "shapes and not counts; of those by recursion all are.");
  durations.add({{"source", "cache"}}, front.from_cache);
  durations.add({{"source", "recursion"}}, front.by_recursion);
  std::move(durations).into(families);

  MetricFamilyBuilder special =
      counter_family("vouch_special_use_answers_total",
                     "Names answered here and asked of nobody, by kind (RFC 6761 and its followers).");
  for (std::size_t i = 0; i < kSpecialNames; ++i) {
    special.add({{"category", kSpecialNameIds[i]}}, front.special_names[i]);
  }
  std::move(special).into(families);
}

void add_policy(MetricFamilies& families, const PolicyFigures& policy) {
  MetricFamilyBuilder actions = counter_family(
      "vouch_policy_actions_total", "Answers that a rule of a list or a policy zone had a say in, by what it did.");
  for (std::size_t i = 0; i < kPolicyActionClasses; ++i) {
    actions.add({{"action", kPolicyActionIds[i]}}, policy.actions[i]);
  }
  std::move(actions).into(families);
  MetricFamilyBuilder sources =
      counter_family("vouch_policy_answers_total",
                     "Answers that a rule changed or kept back, by its list or policy zone; _configuration: names in "
                     "the configuration itself; _other: those beyond 46.");
  for (const PolicyFigures::Source& source : policy.sources) { sources.add({{"list", source.name}}, source.answers); }
  if (!policy.sources.empty()) { std::move(sources).into(families); }  // no list, no series
  add_counter(families, "vouch_policy_answers_stripped_total", "Answers that rebinding protection took addresses from.",
              policy.stripped);
  add_counter(families, "vouch_dns64_answers_total", "AAAA answers made from IPv4 addresses (RFC 6147).", policy.dns64);
}

void add_tlds(MetricFamilies& families, const Figures& figures) {
  // With 100 TLDs six standings would be a third of all series: what neither proves nor refutes anything is one.
  constexpr std::array kToldApart{Standing::secure, Standing::insecure, Standing::bogus};
  MetricFamilyBuilder answers =
      counter_family("vouch_client_answers_tld_total",
                     "Replies sent by top-level domain of the name, for those asked most; the rest is _other. Replies "
                     "of source local are left out; validation other is indeterminate, nta and unchecked together.");
  for (const TldFigures& tld : figures.tlds) {
    std::uint64_t other = 0;
    for (const std::uint64_t count : tld.answers) { other += count; }
    for (const Standing standing : kToldApart) {
      const auto at = static_cast<std::size_t>(standing);
      answers.add({{"tld", tld.tld}, {"validation", kStandingIds[at]}}, tld.answers[at]);
      other -= tld.answers[at];
    }
    answers.add({{"tld", tld.tld}, {"validation", "other"}}, other);
  }
  std::move(answers).into(families);
}

void add_withheld(MetricFamilies& families, const Figures& figures) {
  MetricFamilyBuilder answers = counter_family(
      "vouch_client_answers_withheld_total",
      "Replies that said SERVFAIL because the data failed validation, repeats included. Refused is not attacked.");
  MetricFamilyBuilder lookups =
      counter_family("vouch_lookups_withheld_total",
                     "Distinct look-ups (client prefix, name, type) per minute that were withheld: a client that asks "
                     "five times is one. By what the cause looks like; most are mistakes of a zone's operator.");
  for (std::size_t i = 0; i < kEvidences; ++i) {
    answers.add({{"evidence", kEvidenceIds[i]}}, figures.withheld[i].answers);
    lookups.add({{"evidence", kEvidenceIds[i]}}, figures.withheld[i].lookups);
  }
  std::move(answers).into(families);
  std::move(lookups).into(families);
  add_counter(families, "vouch_client_answers_would_be_withheld_total",
              "Replies sent though their data failed validation, because it is only observed.", figures.shadow.answers);
  add_counter(families, "vouch_lookups_would_be_withheld_total",
              "Distinct look-ups per minute that enforcing would have withheld.", figures.shadow.lookups);
}

}  // namespace

void add_client_metrics(MetricFamilies& families, const Figures& figures) {
  add_queries(families, figures.counters->front);
  add_answers(families, figures.counters->front);
  add_policy(families, figures.policy);
  add_tlds(families, figures);
  add_withheld(families, figures);
  add_gauge(families, "vouch_client_prefixes",
            "Distinct client prefixes today, estimated, two significant digits; 0 stands for fewer than 10.",
            rounded(figures.clients.prefixes));
  add_gauge(families, "vouch_client_prefixes_only_encrypted",
            "Of these, those that never came in the clear today; 0 stands for fewer than 10.",
            rounded(figures.clients.only_encrypted));
}

}  // namespace vouch
