// QNAME minimisation (RFC 9156): how much of a name the servers of a zone get to see next. Pure.
#pragma once

#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

// RFC 9156 section 2.3: at most ten minimised questions, the first four of them one label longer each.
constexpr int kMaxMinimisedQuestions = 10;
constexpr int kOneLabelQuestions = 4;

class Minimiser {
 public:
  // For a name of `labels` labels from a zone of `known` labels on.
  Minimiser(int labels, int known) noexcept : labels_(labels), known_(known) {}

  // How many labels to show next: more than are known, at most all.
  int next() const noexcept {
    const int left = labels_ - known_;
    if (left <= 1 || asked_ >= kMaxMinimisedQuestions) { return labels_; }
    if (asked_ < kOneLabelQuestions) { return known_ + 1; }
    // The rest in equal steps, so that a name of 127 labels costs no more than the limit.
    const int questions = kMaxMinimisedQuestions - asked_;
    return known_ + (left + questions - 1) / questions;
  }
  // That many labels are now known to exist, or to be a zone cut; after a question or from the cache.
  void learnt(int labels, bool by_asking) noexcept {
    known_ = labels;
    asked_ += by_asking ? 1 : 0;
  }
  int known() const noexcept { return known_; }

 private:
  int labels_;
  int known_;
  int asked_ = 0;
};

}  // namespace vouch
