#include "telemetry/recent.h"

#include <algorithm>

namespace vouch {

namespace {

WithheldFigures minus(const WithheldFigures& later, const WithheldFigures& earlier) {
  return {later.answers - earlier.answers, later.lookups - earlier.lookups};
}

}  // namespace

Movement difference(const Movement& later, const Movement& earlier) {
  Movement moved;
  for (std::size_t standing = 0; standing < kStandings; ++standing) {
    for (std::size_t source = 0; source < kAnswerSources; ++source) {
      moved.answers[standing][source] = later.answers[standing][source] - earlier.answers[standing][source];
    }
  }
  for (std::size_t i = 0; i < kTransports; ++i) { moved.queries[i] = later.queries[i] - earlier.queries[i]; }
  for (std::size_t i = 0; i < kEvidences; ++i) { moved.withheld[i] = minus(later.withheld[i], earlier.withheld[i]); }
  moved.shadow = minus(later.shadow, earlier.shadow);
  moved.upstream_queries = later.upstream_queries - earlier.upstream_queries;
  return moved;
}

void Recent::end_minute(const Movement& sums, UnixTime now) {
  marks_.push_back({now, sums});
  while (marks_.size() > kMinutes + 1) { marks_.pop_front(); }
}

void Recent::tell(Figures& figures, const Movement& sums) const {
  constexpr std::size_t kHour = 60, kQuarter = 15;
  const auto span = [&](const Mark* earlier, UnixTime start, const Movement& later, UnixTime end) {
    Movement moved = difference(later, earlier == nullptr ? Movement() : earlier->sums);
    moved.from = start;
    moved.seconds = static_cast<std::uint32_t>(std::max<UnixTime>(0, end - start));
    return moved;
  };
  const Mark* const oldest = marks_.size() > kMinutes ? &marks_.front() : nullptr;
  figures.day = span(oldest, oldest == nullptr ? figures.started : oldest->at, sums, figures.taken);

  const auto before = [&](std::size_t i) { return i == 0 ? nullptr : &marks_[i - 1]; };
  const auto start_of = [&](std::size_t i) { return i == 0 ? figures.started : marks_[i - 1].at; };
  const std::size_t first = marks_.size() > kMinutes ? 1 : 0;  // the oldest mark is but the start of what follows
  for (std::size_t i = std::max(first, marks_.size() - std::min(marks_.size(), kHour)); i < marks_.size(); ++i) {
    figures.minutes.push_back(span(before(i), start_of(i), marks_[i].sums, marks_[i].at));
  }
  // Full quarters count from the latest mark backwards; what is left at the front is shorter.
  std::size_t begin = first + (marks_.size() - first) % kQuarter;
  if (begin > first) {
    figures.quarter_hours.push_back(span(before(first), start_of(first), marks_[begin - 1].sums, marks_[begin - 1].at));
  }
  for (; begin + kQuarter <= marks_.size(); begin += kQuarter) {
    const Mark& last = marks_[begin + kQuarter - 1];
    figures.quarter_hours.push_back(span(before(begin), start_of(begin), last.sums, last.at));
  }
}

}  // namespace vouch
