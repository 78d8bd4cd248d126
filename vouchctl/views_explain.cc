#include <algorithm>

#include "vouchctl/views.h"

namespace vouch {

namespace {

// The daemon has made the text fit for a terminal, line ends and all; an older or a false one is not believed to.
std::string printable_lines(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    out += printable(std::string_view(text).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out;
}

class ExplainView final : public View {
 public:
  std::string end(const Json& last) override {
    const auto text = last.find("text");
    if (text == last.end() || !text->is_string()) { return "vouchd has explained nothing.\n"; }
    return printable_lines(text->get_ref<const std::string&>());
  }
};

}  // namespace

std::string until_text(const Json& anchor) {
  const auto until = static_cast<std::int64_t>(number_in(anchor, "until"));
  return until == 0 ? "taken out" : time_text(until);
}

namespace {

std::string saved_text(const Json& last) {
  return flag_in(last, "saved") ? "" : "It is not remembered across a restart: " + text_in(last, "problem") + "\n";
}

class NtaAddView final : public View {
 public:
  std::string end(const Json& last) override {
    return "Nothing is validated at and below " + text_in(last, "zone") + " until " + until_text(last) +
           (flag_in(last, "stays") ? "" : ", or until it validates again") + ".\n" + saved_text(last);
  }
};

class NtaRemoveView final : public View {
 public:
  std::string end(const Json& last) override {
    const std::string zone = text_in(last, "zone");
    const bool is_off = last.contains("still_off_at") && last["still_off_at"].is_string();
    return (is_off ? "Validation stays switched off at " + zone + ": there is another at " +
                         text_in(last, "still_off_at") + " (nta list).\n"
                   : "Validation holds at " + zone + " again.\n") +
           saved_text(last);
  }
};

class NtaListView final : public View {
 public:
  std::string item(const Json& line) override {
    const bool was_checked = line.contains("last_check") && line["last_check"].is_number();
    std::string found = "-";
    if (was_checked) {
      found = (flag_in(line, "holds") ? "holds" : text_in(line, "verdict")) + " at " +
              time_text(static_cast<std::int64_t>(number_in(line, "last_check")));
    }
    rows_.push_back({text_in(line, "zone"), until_text(line) + (flag_in(line, "stays") ? " (stays)" : ""),
                     text_in(line, "source"), found, text_in(line, "reason")});
    return {};
  }
  std::string end(const Json&) override {
    return rows_.size() == 1 ? "There are no negative trust anchors: everything is validated.\n" : table_text(rows_);
  }

 private:
  Rows rows_{{"ZONE", "UNTIL", "SET BY", "LAST LOOK", "REASON"}};
};

}  // namespace

std::unique_ptr<View> explain_view(const Asked&) { return std::make_unique<ExplainView>(); }
std::unique_ptr<View> nta_add_view(const Asked&) { return std::make_unique<NtaAddView>(); }
std::unique_ptr<View> nta_remove_view(const Asked&) { return std::make_unique<NtaRemoveView>(); }
std::unique_ptr<View> nta_list_view(const Asked&) { return std::make_unique<NtaListView>(); }

}  // namespace vouch
