#include "telemetry/web/svg_chart.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <utility>

#include "telemetry/web/table.h"

namespace vouch {
namespace {

constexpr std::size_t kTimeLabels = 4;  // as many as fit on the narrowest screen
constexpr double kTop = 12;             // per cent of the height that the scale's number stands in
constexpr double kBottom = 88;          // below it the times
constexpr double kLaneTop = 72;         // where there is a lane
constexpr double kAboveLane = 62;
constexpr double kGap = 0.2;  // of a bar's width

std::string coordinate(double value) {
  std::array<char, 32> out{};
  const int size = std::snprintf(out.data(), out.size(), "%.2f%%", value);
  return {out.data(), static_cast<std::size_t>(std::max(size, 0))};
}

struct FillLook {
  Markup css_class;
  Markup pattern;  // what is drawn on the colour; its lines keep their size
};

FillLook look_of(Fill fill) noexcept {
  switch (fill) {
    case Fill::genuine:
      return {"genuine"_html, ""_html};
    case Fill::plain:
      return {"plain"_html, "<circle cx=\"2\" cy=\"2\" r=\"1\"/>"_html};
    case Fill::faint:
      return {"faint"_html, "<path d=\"M0 2H6\"/>"_html};
    case Fill::refused:
      break;
  }
  return {"refused"_html, "<path d=\"M-1 1L1 -1M0 6L6 0M5 7L7 5\"/>"_html};
}

// A pattern's name is unique on the page: the chart's, and the fill's.
Html pattern_id(std::string_view id, Fill fill) {
  Html html;
  html << "pattern-"_html << id << "-"_html << look_of(fill).css_class;
  return html;
}

Html define_pattern(std::string_view id, Fill fill) {
  const FillLook look = look_of(fill);
  Html html;
  html << "<pattern id=\""_html << pattern_id(id, fill)
       << "\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" class=\"pattern "_html << look.css_class
       << "\"><rect width=\"6\" height=\"6\"/>"_html << look.pattern << "</pattern>"_html;
  return html;
}

Html define_patterns(std::string_view id, const std::vector<Series>& series, const std::vector<Series>& lane) {
  Html html;
  html << "<defs>"_html;
  for (const Series& one : series) { html << define_pattern(id, one.fill); }
  for (const Series& one : lane) { html << define_pattern(id, one.fill); }
  html << "</defs>"_html;
  return html;
}

Html rectangle(std::string_view id, Fill fill, double x, double y, double width, double height) {
  Html html;
  html << "<rect x=\""_html << coordinate(x) << "\" y=\""_html << coordinate(y) << "\" width=\""_html
       << coordinate(width) << "\" height=\""_html << coordinate(height) << "\" fill=\"url(#"_html
       << pattern_id(id, fill) << ")\" class=\"bar "_html << look_of(fill).css_class << "\"/>"_html;
  return html;
}

// A round number just above: a scale's end that reads well.
std::uint64_t round_scale(std::uint64_t most) noexcept {
  constexpr std::uint64_t kLargest = 1'000'000'000'000'000'000;
  for (std::uint64_t unit = 1; unit < kLargest; unit *= 10) {
    for (const std::uint64_t step : {1U, 2U, 3U, 4U, 5U, 6U, 8U}) {
      if (unit * step >= most) { return unit * step; }
    }
  }
  return std::max(most, kLargest);
}

std::uint64_t value_at(const Series& series, std::size_t at) noexcept {
  return at < series.values.size() ? series.values[at] : 0;
}

std::uint64_t sum_at(const std::vector<Series>& series, std::size_t at) noexcept {
  std::uint64_t sum = 0;
  for (const Series& one : series) { sum += value_at(one, at); }
  return sum;
}

std::uint64_t scale_of(const std::vector<Series>& series, std::size_t moments) noexcept {
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < moments; ++i) { most = std::max(most, sum_at(series, i)); }
  return round_scale(most);
}

// One band of a chart: its bars between `top` and `bottom`, on its own scale.
struct Band {
  const std::vector<Series>& series;
  double top, bottom;
};

Html scale_lines(const Band& band, std::uint64_t scale, const Locale& locale) {
  Html html;
  html << "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\""_html << coordinate(band.top) << "\" y2=\""_html
       << coordinate(band.top) << "\"/><line class=\"axis\" x1=\"0\" x2=\"100%\" y1=\""_html << coordinate(band.bottom)
       << "\" y2=\""_html << coordinate(band.bottom) << "\"/><text x=\"0\" y=\""_html << coordinate(band.top - 1.5)
       << "\">"_html << locale.number(scale) << "</text>"_html;
  return html;
}

Html column(std::string_view id, const Band& band, std::size_t at, std::size_t moments, std::uint64_t scale) {
  constexpr double kLeast = 1.2;  // per cent: what is there at all can be seen
  const double step = 100.0 / static_cast<double>(moments);
  const double height = band.bottom - band.top;
  double y = band.bottom;
  Html html;
  for (const Series& one : band.series) {
    const std::uint64_t value = value_at(one, at);
    if (value == 0) { continue; }
    const double tall = std::min(std::max(height * static_cast<double>(value) / static_cast<double>(scale), kLeast),
                                 y - band.top + kLeast);
    y -= tall;
    html << rectangle(id, one.fill, (static_cast<double>(at) + kGap / 2) * step, y, step * (1 - kGap), tall);
  }
  return html;
}

Html time_labels(const std::vector<UnixTime>& moments, const Locale& locale) {
  Html html;
  const std::size_t labels = std::min(kTimeLabels, moments.size());
  for (std::size_t i = 0; i < labels; ++i) {
    const std::size_t at = i * moments.size() / labels;
    html << "<text x=\""_html << coordinate(100.0 * static_cast<double>(at) / static_cast<double>(moments.size()))
         << "\" y=\"98%\">"_html << locale.clock(moments[at]) << "</text>"_html;
  }
  return html;
}

// What a pointer that rests on a column is told.
Html column_title(const TimeChart& chart, std::size_t at, const Locale& locale) {
  Html html;
  html << "<title>"_html << locale.clock(chart.moments[at]);
  for (const auto* series : {&chart.series, &chart.lane}) {
    for (const Series& one : *series) {
      html << "; "_html << locale.text(one.name) << ": "_html << locale.number(value_at(one, at));
    }
  }
  html << "</title>"_html;
  return html;
}

Html swatch(std::string_view id, Fill fill) {
  Html html;
  html << "<svg class=\"swatch\" width=\"14\" height=\"14\" aria-hidden=\"true\">"
          "<rect width=\"14\" height=\"14\" fill=\"url(#"_html
       << pattern_id(id, fill) << ")\" class=\"bar "_html << look_of(fill).css_class << "\"/></svg>"_html;
  return html;
}

Html legend(const TimeChart& chart, const Locale& locale) {
  Html html;
  html << "<ul class=\"legend\">"_html;
  for (const Series& one : chart.series) {
    html << "<li>"_html << swatch(chart.id, one.fill) << locale.text(one.name) << "</li>"_html;
  }
  for (const Series& one : chart.lane) {
    html << "<li>"_html << swatch(chart.id, one.fill) << locale.say(Message::series_lane, {locale.text(one.name)})
         << "</li>"_html;
  }
  html << "</ul>"_html;
  return html;
}

Html open_twin(const Locale& locale) {
  Html html;
  html << "<details class=\"twin\"><summary>"_html << locale.text(Message::table_twin) << "</summary>"_html;
  return html;
}

Html twin_of(const TimeChart& chart, const Locale& locale) {
  std::vector<Table::Column> columns{{Message::time_column}};
  for (const auto* series : {&chart.series, &chart.lane}) {
    for (const Series& one : *series) { columns.push_back({one.name, Table::Kind::number}); }
  }
  Table table(locale, chart.title, std::move(columns));
  for (std::size_t at = 0; at < chart.moments.size(); ++at) {
    std::vector<Html> cells{locale.when(chart.moments[at])};
    for (const auto* series : {&chart.series, &chart.lane}) {
      for (const Series& one : *series) { cells.emplace_back(locale.number(value_at(one, at))); }
    }
    table.row(cells);
  }
  Html html = open_twin(locale);
  html << table.html() << "</details>"_html;
  return html;
}

Html open_svg(std::string_view id, std::string_view title, const Html& description, Markup css_class) {
  Html html;
  html << "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\""_html << css_class
       << "\" role=\"img\" width=\"100%\" aria-labelledby=\"title-"_html << id << " description-"_html << id
       << "\"><title id=\"title-"_html << id << "\">"_html << title << "</title><desc id=\"description-"_html << id
       << "\">"_html << description << "</desc>"_html;
  return html;
}

double share_of(std::uint64_t part, std::uint64_t whole) noexcept {
  return whole == 0 ? 0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
}

// Per cent at the top of the line's scale: the next round share above the largest.
std::uint64_t percent_scale(const Sparkline& line) noexcept {
  double most = 0;
  for (std::size_t i = 0; i < line.moments.size(); ++i) {
    most = std::max(most, share_of(line.parts[i], line.wholes[i]));
  }
  for (const std::uint64_t top : {10U, 20U, 50U}) {
    if (100 * most <= static_cast<double>(top)) { return top; }
  }
  return 100;
}

Html open_figure(Message title, const Locale& locale) {
  Html html;
  html << "<figure class=\"chart\"><figcaption>"_html << locale.text(title) << "</figcaption>"_html;
  return html;
}

}  // namespace

