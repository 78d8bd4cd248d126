#include <array>
#include <cstdio>

#include "vouchctl/views.h"

namespace vouch {

namespace {

std::string rate_text(double rate) {
  std::array<char, 48> room;
  std::snprintf(room.data(), room.size(), rate < 10 ? "%.1f" : "%.0f", rate);
  return room.data();
}

// Stops after so many.
class Counting : public View {
 public:
  explicit Counting(std::size_t most) : most_(most) {}
  bool is_satisfied() const override { return most_ != 0 && seen_ >= most_; }
  std::string end(const Json&) override { return {}; }

 protected:
  void count_one() { ++seen_; }

 private:
  const std::size_t most_;
  std::size_t seen_ = 0;
};

class TopView final : public Counting {
 public:
  explicit TopView(const Asked& asked) : Counting(asked.most), is_terminal_(asked.is_terminal) {}
  std::string item(const Json& line) override {
    count_one();
    std::string out = is_terminal_ ? "\x1b[H\x1b[2J" : "";
    const std::uint64_t answers = number_in(line, "answers");
    out += "vouchd, for " + span_text(number_in(line, "seconds")) + ": " + count_text(answers) + " answers, " +
           rate_text(real_in(line, "answers_per_second")) + " a second now; " +
           rate_text(real_in(line, "upstream_per_second")) + " questions a second to servers\n";
    out += shares(line, "sources", answers) + shares(line, "standings", answers) + shares(line, "rcodes", answers);
    const std::uint64_t dropped = number_in(line, "dropped");
    if (dropped != 0) {
      out += "the lists are a sample: " + count_text(dropped) + " answers came faster than they could be looked at\n";
    }
    return out + "\n" + list(line, "names", "NAME", answers) + "\n" + list(line, "zones", "ZONE", answers) +
           (is_terminal_ ? "" : "\n");
  }

 private:
  static std::string shares(const Json& line, std::string_view member, std::uint64_t whole) {
    std::string out;
    const Json& counts = object_in(line, member);
    for (const auto& [name, count] : counts.items()) {
      const std::uint64_t part = number_in(counts, name);
      if (part == 0) { continue; }
      out += (out.empty() ? "  " : ", ") + printable(name) + " " + share_text(part, whole);
    }
    return out.empty() ? out : out + "\n";
  }
  static std::string list(const Json& line, std::string_view member, std::string_view title, std::uint64_t whole) {
    Rows rows{{"ANSWERS", "SHARE", std::string(title)}};
    for (const Json& row : list_in(line, member)) {
      const std::uint64_t count = number_in(row, "answers");
      rows.push_back({count_text(count), share_text(count, whole), text_in(row, "name")});
    }
    return rows.size() > 1 ? table_text(rows, {0, 1}) : std::string();
  }

  const bool is_terminal_;
};

class TraceView final : public Counting {
 public:
  explicit TraceView(const Asked& asked) : Counting(asked.most) {}
  std::string item(const Json& line) override {
    if (line.contains("dropped")) {
      return "; " + count_text(number_in(line, "dropped")) + " answers came faster than they could be told\n";
    }
    count_one();
    std::string out = clock_text(real_in(line, "time")) + " " + text_in(line, "name") + " " + text_in(line, "type") +
                      " " + text_in(line, "rcode") + " " + text_in(line, "source") + " " + verdict_text(line);
    if (line.contains("milliseconds")) { out += " " + rate_text(real_in(line, "milliseconds")) + " ms"; }
    return out + "\n";
  }

 private:
  // The time of day, UTC, with milliseconds.
  static std::string clock_text(double time) {
    const auto seconds = static_cast<std::int64_t>(time);
    const std::string whole = time_text(seconds);  // "2026-11-30 19:20:05 UTC"
    std::array<char, 8> part;
    std::snprintf(part.data(), part.size(), ".%03d", static_cast<int>((time - static_cast<double>(seconds)) * 1000));
    constexpr std::size_t kClockAt = 11, kClock = 8;
    return (whole.size() > kClockAt + kClock ? whole.substr(kClockAt, kClock) : whole) + part.data();
  }
};

}  // namespace

std::unique_ptr<View> top_view(const Asked& asked) { return std::make_unique<TopView>(asked); }
std::unique_ptr<View> trace_view(const Asked& asked) { return std::make_unique<TraceView>(asked); }

}  // namespace vouch
