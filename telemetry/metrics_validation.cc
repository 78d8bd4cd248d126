// What validation did, and what it cost.
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "telemetry/metrics_parts.h"
#include "telemetry/metrics_reasons.h"

namespace vouch {

namespace {

constexpr std::array<std::string_view, 2> kProofIds{"nsec", "nsec3"};
constexpr std::array<std::string_view, 3> kSynthesisIds{"nxdomain", "nodata", "wildcard"};
constexpr std::array<std::string_view, 3> kIterationIds{"0", "1-50", "51+"};

void add_judgements(MetricFamilies& families, const ValidationCounters& counters) {
  MetricFamilyBuilder judged =
      counter_family("vouch_resolutions_judged_total",
                     "Resolutions by verdict, each once however many clients and cache hits it served. test_zone is "
                     "bogus, too, at a zone that is broken on purpose.");
  judged.add({{"validation", "secure"}}, counters.judged_secure);
  judged.add({{"validation", "insecure"}}, counters.judged_insecure);
  judged.add({{"validation", "bogus"}}, counters.judged_bogus);
  judged.add({{"validation", "indeterminate"}}, counters.judged_indeterminate);
  judged.add({{"validation", "test_zone"}}, counters.judged_test_zone);
  std::move(judged).into(families);

  MetricFamilyBuilder failures = counter_family(
      "vouch_validation_failures_total",
      "Resolutions that failed validation, by reason (docs/dnssec.md) and by what that reason looks like. Test zones "
      "have the reason test_zone.");
  for (std::size_t i = 0; i < kReasons; ++i) {
    const auto reason = static_cast<Reason>(i);
    if (!is_failure(reason) && counters.failures[i].value() == 0) { continue; }
    failures.add({{"reason", reason_label(reason)}, {"evidence", evidence_label(evidence_of(reason))}},
                 counters.failures[i]);
  }
  std::move(failures).into(families);
}

void add_work(MetricFamilies& families, const ValidationCounters& counters) {
  MetricFamilyBuilder signatures =
      counter_family("vouch_signature_verifications_total", "Signatures checked, by algorithm.");
  for (std::size_t i = 0; i < kAlgorithmClasses; ++i) {
    signatures.add({{"algorithm", kAlgorithmIds[i]}, {"result", "ok"}}, counters.verified[i]);
    signatures.add({{"algorithm", kAlgorithmIds[i]}, {"result", "fail"}}, counters.failed[i]);
  }
  std::move(signatures).into(families);
  add_counter(families, "vouch_validation_duration_seconds_total",
              "Time spent on checking signatures and proofs, all workers together.",
              static_cast<double>(counters.nanoseconds.value()) / 1e9);
  add_counter(families, "vouch_key_fetches_total", "DS and DNSKEY sets looked up for validation.",
              counters.key_fetches);
  add_counter(families, "vouch_second_opinions_total",
              "Data that another server was heard on before it was found to have failed.", counters.second_opinions);
  add_counter(families, "vouch_second_opinions_recovered_total",
              "Of these: what the other server gave held, and nobody noticed the failure.", counters.recovered);

  MetricFamilyBuilder synthesized =
      counter_family("vouch_synthesized_answers_total",
                     "Resolutions answered from proofs in the cache without asking anybody (RFC 8198).");
  for (std::size_t proof = 0; proof < kProofIds.size(); ++proof) {
    for (std::size_t result = 0; result < kSynthesisIds.size(); ++result) {
      synthesized.add({{"proof", kProofIds[proof]}, {"result", kSynthesisIds[result]}},
                      counters.synthesised[proof][result]);
    }
  }
  std::move(synthesized).into(families);
}

void add_adoption(MetricFamilies& families, const AdoptionFigures& adoption) {
  MetricFamilyBuilder algorithms = gauge_family(
      "vouch_signed_zones", "Distinct signed zones met in the last 24 to 48 hours, by algorithm; estimated (3 %).");
  for (std::size_t i = 0; i < kAlgorithmClasses; ++i) {
    algorithms.add({{"algorithm", kAlgorithmIds[i]}}, adoption.signed_zones[i]);
  }
  std::move(algorithms).into(families);

  MetricFamilyBuilder denial = gauge_family(
      "vouch_denial_zones",
      "Distinct zones met in the last 24 to 48 hours, by how they prove what is not there; estimated (3 %). "
      "RFC 9276 asks for 0 iterations.");
  denial.add({{"type", "nsec"}, {"iterations", kIterationIds[0]}, {"opt_out", "no"}}, adoption.denial_zones[0][0]);
  for (std::size_t i = 0; i < kIterationIds.size(); ++i) {
    denial.add({{"type", "nsec3"}, {"iterations", kIterationIds[i]}, {"opt_out", "no"}}, adoption.denial_zones[1][i]);
    denial.add({{"type", "nsec3"}, {"iterations", kIterationIds[i]}, {"opt_out", "yes"}}, adoption.denial_zones[2][i]);
  }
  std::move(denial).into(families);
}

}  // namespace

void add_validation_metrics(MetricFamilies& families, const Figures& figures) {
  add_judgements(families, figures.counters->validation);
  add_work(families, figures.counters->validation);
  add_adoption(families, figures.adoption);
}

}  // namespace vouch