Html time_chart(const TimeChart& chart, const Locale& locale) {
  Html html = open_figure(chart.title, locale);
  const std::size_t moments = chart.moments.size();
  if (moments == 0) {
    html << "<p class=\"empty\">"_html << locale.text(Message::no_data_yet) << "</p></figure>"_html;
    return html;
  }
  const bool has_lane = !chart.lane.empty();
  const Band main{chart.series, kTop, has_lane ? kAboveLane : kBottom};
  const Band lane{chart.lane, kLaneTop, kBottom};
  const std::uint64_t scale = scale_of(chart.series, moments), lane_scale = scale_of(chart.lane, moments);
  html << open_svg(chart.id, locale.text(chart.title), chart.description, "over-time"_html)
       << define_patterns(chart.id, chart.series, chart.lane) << scale_lines(main, scale, locale);
  if (has_lane) { html << scale_lines(lane, lane_scale, locale); }
  for (std::size_t at = 0; at < moments; ++at) {
    html << "<g>"_html << column_title(chart, at, locale) << column(chart.id, main, at, moments, scale);
    if (has_lane) { html << column(chart.id, lane, at, moments, lane_scale); }
    html << "</g>"_html;
  }
  html << time_labels(chart.moments, locale) << "</svg>"_html << legend(chart, locale) << twin_of(chart, locale)
       << "</figure>"_html;
  return html;
}

