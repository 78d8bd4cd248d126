#include "resolver/front/fair_share.h"

#include <algorithm>

namespace vouch {

std::uint32_t FairShare::Sketch::count(std::uint64_t hash) const noexcept {
  return std::min(rows[0][place(hash, 0)], rows[1][place(hash, 1)]);
}

void FairShare::Sketch::add(std::uint64_t hash) noexcept {
  for (std::size_t row = 0; row < rows.size(); ++row) { ++rows[row][place(hash, row)]; }  // kWindow at most
  ++total;
}

bool FairShare::stands_back(std::uint64_t hash) noexcept {
  if (now_.total == kWindow) {
    before_ = now_;
    now_ = {};
  }
  now_.add(hash);
  const double total = now_.total + before_.total;
  const double share = (now_.count(hash) + before_.count(hash)) / total;
  // With little seen yet everybody's share is large.
  if (before_.total == 0 && now_.total < kWindow / 8) { return false; }
  if (share <= kShare || share >= 1 - kSomebodyElse) { return false; }
  debt_ += kShare / share;
  if (debt_ < 1) { return true; }
  debt_ -= 1;
  return false;
}

}  // namespace vouch
