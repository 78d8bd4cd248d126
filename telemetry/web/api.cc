#include "telemetry/web/api.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "resolver/wire/name.h"
#include "telemetry/web/api_json.h"
#include "telemetry/web/api_rows.h"
#include "telemetry/web/csv.h"
#include "telemetry/web/openapi.h"

namespace vouch {
namespace {

constexpr std::string_view kZonePath = "/api/v1/zones/";
constexpr UnixTime kHour = 3600;
constexpr UnixTime kMaxHistory = kHour * static_cast<UnixTime>(History::kMaxHours);
constexpr UnixTime kDefaultHistory = 24 * kHour;

WebResponse json(std::string body) { return {.content_type = kJsonType, .body = std::move(body)}; }

WebResponse csv(std::string body, std::string_view file) {
  return {.content_type = kCsvType, .body = std::move(body), .download = file};
}

std::optional<std::int64_t> number_in(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) { return std::nullopt; }
  return value;
}

// `limit` and `offset`, or their defaults; nothing: out of bounds.
std::optional<RowRange> range_in(const WebTarget& target) noexcept {
  RowRange range{.offset = 0, .limit = kDefaultApiRows};
  if (target.has("limit")) {
    const auto limit = number_in(target.parameter("limit"));
    if (!limit || *limit < 1 || *limit > static_cast<std::int64_t>(kMaxApiRows)) { return std::nullopt; }
    range.limit = static_cast<std::size_t>(*limit);
  }
  if (target.has("offset")) {
    const auto offset = number_in(target.parameter("offset"));
    if (!offset || *offset > static_cast<std::int64_t>(kMaxApiOffset)) { return std::nullopt; }
    range.offset = static_cast<std::size_t>(*offset);
  }
  return range;
}

WebResponse history(const ApiInput& input) {
  const auto bound = [&](std::string_view name, UnixTime otherwise) {
    return input.target.has(name) ? number_in(input.target.parameter(name)) : std::optional(otherwise);
  };
  const auto to = bound("to", input.figures.taken);
  if (!to) { return api_problem(400, "`to` is not a time in Unix seconds."); }
  const auto from = bound("from", std::max<UnixTime>(*to - kDefaultHistory, 0));
  if (!from) { return api_problem(400, "`from` is not a time in Unix seconds."); }
  if (*from > *to || *to - *from > kMaxHistory) { return api_problem(400, "At most 31 days, from before to."); }
  return json(history_json(input.hours(*from, *to)));
}

WebResponse one_zone(const ApiInput& input) {
  const auto text = percent_decoded(input.target.path.substr(kZonePath.size()), false);
  const auto name = text ? Name::parse(*text) : std::nullopt;
  if (!name || text->empty()) { return api_problem(400, "This is no zone's name."); }
  for (const ZoneFigures& zone : input.figures.zones) {
    const auto known = Name::parse(zone.zone);
    if (known && known->view() == name->view()) { return json(zone_json(zone)); }
  }
  return api_problem(404, "This zone has not failed lately.");
}

WebResponse zones(const ApiInput& input, RowRange range, bool as_csv) {
  std::optional<ZoneState> state;
  if (input.target.has("state")) {
    const auto found = std::ranges::find(kZoneStateIds, input.target.parameter("state"));
    if (found == kZoneStateIds.end()) { return api_problem(400, "`state` is failing, recovered or quiet."); }
    state = static_cast<ZoneState>(found - kZoneStateIds.begin());
  }
  return as_csv ? csv(zones_csv(input.figures, state, range), "zones.csv")
                : json(zones_json(input.figures, state, range));
}

WebResponse rows(std::string_view path, const ApiInput& input) {
  const auto range = range_in(input.target);
  if (!range) { return api_problem(400, "`limit` is a number from 1 to 250, `offset` one from 0 to 1000000."); }
  if (path == "/api/v1/zones") { return zones(input, *range, false); }
  if (path == "/api/v1/zones.csv") { return zones(input, *range, true); }
  if (path == "/api/v1/incidents") { return json(incidents_json(input.figures, *range)); }
  if (path == "/api/v1/incidents.csv") { return csv(incidents_csv(input.figures, *range), "incidents.csv"); }
  if (path == "/api/v1/tlds") { return json(tlds_json(input.figures, *range)); }
  return json(expiring_json(input.figures, *range));
}

}  // namespace

std::span<const ApiRoute> api_routes() {
  static const std::array<ApiRoute, 12> kRoutes{{
      {"/api/v1/summary", {}},
      {"/api/v1/zones", {"state", "limit", "offset"}},
      {"/api/v1/zones.csv", {"state", "limit", "offset"}},
      {"/api/v1/zones/{name}", {}},
      {"/api/v1/incidents", {"limit", "offset"}},
      {"/api/v1/incidents.csv", {"limit", "offset"}},
      {"/api/v1/tlds", {"limit", "offset"}},
      {"/api/v1/expiring", {"limit", "offset"}},
      {"/api/v1/status", {}},
      {"/api/v1/history", {"from", "to"}},
      {kApiCheckPath, {"name"}},
      {"/api/v1/openapi.json", {}},
  }};
  return kRoutes;
}

std::optional<WebResponse> refuse_parameters(std::string_view route, const WebTarget& target) {
  const auto known = std::ranges::find(api_routes(), route, &ApiRoute::path);
  if (known == api_routes().end()) { return api_problem(404, "There is nothing here. See /api/v1/openapi.json."); }
  for (const WebParameter& parameter : target.parameters) {
    if (std::ranges::find(known->parameters, std::string_view(parameter.name)) == known->parameters.end()) {
      return api_problem(400, "A parameter is not known here. See /api/v1/openapi.json.");
    }
  }
  return std::nullopt;
}

WebResponse answer_api(const ApiInput& input) {
  const std::string_view path = input.target.path;
  const bool is_one_zone = path.starts_with(kZonePath);
  if (auto refused = refuse_parameters(is_one_zone ? "/api/v1/zones/{name}" : path, input.target)) {
    return std::move(*refused);
  }
  if (is_one_zone) { return one_zone(input); }
  if (path == "/api/v1/summary") { return json(summary_json(input.figures, input.status)); }
  if (path == "/api/v1/status") { return json(status_json(input.status)); }
  if (path == "/api/v1/history") { return history(input); }
  if (path == "/api/v1/openapi.json") { return json(std::string(openapi_text())); }
  return rows(path, input);
}

WebResponse api_problem(std::uint16_t status, std::string_view text) {
  return {.status = status, .content_type = kJsonType, .body = problem_json(status, text)};
}

WebResponse api_site_report(const SiteReport& report) { return json(site_report_json(report)); }

}  // namespace vouch
