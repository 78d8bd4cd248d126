// The API under /api/v1: figures as JSON, for programs. For the operator alone. Every list has a limit that the caller
// may choose below a maximum; unknown parameters are refused, so that a mistyped one is noticed.
// telemetry/web/openapi.json describes it, and is served as /api/v1/openapi.json.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/figures.h"
#include "telemetry/history.h"
#include "telemetry/status_figures.h"
#include "telemetry/web/site_report.h"
#include "telemetry/web/web_request.h"
#include "telemetry/web/web_response.h"

namespace vouch {

inline constexpr std::string_view kApiPrefix = "/api/v1/";
inline constexpr std::string_view kApiCheckPath = "/api/v1/check";  // the one that waits; the router does it

inline constexpr std::size_t kDefaultApiRows = 100;
// The longest names, in every row, then make half of the largest body that the server sends. More rows by `offset`.
inline constexpr std::size_t kMaxApiRows = 250;
inline constexpr std::size_t kMaxApiOffset = 1'000'000;  // beyond any list

// As OpenAPI spells them: "/api/v1/zones/{name}". All of them, the check and the description included.
struct ApiRoute {
  std::string_view path;
  std::vector<std::string_view> parameters;  // of the query
};
std::span<const ApiRoute> api_routes();

// Where hours come from: [from, to), oldest first.
using HourReader = std::function<std::vector<HourFigures>(UnixTime from, UnixTime to)>;

struct ApiInput {
  const WebTarget& target;
  const Figures& figures;
  const StatusFigures& status;
  const HourReader& hours;
};
// Whatever is asked under kApiPrefix, but kApiCheckPath.
WebResponse answer_api(const ApiInput& input);

// What is wrong with the parameters of the route with this path; nothing: they may be looked at.
std::optional<WebResponse> refuse_parameters(std::string_view route, const WebTarget& target);

WebResponse api_problem(std::uint16_t status, std::string_view text);
WebResponse api_site_report(const SiteReport& report);

}  // namespace vouch
