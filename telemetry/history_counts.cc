#include "telemetry/history_counts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "telemetry/metrics_reasons.h"
#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

constexpr const char* kOthers = "_other";
constexpr double kExactIntegers = 9'007'199'254'740'992.0;  // 2^53

// JSON (RFC 8259 section 7). What is not ASCII does not occur in names; should it, the octets go through as they are.
void append_quoted(std::string& json, std::string_view text) {
  json += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      json += escape.data();
    } else {
      json += c;
    }
  }
  json += '"';
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
  if (json.size() > 1) { json += ','; }
  append_quoted(json, name);
  json += ':';
  append_quoted(json, value);
}

std::string labels_json(const prometheus::ClientMetric& metric, std::string_view bound = {}) {
  std::string json = "{";
  for (const auto& label : metric.label) { append_member(json, label.name, label.value); }
  if (!bound.empty()) { append_member(json, "le", bound); }
  return json += '}';
}

// Zones and top-level domains come and go; add_listed() in metrics_zones.cc also gathers reasons of a zone.
std::vector<std::string> heirs_of(const prometheus::ClientMetric& metric) {
  const auto is_of_list = [](const auto& label) {
    return (label.name == "zone" || label.name == "tld") && label.value != kOthers;
  };
  if (std::ranges::none_of(metric.label, is_of_list)) { return {}; }
  std::vector<std::string> heirs;
  prometheus::ClientMetric heir = metric;
  for (auto& label : heir.label) {
    if (label.name != "reason" || label.value == kOtherLabel) { continue; }
    std::string reason = std::exchange(label.value, std::string(kOtherLabel));
    heirs.push_back(labels_json(heir));
    label.value = std::move(reason);
  }
  for (auto& label : heir.label) {
    if (is_of_list(label)) { label.value = kOthers; }
  }
  heirs.push_back(labels_json(heir));
  return heirs;
}

// As /metrics writes the bounds of buckets: 0.0005, 1e-05.
std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general).ptr;
  return {text.data(), end};
}

void add_histogram(std::vector<CountedSeries>& all, const std::string& name, const prometheus::ClientMetric& metric) {
  const std::string labels = labels_json(metric);
  all.push_back({name + "_count", labels, static_cast<double>(metric.histogram.sample_count)});
  all.push_back({name + "_sum", labels, metric.histogram.sample_sum});
  for (const auto& bucket : metric.histogram.bucket) {
    all.push_back({name + "_bucket", labels_json(metric, number_text(bucket.upper_bound)),
                   static_cast<double>(bucket.cumulative_count)});
  }
}

// A name has no line break, so no two series have the same key.
std::string key_of(const CountedSeries& series) { return series.name + '\n' + series.labels; }

std::uint64_t counted(double value) { return value > 0 ? static_cast<std::uint64_t>(std::llround(value)) : 0; }

void add_role(HourFigures& hour, std::string_view role, std::uint64_t value) {
  if (role == "encrypted") {
    hour.queries_encrypted += value;
  } else if (role == "clear") {
    hour.queries_clear += value;
  } else if (role == "withheld") {
    hour.lookups_withheld += value;
  } else if (role == "shadow") {
    hour.lookups_shadow += value;
  } else if (const auto id = std::ranges::find(kStandingIds, role); id != kStandingIds.end()) {
    hour.answers[static_cast<std::size_t>(id - kStandingIds.begin())] += value;
  }
}

}  // namespace

UnixTime hour_counted(UnixTime since, UnixTime now) noexcept {
  const UnixTime begin = std::clamp(since, now - kHour, now);  // a clock that was set back: nothing but now
  return hour_of(begin + (now - begin) / 2);
}

std::vector<CountedSeries> counted_series(const MetricFamilies& families) {
  std::vector<CountedSeries> all;
  for (const auto& family : families) {
    for (const auto& metric : family.metric) {
      if (family.type == prometheus::MetricType::Histogram) {
        add_histogram(all, family.name, metric);
      } else if (family.type == prometheus::MetricType::Counter) {
        all.push_back({family.name, labels_json(metric), metric.counter.value, heirs_of(metric)});
      }
    }
  }
  return all;
}

