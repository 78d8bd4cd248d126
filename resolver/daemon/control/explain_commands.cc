#include "resolver/daemon/control/explain_commands.h"

#include "resolver/explain/render.h"

namespace vouch {

namespace {

// Longer than an explanation may take: two budgets, where a negative anchor stands in the way.
constexpr Duration kExplainPatience = std::chrono::seconds(20);

void explain_command(const ExplainCommandParts& parts, const CallPtr& call) {
  const auto name = call->name();
  if (!name) { return; }
  const auto type = call->type("type", Type::A);
  if (!type) { return; }
  const bool begun =
      parts.explaining.explain({*name, *type}, [post = parts.post, call](const ExplanationPtr& explanation) mutable {
        post([call, explanation] {
          if (explanation == nullptr) { return call->fail(control_code::kFailed, "no memory is left to explain with"); }
          call->done({{"text", explanation_text(*explanation)}, {"explanation", explanation_json(*explanation)}});
        });
      });
  if (!begun) {
    call->fail(control_code::kBusy,
               std::to_string(Explaining::kAtOnce) + " explanations are under way: try again in a few seconds");
  }
}

}  // namespace

void add_explain_command(ControlRegistry& registry, const ExplainCommandParts& parts) {
  registry.add({.name = "explain",
                .arguments = {"name", "type"},
                .run = [parts](const CallPtr& call) { explain_command(parts, call); },
                .patience = kExplainPatience});
}

}  // namespace vouch
