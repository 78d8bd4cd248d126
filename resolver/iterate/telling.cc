#include "resolver/iterate/telling.h"

#include "resolver/dnssec/nsec3.h"
#include "resolver/dnssec/test_zones.h"
#include "resolver/dnssec/trace.h"

namespace vouch {

namespace {

// How the zone that signed the last of it signs.
void note_signatures(const Judgement& judgement, JudgementEvent& event) {
  event.algorithm = judgement.signature.algorithm;
  event.span = {judgement.signature.inception, judgement.signature.expiration};
  for (const RRsetPtr& proof : judgement.proofs) {
    using Denial = JudgementEvent::Denial;
    if (proof->type() == Type::NSEC) { event.denial = Denial::nsec; }
    const auto nsec3 = proof->type() == Type::NSEC3 ? nsec3_parameters(proof->first_rdata()) : std::nullopt;
    if (!nsec3) { continue; }
    if (event.denial != Denial::nsec3_opt_out) {
      event.denial = nsec3->opts_out() ? Denial::nsec3_opt_out : Denial::nsec3;
    }
    event.iterations = nsec3->iterations;
  }
}

}  // namespace

JudgementEvent judgement_event(const Question& question, const Judgement& judgement) {
  const Verdict& verdict = judgement.verdict;
  JudgementEvent event{.verdict = verdict, .name = question.name, .type = question.type, .zone = judgement.zone};
  event.is_test_zone = verdict.is_bogus() && is_test_zone(verdict.zone());
  if (verdict.is_secure()) { note_signatures(judgement, event); }
  return event;
}

void tell_judged(const Question& question, const Verdict& verdict, const Budget& budget) {
  if (Trace* const trace = budget.trace()) { trace->add(JudgedEvent{.question = question, .verdict = verdict}); }
}

}  // namespace vouch
