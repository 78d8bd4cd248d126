#include "conf/yaml_tree.h"

#include <gtest/gtest.h>

#include "tests/unit/conf/loading.h"

namespace vouch {
namespace {

TEST(YamlTree, KnowsWhereEverythingStands) {
  const auto tree = parse_yaml("a: 1\nb:\n  - x\n  - \"53\"\n");
  ASSERT_TRUE(tree);
  const YamlNode& root = tree->root;
  ASSERT_EQ(root.kind, YamlNode::Kind::map);
  ASSERT_EQ(root.keys.size(), 2U);
  EXPECT_EQ(root.keys[1].text, "b");
  EXPECT_EQ(root.keys[1].line, 2);
  const YamlNode& list = root.items[1];
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[1].text, "53");
  EXPECT_EQ(list.items[1].line, 4);
  EXPECT_EQ(list.items[1].column, 5);
  EXPECT_TRUE(list.items[1].quoted);
  EXPECT_FALSE(list.items[0].quoted);
}

// A billion laughs: nine lines that would stand for 10^9 values.
TEST(YamlTree, AliasesStandForNothing) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) { text += before + (j < 9 ? ", " : "]\n"); }
  }
  const auto tree = parse_yaml(text);
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->faults.size(), 89U);  // nine anchors, eighty aliases
  EXPECT_EQ(tree->faults[0].line, 1);
  EXPECT_EQ(tree->faults[0].problem, "anchors (`&name`) are not allowed here");
}

TEST(YamlTree, DepthSizeAndNumberAreBounded) {
  const std::string deep(kMaxYamlDepth + 1, '[');
  const auto too_deep = parse_yaml(deep + std::string(kMaxYamlDepth + 1, ']'));
  ASSERT_FALSE(too_deep);
  EXPECT_EQ(too_deep.error().problem, "lists and maps nested deeper than 8");
  EXPECT_TRUE(parse_yaml(std::string(kMaxYamlDepth, '[') + std::string(kMaxYamlDepth, ']')));

  // Far deeper than any stack would bear, closed and not.
  EXPECT_FALSE(parse_yaml(std::string(500'000, '[') + std::string(500'000, ']')));
  EXPECT_FALSE(parse_yaml(std::string(1'000'000, '{')));
  std::string dashes;
  for (int i = 0; i < 100'000; ++i) { dashes += "- "; }
  EXPECT_FALSE(parse_yaml(dashes));

  const auto too_large = parse_yaml(std::string(kMaxConfigOctets + 1, '#'));
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().problem, "larger than 1048576 octets");

  std::string many = "[";
  for (std::size_t i = 0; i < kMaxYamlNodes; ++i) { many += "1,"; }
  const auto too_many = parse_yaml(many + "1]");
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().problem, "more than 100000 values");
}

struct Broken {
  const char* text;
  int line;
};

TEST(YamlTree, SyntaxErrorsHaveTheirLine) {
  for (const Broken& broken :
       {Broken{"a: [1, 2\nb: 3\n", 2}, Broken{"a: 1\n\tb: 2\n", 2}, Broken{"a: \"x\n", 3}, Broken{"a: 'x", 2},
        Broken{"a: 1\n  b: 2\n", 2}, Broken{"ok: 1\nlisten: ::1@53: 7\n", 2}}) {
    const auto tree = parse_yaml(broken.text);
    ASSERT_FALSE(tree) << broken.text;
    EXPECT_EQ(tree.error().line, broken.line) << broken.text;
    EXPECT_TRUE(tree.error().problem.starts_with("not valid YAML: ")) << tree.error().problem;
  }
}

TEST(YamlTree, ControlCharactersAreRefusedWhereTheyStand) {
  const auto tree = parse_yaml(std::string_view("a: 1\nb: x\0y\n", 12));
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().line, 2);
  EXPECT_EQ(tree.error().column, 5);
  EXPECT_EQ(tree.error().problem, "a control character (octet 0)");
}

TEST(YamlTree, TagsAndSecondDocumentsAreFaults) {
  EXPECT_EQ(complaints("cache: {size: !!int 100M}\n"),
            (std::vector<std::string>{"conf/test.yaml:1:15: tags (`!name`) are not allowed here; leave the tag out"}));
  EXPECT_EQ(complaints("cache: {size: 100M}\n---\ncache: {size: 1M}\n"),
            (std::vector<std::string>{
                "conf/test.yaml:3:1: a second document (`---`) in one file; one file is one configuration"}));
}

TEST(YamlTree, KeysMustBeWords) {
  EXPECT_EQ(
      complaints("server: {[a]: b}\n"),
      (std::vector<std::string>{"conf/test.yaml:1:10: a key in `server` that is not a word; write `name: value`"}));
}

}  // namespace
}  // namespace vouch
