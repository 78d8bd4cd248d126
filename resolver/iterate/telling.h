// What is told of a judgement: to the recorder, whose figures and ledger it goes into, and to a trace where one is
// kept.
#pragma once

#include "resolver/dnssec/validator.h"
#include "telemetry/recorder.h"

namespace vouch {

// References both.
JudgementEvent judgement_event(const Question& question, const Judgement& judgement);
void tell_judged(const Question& question, const Verdict& verdict, const Budget& budget);

}  // namespace vouch
