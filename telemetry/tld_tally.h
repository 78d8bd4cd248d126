// Answers by top-level domain: a table of fixed size, of one worker, exact for every TLD in it. A TLD enters with the
// first answer that has data below it, so that made-up ones cannot fill the table: names that do not exist count for
// the rest. The root delegates some 1,500.
//
// One writer; any thread may read what it has published.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "resolver/wire/name.h"
#include "telemetry/counters.h"
#include "telemetry/taxonomy.h"

namespace vouch {

class TldTally {
 public:
  static constexpr std::size_t kSlots = 4096;    // a power of two
  static constexpr std::size_t kMaxTlds = 2048;  // more than the root has; half the slots, so that runs stay short

  TldTally() : slots_(std::make_unique<Slot[]>(kSlots)) {}

  void add(NameView name, Standing standing, bool has_data) noexcept;

  struct Row {
    Name tld;
    std::array<std::uint64_t, kStandings> answers{};
  };
  std::vector<Row> rows() const;
  std::uint64_t rest(Standing standing) const noexcept { return rest_[static_cast<std::size_t>(standing)].value(); }

 private:
  struct Slot {
    std::atomic<std::uint64_t> hash{0};  // 0: free; written last, so that who sees it sees the label
    std::array<Octet, kMaxLabelLength + 1> label{};
    std::array<Counter, kStandings> answers;
  };
  std::uint64_t hash_of(NameView tld) const noexcept;
  Slot* find(NameView tld, std::uint64_t hash, bool may_enter) noexcept;

  const std::uint64_t seed_ = process_hash_key().k0;
  std::unique_ptr<Slot[]> slots_;
  std::size_t used_ = 0;
  std::array<Counter, kStandings> rest_;
};

}  // namespace vouch
