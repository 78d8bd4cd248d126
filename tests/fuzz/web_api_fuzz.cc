// Any octets as names and words in the figures: the API's JSON is ASCII and parses back to them, its tables have as
// many cells in each row, and none that a spreadsheet would take for a formula.
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "telemetry/web/api_json.h"
#include "telemetry/web/csv.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

using Json = nlohmann::json;

constexpr RowRange kAll{.offset = 0, .limit = 1000};

std::string text_from(FuzzInput& input) { return std::string(vouch::text_of(input.octets(input.octet()))); }

Figures figures_from(FuzzInput& input) {
  Figures figures;
  figures.counters = std::make_shared<WorkerCounters>();
  while (!input.is_empty() && figures.zones.size() < 8) {
    ZoneFigures& zone = figures.zones.emplace_back();
    zone.zone = text_from(input);
    zone.state = static_cast<ZoneState>(input.octet() % kZoneStateIds.size());
    zone.failures = input.number32();
    for (std::size_t causes = input.octet() % 3U; causes > 0; --causes) {
      ZoneCause& cause = zone.causes.emplace_back();
      cause.reason = static_cast<Reason>(input.octet() % kReasons);
      cause.evidence = static_cast<Evidence>(input.octet() % kEvidences);
      cause.server = text_from(input);
    }
    IncidentFigures& incident = figures.incidents.emplace_back();
    incident.zone = zone.zone;
    incident.began = -static_cast<UnixTime>(input.number32());
    figures.tlds.emplace_back().tld = zone.zone;
    figures.expiring.emplace_back().zone = zone.zone;
  }
  return figures;
}

Json parsed(const std::string& text) {
  for (const char c : text) { must(c == '\n' || (c >= ' ' && c <= '~'), "ASCII"); }
  Json json = Json::parse(text, nullptr, false);
  must(!json.is_discarded(), "JSON");
  return json;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// RFC 4180, read back.
std::vector<std::vector<std::string>> rows_of(std::string_view table) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool is_quoted = false;
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::string& cell = rows.back().back();
    if (table[i] == '"' && is_quoted && i + 1 < table.size() && table[i + 1] == '"') {
      cell.push_back(table[i++]);
    } else if (table[i] == '"') {
      is_quoted = !is_quoted;
    } else if (table[i] == ',' && !is_quoted) {
      rows.back().emplace_back();
    } else if (table[i] == '\n' && !is_quoted) {
      must(!cell.empty() && cell.back() == '\r', "lines end in CRLF");
      cell.pop_back();
      rows.emplace_back(1);
    } else {
      cell.push_back(table[i]);
    }
  }
  must(!is_quoted && rows.back() == std::vector<std::string>(1), "a last line that ends");
  rows.pop_back();
  return rows;
}

void check_table(const std::string& table, const std::vector<std::string>& names) {
  const auto rows = rows_of(table);
  must(rows.size() == names.size() + 1, "a row each");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    must(rows[i].size() == rows[0].size(), "as many cells in each row");
    if (i == 0) { continue; }
    const std::string& cell = rows[i][0];
    must(cell == names[i - 1] || cell == '\'' + names[i - 1], "the name");
    must(cell.empty() || !std::string_view("=+-@\t\r").contains(cell[0]), "no formula");
  }
}

void check_site_report(FuzzInput& input) {
  SiteReport report;
  report.name = text_from(input);
  report.extra_text = text_from(input);
  report.addresses = {text_from(input)};
  report.reason = static_cast<Reason>(input.octet() % kReasons);
  report.chain.emplace_back().zone = text_from(input);
  const Json json = parsed(site_report_json(report));
  must(!is_ascii(report.name) || json["name"] == report.name, "the name, there and back");
  StatusFigures status;
  status.version = text_from(input);
  status.negative_anchors.emplace_back().reason = text_from(input);
  status.history.problem = text_from(input);
  parsed(status_json(status));
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  check_site_report(input);
  const Figures figures = figures_from(input);
  const Json zones = parsed(zones_json(figures, std::nullopt, kAll))["zones"];
  std::vector<std::string> names;
  for (std::size_t i = 0; i < figures.zones.size(); ++i) {
    names.push_back(figures.zones[i].zone);
    must(!is_ascii(names[i]) || zones[i]["zone"] == names[i], "the zone, there and back");
  }
  for (const std::string& text :
       {incidents_json(figures, kAll), tlds_json(figures, {.offset = 1, .limit = 3}), expiring_json(figures, kAll),
        summary_json(figures, StatusFigures()), history_json({})}) {
    parsed(text);
  }
  check_table(zones_csv(figures, std::nullopt, kAll), names);
  check_table(incidents_csv(figures, kAll), names);
  return 0;
}