std::vector<double> CounterBaseline::growth(const std::vector<CountedSeries>& all) const {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) { places.emplace(key_of(all[i]), i); }
  std::vector<double> grown;
  grown.reserve(all.size());
  for (const CountedSeries& series : all) {
    const auto before = written_.find(key_of(series));
    const double written = before == written_.end() ? 0 : before->second.value;
    const double anew = series.heirs.empty() ? 0 : series.value;
    grown.push_back(written > series.value ? anew : series.value - written);
  }
  for (const auto& [key, series] : written_) {
    const auto here = places.find(key);
    if (here != places.end() && all[here->second].value >= series.value) { continue; }
    for (const std::string& heir : series.heirs) {
      const auto place = places.find(series.name + '\n' + heir);
      if (place == places.end()) { continue; }
      grown[place->second] -= series.value;
      break;
    }
  }
  return grown;
}

void CounterBaseline::accept(const std::vector<CountedSeries>& all) {
  written_.clear();
  for (const CountedSeries& series : all) { written_.emplace(key_of(series), series); }
}

void write_counts(SqlDatabase& database, const std::vector<CountedSeries>& all, const CounterBaseline& baseline,
                  UnixTime hour) {
  SqlStatement known(database,
                     "INSERT INTO series (name, labels, latest) VALUES (?, ?, ?)"
                     " ON CONFLICT DO UPDATE SET latest = max(latest, excluded.latest) RETURNING id");
  SqlStatement count(database,
                     "INSERT INTO counts (hour, series, value) VALUES (?, ?, ?)"
                     " ON CONFLICT DO UPDATE SET value = value + excluded.value");
  const std::vector<double> growth = baseline.growth(all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const CountedSeries& series = all[i];
    const double grown = growth[i];
    if (!(grown > 0)) { continue; }
    known.start(series.name, series.labels, hour);
    if (!known.next()) { return; }
    const std::int64_t id = known.integer(0);
    while (known.next()) {}
    if (grown == std::floor(grown) && grown < kExactIntegers) {
      count.run(hour, id, static_cast<std::int64_t>(grown));
    } else {
      count.run(hour, id, grown);
    }
  }
}

void forget_counts(SqlDatabase& database, UnixTime before) {
  const std::int64_t oldest = database.number("SELECT coalesce(min(hour), 0) FROM counts");
  const UnixTime bound = std::min(before, oldest + kMostHoursForgotten * kHour);
  if (oldest >= bound) { return; }
  SqlStatement(database, "DELETE FROM counts WHERE hour < ?").run(bound);
  // A name goes with the last of its counts.
  SqlStatement(database, "DELETE FROM series WHERE latest < ?").run(bound);
}

std::vector<HourFigures> read_hours(SqlDatabase& database, UnixTime from, UnixTime to, std::size_t most) {
  // What a series counts for is found once, and not at each of its rows. Every hour in which the server ran has used
  // the processor: it is there even if nobody asked anything.
  SqlStatement rows(database, R"sql(
    WITH roles AS MATERIALIZED (
      SELECT id, CASE name
          WHEN 'vouch_client_answers_total' THEN labels ->> 'validation'
          WHEN 'vouch_client_queries_total' THEN
            iif(labels ->> 'transport' IN ('dot', 'doh', 'doq', 'doh3'), 'encrypted', 'clear')
          WHEN 'vouch_lookups_withheld_total' THEN 'withheld'
          WHEN 'vouch_lookups_would_be_withheld_total' THEN 'shadow'
          ELSE '' END AS role
      FROM series
      WHERE name IN ('vouch_client_answers_total', 'vouch_client_queries_total', 'vouch_lookups_withheld_total',
                     'vouch_lookups_would_be_withheld_total', 'process_cpu_seconds_total')
        AND coalesce(labels ->> 'source', '') <> 'local')
    SELECT hour, role, sum(value) FROM counts JOIN roles ON roles.id = counts.series
    WHERE hour >= ? AND hour <= ? GROUP BY hour, role ORDER BY hour)sql");
  std::vector<HourFigures> hours;
  for (rows.start(from, to - kHour); rows.next();) {
    const UnixTime hour = rows.integer(0);
    if (hours.empty() || hours.back().hour != hour) {
      if (hours.size() == most) { break; }
      hours.push_back({});
      hours.back().hour = hour;
    }
    add_role(hours.back(), rows.text(1), counted(rows.real(2)));
  }
  return hours;
}

}  // namespace vouch
