#include <algorithm>

#include "resolver/explain/explanation.h"

namespace vouch {

namespace {

// The zone whose servers were asked last, and in vain, on the way to the name or to where its aliases lead.
std::optional<Name> unreachable_zone(const Explanation& explanation) {
  const bool is_failure = explanation.is_refused() && !explanation.verdict.is_bogus();
  if (!is_failure || explanation.exchanges.empty()) { return std::nullopt; }
  std::vector<Name> names{explanation.question.name};
  for (const PartStory& part : explanation.parts) {
    if (part.type == Type::CNAME && part.set) { names.emplace_back(rdata_name(Type::CNAME, part.set->first_rdata())); }
  }
  for (auto exchange = explanation.exchanges.rbegin(); exchange != explanation.exchanges.rend(); ++exchange) {
    const auto leads_there = [&](const Name& name) { return name.view().is_at_or_below(exchange->question.name); };
    if (!std::ranges::any_of(names, leads_there)) { continue; }  // a look-up of a server's address
    return exchange->meaning.empty() ? std::optional(exchange->zone) : std::nullopt;
  }
  return std::nullopt;
}

CacheStory look_into_caches(const ExplainParts& parts, const Question& question, TtlTime now) {
  CacheStory story;
  story.failure = parts.caches->failures.find(question.name, question.type, now);
  story.entry = parts.caches->rrsets.find(question.name, question.type, now);
  if (parts.trust == nullptr) { return story; }
  const NameView name = question.name;
  for (std::size_t labels = 0; labels <= name.labels(); ++labels) {
    ZoneTrustPtr trust = parts.trust->find(name.suffix(u8(labels)), now);
    if (trust) { story.zones.push_back(std::move(trust)); }
  }
  return story;
}

PrivateResolverParts without_negatives(const PrivateResolverParts& parts) {
  PrivateResolverParts bare = parts;
  bare.anchors = std::make_shared<const AnchorSet>(parts.anchors->points(), std::vector<Name>{});
  return bare;
}

Task<std::unique_ptr<Explanation>> run(PrivateResolverParts parts, Question question) {
  auto explanation = std::make_unique<Explanation>();
  explanation->question = question;
  explanation->at = parts.clock.wall();
  explanation->start = parts.clock.monotonic();
  explanation->mode = parts.dnssec.mode;
  explanation->nsec3_max_iterations = parts.dnssec.nsec3_max_iterations;
  const auto resolver = std::make_unique<PrivateResolver>(std::move(parts));
  Trace trace;
  Budget budget(explanation->start);
  budget.observe(&trace);
  Resolver& asked = resolver->resolver();
  Answer answer = co_await asked.resolve(std::move(question), budget);
  explanation->answer = std::move(answer);
  explanation->verdict = explanation->answer.verdict;
  explanation->took = resolver->clock().monotonic() - explanation->start;
  tell_story(trace, *explanation);
  explanation->unreachable = unreachable_zone(*explanation);
  co_return explanation;
}

}  // namespace

Task<ExplanationPtr> explain(ExplainParts parts, Question question) {
  const TtlTime now = parts.resolver.clock.ttl();
  std::optional<CacheStory> cache;  // as it stands before anybody is asked
  if (parts.caches != nullptr) { cache = look_into_caches(parts, question, now); }
  std::unique_ptr<Explanation> explanation = co_await run(parts.resolver, question);
  explanation->cache = std::move(cache);
  if (explanation->verdict.reason() == Reason::negative_anchor) {
    const auto known = std::ranges::find_if(
        parts.negatives, [&](const NegativeAnchor& negative) { return negative.name == explanation->verdict.zone(); });
    explanation->negative = known != parts.negatives.end() ? *known : NegativeAnchor(Name(explanation->verdict.zone()));
    PrivateResolverParts bare = without_negatives(parts.resolver);
    std::unique_ptr<Explanation> otherwise = co_await run(std::move(bare), question);
    explanation->without_negative = std::move(otherwise);
  }
  co_return ExplanationPtr(std::move(explanation));
}

}  // namespace vouch
