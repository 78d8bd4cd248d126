#include "conf/zone_text.h"

#include <algorithm>
#include <utility>

namespace vouch {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) { text.remove_prefix(1); }
  while (!text.empty() && is_blank(text.back())) { text.remove_suffix(1); }
  return text;
}

class Splitter {
 public:
  std::expected<std::vector<ZoneLine>, ZoneTextFault> split(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (!take(text[i], i + 1 < text.size() ? text[i + 1] : '\n')) { return std::unexpected(fault_); }
    }
    if (depth_ > 0) { return std::unexpected(ZoneTextFault{start_line_, "a parenthesis that is never closed"}); }
    if (in_quotes_) { return std::unexpected(ZoneTextFault{start_line_, "a quotation mark that is never closed"}); }
    if (!end_record()) { return std::unexpected(fault_); }
    return std::move(records_);
  }

 private:
  bool take(char c, char next) {
    if (c == '\n') { return take_line_end(); }
    if (in_comment_) { return true; }
    if (escaped_) {
      escaped_ = false;
      current_.push_back(c);
      return true;
    }
    if (c == '\\' && next != '\n') {
      escaped_ = true;
      current_.push_back(c);
      return true;
    }
    if (c == '"') { in_quotes_ = !in_quotes_; }
    if (!in_quotes_) {
      if (c == ';') {
        in_comment_ = true;
        return true;
      }
      if (c == '(' || c == ')') { return take_parenthesis(c); }
    }
    current_.push_back(c == '\t' ? ' ' : c);
    return true;
  }

  bool take_parenthesis(char c) {
    if (c == ')' && depth_ == 0) { return fail("a closing parenthesis without an opening one"); }
    depth_ += c == '(' ? 1 : -1;
    current_.push_back(' ');
    return true;
  }

  bool take_line_end() {
    ++line_;
    in_comment_ = false;
    if (in_quotes_) { return fail("a quotation mark that is not closed in its line"); }
    if (depth_ > 0) {
      current_.push_back(' ');
      return true;
    }
    const bool good = end_record();
    current_.clear();
    start_line_ = line_;
    return good;
  }

  bool end_record() {
    const std::string_view content = trimmed(current_);
    if (content.empty()) { return true; }
    if (content.front() == '$') { return take_directive(content); }
    const bool owner_left_out = is_blank(current_.front());
    if (owner_left_out && last_owner_.empty()) { return fail("the first record has no owner name"); }
    if (!owner_left_out) { last_owner_ = content.substr(0, std::min(content.find(' '), content.size())); }
    records_.push_back({start_line_, owner_left_out ? last_owner_ + " " + std::string(content) : std::string(content)});
    return true;
  }

  bool take_directive(std::string_view content) {
    const std::size_t blank = std::min(content.find(' '), content.size());
    const std::string_view name = content.substr(0, blank);
    if (name == "$TTL") { return true; }
    if (name == "$ORIGIN" && trimmed(content.substr(blank)) == ".") { return true; }
    return fail("this directive is not known here; write names in full, with their final dot");
  }

  bool fail(std::string problem) {
    fault_ = {start_line_, std::move(problem)};
    return false;
  }

  std::vector<ZoneLine> records_;
  std::string current_;
  std::string last_owner_;
  ZoneTextFault fault_;
  int line_ = 1;
  int start_line_ = 1;
  int depth_ = 0;
  bool in_comment_ = false;
  bool in_quotes_ = false;
  bool escaped_ = false;
};

}  // namespace

std::expected<std::vector<ZoneLine>, ZoneTextFault> split_zone_text(std::string_view text) {
  return Splitter().split(text);
}

std::optional<std::string> single_record(std::string_view text) {
  auto records = split_zone_text(text);
  if (!records || records->size() != 1) { return std::nullopt; }
  return std::move(records->front().text);
}

}  // namespace vouch
