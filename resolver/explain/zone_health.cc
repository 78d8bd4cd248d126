#include "resolver/explain/zone_health.h"

#include <array>

namespace vouch {

namespace {

bool may_stand(const Answer& answer) {
  const bool is_judged = answer.verdict.is_secure() || answer.verdict.security() == Security::insecure;
  return is_judged && (answer.rcode == Rcode::no_error || answer.rcode == Rcode::name_error);
}

std::optional<Name> www_below(const Name& zone) { return Name::parse("www." + zone.text()); }

}  // namespace

Task<ZoneProber::Health> zone_health(PrivateResolverParts parts, Name zone) {
  // Another negative anchor, above it, would hide the zone's faults as well.
  parts.anchors = std::make_shared<const AnchorSet>(parts.anchors->points(), std::vector<Name>{});
  const Clock& clock = parts.clock;
  const auto resolver = std::make_unique<PrivateResolver>(std::move(parts));
  std::vector<Question> questions{{zone, Type::SOA}, {zone, Type::A}, {zone, Type::NUL}};
  if (const auto www = www_below(zone)) { questions.push_back({*www, Type::A}); }
  ZoneProber::Health health{.holds = true, .verdict = Verdict::secure()};
  Resolver& asked = resolver->resolver();
  for (const Question& question : questions) {
    Budget budget(clock.monotonic());
    const Answer answer = co_await asked.resolve(question, budget);
    health.verdict = weaker(health.verdict, answer.verdict);
    if (may_stand(answer)) { continue; }
    health.holds = false;
    co_return health;
  }
  co_return health;
}

}  // namespace vouch
