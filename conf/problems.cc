#include "conf/problems.h"

#include <algorithm>
#include <tuple>

#include "resolver/base/log.h"

namespace vouch {

namespace {

constexpr std::size_t kMaxQuoted = 60;        // octets of a value shown; enough to find it again
constexpr std::size_t kMaxComparedWord = 40;  // no key is longer; the comparison is quadratic

// Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other (optimal string
// alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) { last[j] = j; }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

std::string normalised(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c == '-') { c = '_'; }
    if (c >= 'A' && c <= 'Z') { c = static_cast<char>(c - 'A' + 'a'); }
  }
  return out;
}

}  // namespace

std::vector<ConfigError> Problems::take() {
  std::ranges::sort(errors_, {}, [this](const ConfigError& error) {
    return std::tuple(error.file != file_, error.file, error.line, error.column, error.problem);
  });
  if (left_off_ > 0) { errors_.push_back({file_, 0, 0, "and " + std::to_string(left_off_) + " further errors", ""}); }
  return std::move(errors_);
}

std::string quoted_value(std::string_view value) {
  const bool cut = value.size() > kMaxQuoted;
  return '`' + log_escaped(value.substr(0, kMaxQuoted)) + (cut ? "...`" : "`");
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (word.size() > kMaxComparedWord) { return {}; }
  const std::string meant = normalised(word);
  std::string_view best;
  // A third of the letters wrong is still a slip of the hand; more is another word.
  std::size_t best_distance = std::max<std::size_t>(2, meant.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t steps = distance(meant, candidate);
    if (steps < best_distance && steps < candidate.size()) {
      best = candidate;
      best_distance = steps;
    }
  }
  return best;
}

}  // namespace vouch
