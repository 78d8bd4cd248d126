// Very many names: what is in is found, what is not is not, whatever their hashes are.
#include "resolver/policy/name_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace vouch {
namespace {

std::string found(const NameTable& table, std::string_view name) {
  const auto rule = table.find(HashedName(Name::of(name)));
  return rule ? rule->text() : "-";
}

TEST(NameTable, AnEmptyOneHoldsNothing) {
  NameTable table;
  EXPECT_EQ(found(table, "example."), "-");
  table.finish();
  EXPECT_EQ(found(table, "example."), "-");
  EXPECT_EQ(table.memory(), 0U);
}

TEST(NameTable, ReachSaysWhetherWhatIsBelowCounts) {
  NameTable table;
  EXPECT_EQ(table.add(Name::of("only.example."), NameReach::exact), NameTable::Added::yes);
  EXPECT_EQ(table.add(Name::of("all.example."), NameReach::and_below), NameTable::Added::yes);
  table.finish();
  EXPECT_EQ(found(table, "only.example."), "only.example.");
  EXPECT_EQ(found(table, "www.only.example."), "-");
  EXPECT_EQ(found(table, "all.example."), "all.example.");
  EXPECT_EQ(found(table, "a.b.all.example."), "all.example.");
  EXPECT_EQ(found(table, "example."), "-");
  EXPECT_EQ(found(table, "xall.example."), "-");
  EXPECT_EQ(found(table, "all.example.com."), "-");
}

TEST(NameTable, CaseDoesNotMatterAndRepetitionsAreKnown) {
  NameTable table;
  EXPECT_EQ(table.add(Name::of("MiXed.Example."), NameReach::exact), NameTable::Added::yes);
  EXPECT_EQ(table.add(Name::of("mixed.example."), NameReach::exact), NameTable::Added::known);
  EXPECT_EQ(found(table, "a.mixed.example."), "-");
  EXPECT_EQ(table.add(Name::of("mixed.EXAMPLE."), NameReach::and_below), NameTable::Added::known)
      << "and reaches further";
  table.finish();
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(found(table, "A.MIXED.example."), "mixed.example.");
}

TEST(NameTable, TheLongestEntryIsTold) {
  NameTable table;
  for (const char* name : {"example.", "b.example.", "a.b.example."}) {
    table.add(Name::of(name), NameReach::and_below);
  }
  EXPECT_EQ(found(table, "x.a.b.example."), "a.b.example.");
  EXPECT_EQ(found(table, "x.b.example."), "b.example.");
}

TEST(NameTable, DeepNamesAreRefusedAndLookedUpByTheirEnd) {
  std::string deep, deeper;
  for (std::size_t i = 0; i < HashedName::kMaxDepth; ++i) { deep += "a."; }
  for (std::size_t i = 0; i < kMaxLabels; ++i) { deeper += "a."; }
  NameTable table;
  EXPECT_EQ(table.add(Name::of("b." + deep), NameReach::exact), NameTable::Added::too_deep);
  EXPECT_EQ(table.add(Name::of(deep), NameReach::exact), NameTable::Added::yes);
  EXPECT_EQ(found(table, deep), deep);
  EXPECT_EQ(found(table, deeper), "-") << "exact, and the name is longer than what is hashed of it";
  table.add(Name::of(deep), NameReach::and_below);
  EXPECT_EQ(found(table, deeper), deep);
}

// Against a set that cannot be wrong; and it is exact: no innocent name is found.
TEST(NameTable, AHundredThousandNamesAgainstASet) {
  constexpr int kNames = 100'000;
  NameTable table;
  std::set<std::string> known;
  for (int i = 0; i < kNames; ++i) {
    const std::string text = "host" + std::to_string(i) + ".zone" + std::to_string(i % 977) + ".example.";
    known.insert(text);
    ASSERT_EQ(table.add(Name::of(text), NameReach::exact), NameTable::Added::yes);
  }
  table.finish();
  EXPECT_EQ(table.size(), static_cast<std::size_t>(kNames));
  for (const std::string& text : known) { ASSERT_EQ(found(table, text), text); }
  for (int i = kNames; i < 2 * kNames; ++i) {
    const std::string text = "host" + std::to_string(i) + ".zone" + std::to_string(i % 977) + ".example.";
    ASSERT_EQ(found(table, text), "-");
  }
  EXPECT_LT(table.memory(), kNames * 40U);
}

}  // namespace
}  // namespace vouch
