#include <algorithm>
#include <charconv>
#include <map>

#include "tests/scenarios/scenario.h"

namespace vouch::simulation {
namespace {

using Words = std::vector<std::string>;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// `marks` begin a comment, but not within quotes.
std::string_view without_comment(std::string_view line, std::string_view marks) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
      continue;
    }
    if (line[i] == '"') { quoted = !quoted; }
    if (!quoted && marks.contains(line[i])) { return line.substr(0, i); }
  }
  return line;
}

Words words_of(std::string_view line) {
  Words words;
  std::size_t at = 0;
  while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
    const auto end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) { return std::nullopt; }
  return value;
}

int open_parentheses(std::string_view line) {
  int open = 0;
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') { quoted = !quoted; }
    if (!quoted) { open += c == '(' ? 1 : c == ')' ? -1 : 0; }
  }
  return open;
}

bool set_match(Match& match, std::string_view word) {
  static const std::map<std::string_view, bool Match::*> kParts = {{"opcode", &Match::opcode},
                                                                   {"qtype", &Match::qtype},
                                                                   {"qname", &Match::qname},
                                                                   {"qcase", &Match::qcase},
                                                                   {"subdomain", &Match::subdomain},
                                                                   {"flags", &Match::flags},
                                                                   {"rcode", &Match::rcode},
                                                                   {"answer", &Match::answer},
                                                                   {"authority", &Match::authority},
                                                                   {"additional", &Match::additional},
                                                                   {"edns", &Match::edns},
                                                                   {"nsid", &Match::nsid},
                                                                   {"DO", &Match::dnssec_ok},
                                                                   {"ttl", &Match::ttl},
                                                                   {"TCP", &Match::tcp},
                                                                   {"UDP", &Match::udp}};
  if (word == "question") {
    match.qname = match.qtype = true;
  } else if (word == "all") {
    for (const auto part : {&Match::opcode, &Match::qtype, &Match::qname, &Match::flags, &Match::rcode, &Match::answer,
                            &Match::authority, &Match::additional}) {
      match.*part = true;
    }
  } else {
    const auto part = kParts.find(word);
    if (part == kParts.end()) { return false; }
    match.*part->second = true;
  }
  return true;
}

bool set_adjust(Adjust& adjust, std::string_view word) {
  if (word == "copy_id") {
    adjust.copy_id = true;
  } else if (word == "copy_query") {
    adjust.copy_query = true;
  } else if (word == "do_not_answer") {
    adjust.do_not_answer = true;
  } else if (word == "raw_id") {
    adjust.raw_id = true;
  } else if (word.starts_with("sleep=") || word.starts_with("packet_sleep=")) {
    const auto seconds = number_of<std::uint32_t>(word.substr(word.find('=') + 1));
    if (!seconds) { return false; }
    adjust.sleep = *seconds;
  } else {
    return false;
  }
  return true;
}

