#include "resolver/iterate/minimise.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

TEST(Minimiser, ShowsOneLabelMoreAtATime) {
  Minimiser minimiser(3, 0);
  EXPECT_EQ(minimiser.next(), 1);
  minimiser.learnt(1, true);
  EXPECT_EQ(minimiser.next(), 2);
  minimiser.learnt(2, true);
  EXPECT_EQ(minimiser.next(), 3);
}

TEST(Minimiser, NeverAsksMoreThanTheLimitHoweverLongTheName) {
  for (int labels = 0; labels <= 127; ++labels) {
    Minimiser minimiser(labels, 0);
    int questions = 1;
    for (int shown = minimiser.next(); shown < labels; shown = minimiser.next()) {
      ASSERT_GT(shown, minimiser.known());
      minimiser.learnt(shown, true);
      ++questions;
    }
    EXPECT_EQ(minimiser.next(), labels);
    EXPECT_LE(questions, kMaxMinimisedQuestions + 1) << labels;
  }
}

TEST(Minimiser, WhatTheCacheKnowsCostsNoQuestion) {
  Minimiser minimiser(20, 0);
  for (int label = 1; label < 10; ++label) { minimiser.learnt(label, false); }
  EXPECT_EQ(minimiser.next(), 10);  // still in the one-label part
}

}  // namespace
}  // namespace vouch
