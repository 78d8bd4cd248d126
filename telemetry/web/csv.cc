#include "telemetry/web/csv.h"

#include <cstdint>

namespace vouch {
namespace {

// A row under construction; cells are escaped on their way in.
class Row {
 public:
  explicit Row(std::string& table) : table_(table) {}
  ~Row() { table_.append("\r\n"); }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  Row& text(std::string_view value) {
    separate();
    table_.append(csv_cell(value));
    return *this;
  }
  Row& number(std::int64_t value) {
    separate();
    table_.append(std::to_string(value));
    return *this;
  }
  Row& count(std::uint64_t value) {
    separate();
    table_.append(std::to_string(value));
    return *this;
  }
  Row& time(const std::optional<UnixTime>& value) { return value ? number(*value) : text(""); }

 private:
  void separate() {
    if (!is_first_) { table_.push_back(','); }
    is_first_ = false;
  }
  std::string& table_;
  bool is_first_ = true;
};

}  // namespace

std::string csv_cell(std::string_view text) {
  constexpr std::string_view kFormulaStarts = "=+-@\t\r";
  std::string cell;
  if (!text.empty() && kFormulaStarts.contains(text.front())) { cell.push_back('\''); }
  cell.append(text);
  if (cell.find_first_of("\",\r\n'") == std::string::npos) { return cell; }
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') { quoted.push_back('"'); }
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

std::string zones_csv(const Figures& figures, std::optional<ZoneState> state, RowRange range) {
  std::string table =
      "zone,state,reason,evidence,fixer,failing_since,last_failure,ended,last_good,failures,answers_withheld,"
      "lookups_withheld,prefixes\r\n";
  for (const ZoneFigures& zone : rows_in(zones_in(figures, state), range)) {
    const ZoneCause cause = zone.causes.empty() ? ZoneCause{} : zone.causes.front();
    Row(table)
        .text(zone.zone)
        .text(id_of(kZoneStateIds, zone.state))
        .text(reason_id(cause.reason))
        .text(id_of(kEvidenceIds, cause.evidence))
        .text(id_of(kFixerIds, fixer_of(cause.reason)))
        .number(zone.began)
        .number(zone.last_failure)
        .time(zone.ended)
        .time(zone.last_good)
        .count(zone.failures)
        .count(zone.withheld.answers)
        .count(zone.withheld.lookups)
        .count(zone.prefixes);
  }
  return table;
}

std::string incidents_csv(const Figures& figures, RowRange range) {
  std::string table =
      "zone,state,reason,evidence,fixer,began,last_failure,ended,failures,answers_withheld,lookups_withheld,"
      "prefixes\r\n";
  for (const IncidentFigures& incident : rows_in(std::views::all(figures.incidents), range)) {
    Row(table)
        .text(incident.zone)
        .text(id_of(kZoneStateIds, incident.state))
        .text(reason_id(incident.reason))
        .text(id_of(kEvidenceIds, incident.evidence))
        .text(id_of(kFixerIds, fixer_of(incident.reason)))
        .number(incident.began)
        .number(incident.last_failure)
        .time(incident.ended)
        .count(incident.failures)
        .count(incident.withheld.answers)
        .count(incident.withheld.lookups)
        .count(incident.prefixes);
  }
  return table;
}

}  // namespace vouch