bool set_reply(Message& message, std::string_view word) {
  static const std::map<std::string_view, bool Message::*> kFlags = {
      {"QR", &Message::qr}, {"AA", &Message::aa}, {"TC", &Message::tc}, {"RD", &Message::rd},
      {"RA", &Message::ra}, {"AD", &Message::ad}, {"CD", &Message::cd}};
  static const std::map<std::string_view, unsigned> kRcodes = {
      {"NOERROR", 0}, {"FORMERR", 1},  {"SERVFAIL", 2}, {"NXDOMAIN", 3},  {"NOTIMP", 4},
      {"NOTIMPL", 4}, {"REFUSED", 5},  {"YXDOMAIN", 6}, {"YXRRSET", 7},   {"NXRRSET", 8},
      {"NOTAUTH", 9}, {"NOTZONE", 10}, {"BADVERS", 16}, {"BADCOOKIE", 23}};
  static const std::map<std::string_view, Opcode> kOpcodes = {
      {"QUERY", Opcode::query}, {"STATUS", Opcode::status}, {"NOTIFY", Opcode::notify}, {"UPDATE", Opcode::update}};
  if (const auto flag = kFlags.find(word); flag != kFlags.end()) {
    message.*flag->second = true;
  } else if (const auto rcode = kRcodes.find(word); rcode != kRcodes.end()) {
    message.rcode = static_cast<Rcode>(rcode->second);
  } else if (const auto opcode = kOpcodes.find(word); opcode != kOpcodes.end()) {
    message.opcode = opcode->second;
  } else if (word == "DO") {
    if (!message.edns) { message.edns = EdnsPart{}; }
    message.edns->dnssec_ok = true;
  } else {
    return false;
  }
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::expected<Scenario, std::string> parse() {
    if (!(config() && body())) { return std::unexpected("line " + std::to_string(line_) + ": " + problem_); }
    return std::move(scenario_);
  }

 private:
  bool fail(std::string why) {
    problem_ = std::move(why);
    return false;
  }

  // The next line that says something, without its comment.
  bool next(std::string_view comment_marks) {
    while (!rest_.empty()) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      text_ = trimmed(without_comment(rest_.substr(0, end), comment_marks));
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++line_;
      if (text_.empty()) { continue; }
      words_ = words_of(text_);
      return true;
    }
    return fail("the file ends too soon");
  }

  bool config() {
    while (next(";#")) {
      if (words_[0] == "CONFIG_END") { return true; }
      const auto colon = text_.find(':');
      if (colon == std::string_view::npos) { return fail("no configuration line: " + std::string(text_)); }
      std::string value(trimmed(text_.substr(colon + 1)));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      std::string key(trimmed(text_.substr(0, colon)));
      if (value.empty() && key == "server") { continue; }  // Unbound's section titles mean nothing here
      scenario_.config.push_back({line_, std::move(key), std::move(value)});
    }
    return false;
  }

  bool body() {
    bool begun = false;
    while (next(";")) {
      const std::string& word = words_[0];
      if (word == "SCENARIO_BEGIN") {
        scenario_.title = trimmed(text_.substr(word.size()));
        begun = true;
      } else if (word == "SCENARIO_END") {
        return begun || fail("SCENARIO_END without SCENARIO_BEGIN");
      } else if (word == "RANGE_BEGIN") {
        if (!range()) { return false; }
      } else if (word == "STEP") {
        if (!step()) { return false; }
      } else {
        return fail("not understood: " + std::string(text_));
      }
    }
    return false;
  }

  bool range() {
    Range range;
    range.line = line_;
    if (words_.size() < 3) { return fail("RANGE_BEGIN needs two step numbers"); }
    const auto first = number_of<int>(words_[1]);
    const auto last = number_of<int>(words_[2]);
    if (!first || !last) { return fail("RANGE_BEGIN needs two step numbers"); }
    range.first = *first;
    range.last = *last;
    while (next(";")) {
      if (words_[0] == "RANGE_END") {
        scenario_.ranges.push_back(std::move(range));
        return true;
      }
      if (words_[0] == "ADDRESS" && words_.size() == 2) {
        const auto address = IpAddress::parse(words_[1]);
        if (!address) { return fail("no address: " + words_[1]); }
        range.addresses.push_back(*address);
      } else if (words_[0] == "ENTRY_BEGIN") {
        range.entries.emplace_back();
        if (!entry(range.entries.back())) { return false; }
      } else {
        return fail("not understood in a range: " + std::string(text_));
      }
    }
    return false;
  }

  bool step() {
    static const std::map<std::string_view, ScenarioStep::Kind> kKinds = {
        {"QUERY", ScenarioStep::Kind::query},
        {"CHECK_ANSWER", ScenarioStep::Kind::check_answer},
        {"TIME_PASSES", ScenarioStep::Kind::time_passes},
        {"REPLY", ScenarioStep::Kind::reply}};
    const auto number = words_.size() < 3 ? std::nullopt : number_of<int>(words_[1]);
    if (!number) { return fail("STEP needs a number and what to do"); }
    const auto kind = kKinds.find(words_[2]);
    if (kind == kKinds.end()) { return fail("unknown step: " + words_[2]); }
    ScenarioStep step;
    step.line = line_;
    step.number = *number;
    step.kind = kind->second;
    for (std::size_t i = 3; i < words_.size(); ++i) {
      if (words_[i] == "TCP") {
        step.tcp = true;
      } else if (words_[i] == "ADDRESS" && i + 1 < words_.size()) {
        step.from = IpAddress::parse(words_[++i]);
        if (!step.from) { return fail("no address: " + words_[i]); }
      } else if (words_[i] == "ELAPSE" && i + 1 < words_.size()) {
        const auto seconds = number_of<std::uint32_t>(words_[++i]);
        if (!seconds) { return fail("no number of seconds: " + words_[i]); }
        step.elapse = *seconds;
      } else {
        return fail("not understood in a step: " + words_[i]);
      }
    }
    if (step.kind != ScenarioStep::Kind::time_passes) {
      if (!next(";")) { return false; }
      if (words_[0] != "ENTRY_BEGIN") { return fail("the step needs an entry"); }
      if (!entry(step.entry)) { return false; }
    }
    scenario_.steps.push_back(std::move(step));
    return true;
  }

  bool each_word(std::string_view what, const auto& set) {
    for (std::size_t i = 1; i < words_.size(); ++i) {
      if (!set(words_[i])) { return fail("unknown after " + std::string(what) + ": " + words_[i]); }
    }
    return true;
  }

  bool entry(Entry& entry) {
    entry.line = line_;
    std::vector<Record>* section = nullptr;
    bool in_question = false;
    bool in_raw = false;
    while (next(";")) {
      const std::string& word = words_[0];
      bool good = true;
      if (word == "ENTRY_END") { return true; }
      if (word == "MATCH") {
        good = each_word(word, [&](std::string_view each) { return set_match(entry.match, each); });
      } else if (word == "ADJUST") {
        good = each_word(word, [&](std::string_view each) { return set_adjust(entry.adjust, each); });
      } else if (word == "REPLY") {
        good = each_word(word, [&](std::string_view each) { return set_reply(entry.message, each); });
      } else if (word == "SECTION" && words_.size() == 2) {
        in_question = words_[1] == "QUESTION";
        section = words_[1] == "ANSWER"       ? &entry.message.answer
                  : words_[1] == "AUTHORITY"  ? &entry.message.authority
                  : words_[1] == "ADDITIONAL" ? &entry.message.additional
                                              : nullptr;
        if (!in_question && section == nullptr) { return fail("unknown section: " + words_[1]); }
      } else if (word == "RAW") {
        in_raw = true;
        entry.raw.emplace();
        good = hex(std::string_view(text_).substr(3), *entry.raw);
      } else if (in_raw) {
        good = hex(text_, *entry.raw);
      } else if (in_question) {
        good = question(entry.message);
      } else if (section != nullptr) {
        good = record(*section);
      } else {
        return fail("not understood in an entry: " + std::string(text_));
      }
      if (!good) { return false; }
    }
    return false;
  }

  bool question(Message& message) {
    // name [class] type
    const auto type = words_.size() < 2 ? std::nullopt : parse_type(words_.back());
    const auto name = Name::parse(words_[0]);
    if (!type || !name) { return fail("no question: " + std::string(text_)); }
    message.question = QuestionSection{*name, *type, Class::IN};
    if (words_.size() == 3 && words_[1] == "CH") { message.question->rclass = Class::CH; }
    return true;
  }

  bool record(std::vector<Record>& section) {
    std::string text(text_);
    const int begun = line_;
    while (open_parentheses(text) > 0) {
      if (!next(";")) { return false; }
      text += " " + std::string(text_);
    }
    auto record = Record::parse(text);
    if (!record) {
      line_ = begun;
      return fail(record.error());
    }
    section.push_back(*std::move(record));
    return true;
  }

  bool hex(std::string_view text, Buffer& octets) {
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ' ' && c != '\t'; });
    if (digits.size() % 2 != 0) { return fail("an odd number of hex digits"); }
    for (std::size_t i = 0; i < digits.size(); i += 2) {
      unsigned octet = 0;
      const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, octet, 16);
      if (error != std::errc{} || end != digits.data() + i + 2) {
        return fail("no hex digits: " + digits.substr(i, 2));
      }
      octets.push_back(u8(octet));
    }
    return true;
  }

  std::string_view rest_;
  std::string_view text_;
  Words words_;
  int line_ = 0;
  std::string problem_;
  Scenario scenario_;
};

}  // namespace

std::expected<Scenario, std::string> parse_scenario(std::string_view text) { return Parser(text).parse(); }

}  // namespace vouch::simulation
