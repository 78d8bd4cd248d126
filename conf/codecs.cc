#include "conf/codecs.h"

namespace vouch {

const std::string* scalar_text(const YamlNode& node, std::string_view key, Problems& problems) {
  switch (node.kind) {
    case YamlNode::Kind::scalar:
      return &node.text;
    case YamlNode::Kind::null:
      report(node, key, {"has no value", "write one (`\"\"` for an empty text), or leave the line out for the default"},
             problems);
      return nullptr;
    case YamlNode::Kind::list:
      report(node, key, {"must be one value, not a list", "leave out the brackets or dashes"}, problems);
      return nullptr;
    case YamlNode::Kind::map:
      report(node, key, {"must be one value, not a map", "a text with a colon and a space in it needs quotes"},
             problems);
      return nullptr;
  }
  return nullptr;
}

const std::vector<YamlNode>* list_items(const YamlNode& node, std::string_view key, Problems& problems) {
  switch (node.kind) {
    case YamlNode::Kind::list:
      return &node.items;
    case YamlNode::Kind::null:
      report(node, key, {"has no value", "write `[]` for an empty list, or leave the line out for the default"},
             problems);
      return nullptr;
    case YamlNode::Kind::scalar:
      report(node, key, {"must be a list, not " + quoted_value(node.text), "put it in brackets: `[...]`"}, problems);
      return nullptr;
    case YamlNode::Kind::map:
      report(node, key, {"must be a list, not a map", "begin each item with `- `"}, problems);
      return nullptr;
  }
  return nullptr;
}

void report(const YamlNode& node, std::string_view key, ValueFault fault, Problems& problems) {
  problems.add(node, std::string(key) + ": " + fault.problem, std::move(fault.remedy));
}

std::string Number::describe(const Shape& shape) {
  std::string out;
  switch (shape.unit) {
    case Unit::none:
      out = "a whole number, ";
      break;
    case Unit::octets:
      out = "octets, maybe with K, M or G behind the number, ";
      break;
    case Unit::seconds:
      out = "seconds, or with s, m, h, d or w behind the number, ";
      break;
    case Unit::milliseconds:
      out = "milliseconds, or with ms, s or m behind the number, ";
      break;
  }
  out += show_number(shape.least, shape) + " to " + show_number(shape.most, shape);
  return shape.names.empty() ? out : out + ", or " + std::string(shape.names);
}

std::string Choice::describe(const Shape& shape) {
  const std::vector<std::string_view> names = split_names(shape.names);
  std::string out = "one of ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += (i == 0 ? "" : (i + 1 == names.size() ? " or " : ", ")) + std::string(names[i]);
  }
  return out;
}

void Text::read(const YamlNode& node, std::string_view key, const Shape& shape, std::string& field,
                Problems& problems) {
  const std::string* text = scalar_text(node, key, problems);
  if (text == nullptr) { return; }
  const std::size_t most = shape.most == 0 ? kMaxOctets : static_cast<std::size_t>(shape.most);
  if (text->size() > most) {
    report(node, key, {"is longer than " + std::to_string(most) + " octets", "shorten it"}, problems);
    return;
  }
  if (text->find_first_of(std::string_view("\0\r\n\t", 4)) != std::string::npos) {
    report(node, key, {quoted_value(*text) + " has a control character in it", "write it on one line"}, problems);
    return;
  }
  field = *text;
}

std::string Text::describe(const Shape& shape) {
  return shape.most == 0 ? "text" : "text, at most " + std::to_string(shape.most) + " octets";
}

void Secret::read(const YamlNode& node, std::string_view key, const Shape&, Buffer& field, Problems& problems) {
  const std::string* text = scalar_text(node, key, problems);
  if (text == nullptr) { return; }
  if (auto secret = parse_secret(*text)) {
    field = std::move(*secret);
  } else {
    report(node, key, std::move(secret.error()), problems);
  }
}

void SingleName::read(const YamlNode& node, std::string_view key, const Shape&, Name& field, Problems& problems) {
  const std::string* text = scalar_text(node, key, problems);
  if (text == nullptr) { return; }
  if (auto name = NameItem::parse(*text)) {
    field = *name;
  } else {
    report(node, key, std::move(name.error()), problems);
  }
}

}  // namespace vouch
