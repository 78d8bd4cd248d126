// Which questions led to this one: the client's, then for each server name without address the question for it. Lives
// on the coroutine frames of those that wait; a question that stands in its own lineage would wait for itself for ever.
#pragma once

#include "resolver/wire/answer.h"

namespace vouch {

struct Lineage {
  const Question* question = nullptr;
  const Lineage* above = nullptr;
  std::uint32_t depth = 0;  // 0: the client's own question

  bool contains(NameView name, Type type) const noexcept {
    for (const Lineage* step = this; step != nullptr; step = step->above) {
      if (step->question->type == type && step->question->name == name) { return true; }
    }
    return false;
  }
};

}  // namespace vouch
