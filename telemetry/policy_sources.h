// Which counter counts the rulings of which list or policy zone. Names come and go with reloads, counters stay: a name
// keeps its own for as long as the process lives, and there is a bound. Thread-safe; outlives the workers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/taxonomy.h"

namespace vouch {

class PolicySources {
 public:
  static constexpr std::uint8_t kConfiguration = 0;               // names that stand in the configuration itself
  static constexpr std::uint8_t kOther = kPolicySourceSlots - 1;  // for which no counter was left

  std::uint8_t slot_of(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find(names_, name);
    const auto slot = static_cast<std::size_t>(known - names_.begin());
    if (known != names_.end()) { return static_cast<std::uint8_t>(slot); }
    if (slot >= kOther) { return kOther; }
    names_.emplace_back(name);
    return static_cast<std::uint8_t>(slot);
  }
  // By slot; what has none is counted under kOther.
  std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    return names_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> names_{"_configuration"};
};

}  // namespace vouch
