// What a ruling makes of an answer.
#pragma once

#include <optional>

#include "resolver/front/answer_writer.h"
#include "resolver/front/policy_check.h"
#include "telemetry/recorder.h"

namespace vouch {

// How a ruling is carried out for one query.
enum class Execution : std::uint8_t {
  none,     // the answer is what it would have been
  written,  // by write_ruling(), at once
  alias,    // the name becomes an alias, whose target must be looked up
  silence,  // no answer at all
};
Execution execution_of(const Ruling& ruling, const Inquiry& inquiry) noexcept;

// Writes the answer that `ruling` wants, finishes it and records it. `writer` is empty; the ruling's execution is
// `written`.
std::size_t write_ruling(AnswerWriter& writer, NameView name, const Ruling& ruling, const Policy& policy,
                         Recorder& recorder);

// For Execution::alias: the CNAME set that stands in front of the answer. Null: the name would become too long.
RRsetPtr alias_of(const Ruling& ruling, NameView name);

// Counts what was said by whom. `ruling` is from `policy`.
void count_ruling(const Ruling& ruling, const Policy& policy, Recorder& recorder) noexcept;

// "list=NAME rule=NAME", for an extended error: ASCII, cut short. Lives as long as whoever reads it.
class RulingText {
 public:
  RulingText(const Ruling& ruling, const Policy& policy) noexcept;
  std::string_view text() const noexcept { return {octets_.data(), size_}; }

 private:
  void append(std::string_view text) noexcept;
  static constexpr std::size_t kMost = Verdict::kMaxText;
  std::array<char, kMost> octets_;
  std::size_t size_ = 0;
};

}  // namespace vouch
