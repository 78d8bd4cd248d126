#include "resolver/daemon/control/busiest.h"

#include <algorithm>
#include <iterator>

namespace vouch {

void Busiest::add(NameView name) {
  const Name key(name);
  const auto found = counts_.find(key);
  if (found != counts_.end()) {
    ++found->second;
  } else if (counts_.size() < kCounters) {
    counts_.emplace(key, 1);
  } else {
    for (auto at = counts_.begin(); at != counts_.end();) {
      at = --at->second == 0 ? counts_.erase(at) : std::next(at);
    }
  }
}

std::vector<Busiest::Row> Busiest::most(std::size_t rows) const {
  std::vector<Row> all;
  for (const auto& [name, count] : counts_) { all.push_back({name, count}); }
  const auto shown = all.begin() + static_cast<std::ptrdiff_t>(std::min(rows, all.size()));
  std::partial_sort(all.begin(), shown, all.end(), [](const Row& a, const Row& b) {
    return a.count != b.count ? a.count > b.count : a.name.view().text() < b.name.view().text();
  });
  all.erase(shown, all.end());
  return all;
}

}  // namespace vouch
