// What the JSON and the CSV of the API share: which rows there are, and how enumerations are named.
#pragma once

#include <array>
#include <optional>
#include <ranges>
#include <string_view>

#include "telemetry/figures.h"

namespace vouch {

template <typename Enum, std::size_t kCount>
constexpr std::string_view id_of(const std::array<std::string_view, kCount>& ids, Enum value) noexcept {
  const auto at = static_cast<std::size_t>(value);
  return at < kCount ? ids[at] : std::string_view();
}

// Which rows of a list are told.
struct RowRange {
  std::size_t offset = 0, limit = 0;
};

// The worst first; of one state, or all. A view of `figures`.
inline auto zones_in(const Figures& figures, std::optional<ZoneState> state) {
  return figures.zones |
         std::views::filter([state](const ZoneFigures& zone) { return !state || zone.state == *state; });
}

template <typename Rows>
auto rows_in(Rows rows, RowRange range) {
  using Step = std::ranges::range_difference_t<Rows>;
  return rows | std::views::drop(static_cast<Step>(range.offset)) | std::views::take(static_cast<Step>(range.limit));
}

}  // namespace vouch
