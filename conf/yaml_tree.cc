#include "conf/yaml_tree.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "conf/config_error.h"

namespace vouch {

namespace {

// Thrown out of yaml-cpp's parser from within a handler; caught below, so that nothing leaves this file.
struct TooMuch {
  YamlFault fault;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    leaf(start(mark, "", anchor, YamlNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fault(mark, "aliases (`*name`) are not allowed here", "write the value out");
    leaf(start(mark, "", YAML::NullAnchor, YamlNode::Kind::null));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = start(mark, tag, anchor, YamlNode::Kind::scalar);
    node.quoted = tag == "!";
    node.text = value;
    leaf(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(start(mark, tag, anchor, YamlNode::Kind::list));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(start(mark, tag, anchor, YamlNode::Kind::map));
  }
  void OnMapEnd() override { close(); }

  YamlTree take() { return std::move(tree_); }

 private:
  // A node under construction, and whether its next child is a key.
  struct Open {
    YamlNode node;
    bool wants_key = true;
  };

  YamlNode start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    if (++nodes_ > kMaxYamlNodes) {
      throw TooMuch{{mark.line + 1, mark.column + 1, "more than " + std::to_string(kMaxYamlNodes) + " values", ""}};
    }
    if (anchor != YAML::NullAnchor) { fault(mark, "anchors (`&name`) are not allowed here", "leave the anchor out"); }
    if (!tag.empty() && tag != "?" && tag != "!") {
      fault(mark, "tags (`!name`) are not allowed here", "leave the tag out");
    }
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void fault(const YAML::Mark& mark, std::string problem, std::string remedy) {
    if (tree_.faults.size() > kMaxConfigErrors) { return; }
    tree_.faults.push_back({mark.line + 1, mark.column + 1, std::move(problem), std::move(remedy)});
  }

  void open(YamlNode node) {
    if (open_.size() == kMaxYamlDepth) {
      throw TooMuch{{node.line, node.column, "lists and maps nested deeper than " + std::to_string(kMaxYamlDepth),
                     "no key needs that"}};
    }
    open_.push_back({.node = std::move(node)});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    leaf(std::move(node));
  }

  void leaf(YamlNode node) {
    if (open_.empty()) {
      tree_.root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::map && parent.wants_key) {
      parent.node.keys.push_back(std::move(node));
    } else {
      if (parent.node.kind == YamlNode::Kind::map && node.kind == YamlNode::Kind::null) {
        // The parser notices a missing value only at whatever comes next, which may be lines away.
        node.line = parent.node.keys.back().line;
        node.column = parent.node.keys.back().column;
      }
      parent.node.items.push_back(std::move(node));
    }
    parent.wants_key = !parent.wants_key;
  }

  YamlTree tree_;
  std::vector<Open> open_;
  std::size_t nodes_ = 0;
};

// yaml-cpp's words for what people really do wrong.
std::string remedy_for(const std::string& problem) {
  if (problem.find("end of map") != std::string::npos || problem.find("illegal map value") != std::string::npos) {
    return "look at the indentation, and put values with a colon, such as IPv6 addresses, in quotes";
  }
  if (problem.find("EOF in scalar") != std::string::npos) { return "a quotation mark is never closed"; }
  if (problem.find("tab") != std::string::npos) { return "indent with spaces"; }
  return "";
}

// Characters that YAML forbids outright and that only confuse its scanner. Nothing: there are none.
std::optional<YamlFault> forbidden_character(std::string_view text) {
  const auto at = std::ranges::find_if(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
  });
  if (at == text.end()) { return std::nullopt; }
  const std::string_view before = text.substr(0, static_cast<std::size_t>(at - text.begin()));
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return YamlFault{.line = 1 + static_cast<int>(std::ranges::count(before, '\n')),
                   .column = 1 + static_cast<int>(before.size() - line_start),
                   .problem = "a control character (octet " + std::to_string(static_cast<unsigned char>(*at)) + ")",
                   .remedy = "the file must be plain text, UTF-8"};
}

}  // namespace

std::expected<YamlTree, YamlFault> parse_yaml(std::string_view text) {
  if (text.size() > kMaxConfigOctets) {
    return std::unexpected(YamlFault{0, 0, "larger than " + std::to_string(kMaxConfigOctets) + " octets", ""});
  }
  if (auto fault = forbidden_character(text)) { return std::unexpected(std::move(*fault)); }
  try {
    // Without this last line, yaml-cpp takes a quotation mark that is never closed for one that the file's last newline
    // closes.
    std::istringstream stream{std::string(text) + "\n#"};
    YAML::Parser parser(stream);
    TreeBuilder builder;
    parser.HandleNextDocument(builder);
    YamlTree tree = builder.take();
    TreeBuilder second;
    if (parser.HandleNextDocument(second)) {
      const YamlNode root = second.take().root;
      tree.faults.push_back(
          {root.line, root.column, "a second document (`---`) in one file", "one file is one configuration"});
    }
    return tree;
  } catch (const TooMuch& too_much) { return std::unexpected(too_much.fault); } catch (const YAML::Exception& error) {
    return std::unexpected(
        YamlFault{error.mark.line + 1, error.mark.column + 1, "not valid YAML: " + error.msg, remedy_for(error.msg)});
  } catch (const std::exception& error) {
    return std::unexpected(YamlFault{0, 0, std::string("cannot be read: ") + error.what(), ""});
  }
}

}  // namespace vouch
