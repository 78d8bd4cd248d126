// A YAML document as a small tree in which every node knows its line, built from yaml-cpp's events with a bound on
// everything.
//
// Of YAML we take maps, lists and scalars. Anchors, aliases, tags and further documents are refused: a configuration
// needs none of them, and with aliases a kilobyte of text can stand for a billion values.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace vouch {

inline constexpr std::size_t kMaxConfigOctets = std::size_t{1} << 20;  // a hundred times the commented default file
inline constexpr std::size_t kMaxYamlDepth = 8;                        // the schema needs five
inline constexpr std::size_t kMaxYamlNodes = 100'000;  // a large ISP's list of prefixes has some thousands

struct YamlNode {
  enum class Kind : unsigned char { null, scalar, list, map };
  Kind kind = Kind::null;
  bool quoted = false;          // "53" and 53 are told apart where it matters
  int line = 0;                 // from 1
  int column = 0;               // from 1
  std::string text;             // of a scalar
  std::vector<YamlNode> keys;   // of a map: scalars, as many as items
  std::vector<YamlNode> items;  // of a list or a map, in the file's order
};

struct YamlFault {
  int line = 0;
  int column = 0;
  std::string problem;
  std::string remedy;
};

struct YamlTree {
  YamlNode root;                  // null for an empty document
  std::vector<YamlFault> faults;  // anchors, tags and the like: the rest of the tree is there all the same
};

// The fault of a document that cannot be read on: bad syntax, or larger, deeper or longer than the bounds.
std::expected<YamlTree, YamlFault> parse_yaml(std::string_view text);

}  // namespace vouch