Html meter(std::uint64_t part, std::uint64_t whole, Fill fill) {
  const double share = share_of(part, whole);
  Html html;
  html << "<svg class=\"meter\" width=\"100%\" height=\"12\" aria-hidden=\"true\"><rect class=\"rail\" "
          "width=\"100%\" height=\"12\"/><rect class=\"bar "_html
       << look_of(fill).css_class << "\" height=\"12\" width=\""_html << coordinate(100 * share) << "\"/></svg>"_html;
  return html;
}

Html bar_table(Message title, Message label_column, const std::vector<Bar>& bars, Fill fill, const Locale& locale) {
  Html html = open_figure(title, locale);
  if (bars.empty()) {
    html << "<p class=\"empty\">"_html << locale.text(Message::no_data_yet) << "</p></figure>"_html;
    return html;
  }
  const bool tells_share = std::ranges::any_of(bars, [](const Bar& bar) { return bar.of != 0; });
  const std::uint64_t most = std::ranges::max_element(bars, {}, &Bar::value)->value;
  std::vector<Table::Column> columns{
      {label_column}, {title, Table::Kind::bar}, {Message::count_column, Table::Kind::number}};
  if (tells_share) { columns.push_back({Message::share_column, Table::Kind::number}); }
  Table table(locale, title, std::move(columns));
  for (const Bar& bar : bars) {
    std::vector<Html> cells{bar.label, meter(bar.value, bar.of != 0 ? bar.of : most, fill), locale.number(bar.value)};
    if (tells_share) { cells.emplace_back(locale.percent(bar.value, bar.of)); }
    table.row(cells);
  }
  html << table.html() << "</figure>"_html;
  return html;
}

Html sparkline(const Sparkline& line, const Locale& locale) {
  assert(line.parts.size() == line.moments.size() && line.wholes.size() == line.moments.size());
  constexpr double kWidth = 300, kHeight = 60;
  Html html = open_figure(line.title, locale);
  if (line.moments.size() < 2) {
    html << "<p class=\"empty\">"_html << locale.text(Message::no_data_yet) << "</p></figure>"_html;
    return html;
  }
  const std::uint64_t top = percent_scale(line);
  html << open_svg(line.id, locale.text(line.title), line.description, "spark"_html)
       << "<line class=\"grid\" x1=\"0\" x2=\"100%\" y1=\"0\" y2=\"0\"/><text x=\"0\" y=\"14\">"_html
       << locale.percent(top, 100)
       << "</text><svg viewBox=\"0 0 300 60\" preserveAspectRatio=\"none\" width=\"100%\" height=\"100%\"><path "
          "d=\""_html;
  for (std::size_t i = 0; i < line.moments.size(); ++i) {
    const double share = 100 * share_of(line.parts[i], line.wholes[i]) / static_cast<double>(top);
    std::array<char, 48> step{};
    std::snprintf(step.data(), step.size(), "%c%.1f %.1f", i == 0 ? 'M' : 'L',
                  kWidth * static_cast<double>(i) / static_cast<double>(line.moments.size() - 1),
                  kHeight * (1 - share));
    html << step.data();
  }
  html << "\" class=\"line\" vector-effect=\"non-scaling-stroke\"/></svg></svg><p class=\"ends\"><span>"_html
       << locale.date(line.moments.front()) << ": "_html << locale.percent(line.parts.front(), line.wholes.front())
       << "</span><span>"_html << locale.date(line.moments.back()) << ": "_html
       << locale.percent(line.parts.back(), line.wholes.back()) << "</span></p>"_html;
  Table table(locale, line.title, {{Message::time_column}, {Message::share_column, Table::Kind::number}});
  for (std::size_t i = 0; i < line.moments.size(); ++i) {
    table.row({locale.date(line.moments[i]), locale.percent(line.parts[i], line.wholes[i])});
  }
  html << open_twin(locale) << table.html() << "</details></figure>"_html;
  return html;
}

}  // namespace vouch
