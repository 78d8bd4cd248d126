// Charts as SVG that the server writes. No script, no inline style: colours and patterns are classes of style.css, and
// no meaning hangs on colour alone, since each kind has a pattern and a word. Positions are percentages, so that a
// chart is as wide as its place while letters and patterns keep their size. Each chart carries the same numbers as a
// table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/web/html.h"
#include "telemetry/web/locale.h"

namespace vouch {

// How a series looks: a colour and a pattern that belong together.
enum class Fill : std::uint8_t { genuine, plain, faint, refused };

struct Series {
  Message name;
  Fill fill = Fill::plain;
  std::vector<std::uint64_t> values;  // one for each moment
};

// Bars over time, the series stacked from the bottom up.
struct TimeChart {
  std::string_view id;  // unique on the page, letters alone
  Message title;
  Html description;               // what a listener is told
  std::vector<UnixTime> moments;  // the start of each bar, oldest first
  std::vector<Series> series;
  // Drawn below on a scale of its own: what would be too small to be seen on top of the rest.
  std::vector<Series> lane;
};
Html time_chart(const TimeChart& chart, const Locale& locale);

// A row of a bar table: the number stands beside its bar, so the chart is its own table.
struct Bar {
  Html label;
  std::uint64_t value = 0;
  std::uint64_t of = 0;  // what the share is taken of; 0: of the largest value, and no share is told
};
Html bar_table(Message title, Message label_column, const std::vector<Bar>& bars, Fill fill, const Locale& locale);

// A line without axes, for a share (0 to 1) by day.
struct Sparkline {
  std::string_view id;
  Message title;
  Html description;
  std::vector<UnixTime> moments;
  std::vector<std::uint64_t> parts, wholes;
};
Html sparkline(const Sparkline& line, const Locale& locale);

// A figure of one share, filled from the left; `label` says the same in words.
Html meter(std::uint64_t part, std::uint64_t whole, Fill fill);

}  // namespace vouch
