// The figures as JSON, for all who tell them in it: the API (telemetry/web/api_json.cc) and the control socket. One
// thing is one object wherever it stands. Times are Unix seconds; what is not known, or never, is null.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "telemetry/figures.h"
#include "telemetry/status_figures.h"

namespace vouch {

using Json = nlohmann::ordered_json;  // members stay in the order in which a reader wants them

template <typename Value>
Json value_or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}
inline Json time_or_null(UnixTime time) { return time != 0 ? Json(time) : Json(nullptr); }
inline Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// A member for each id, `read(i)`.
template <std::size_t kCount, typename Read>
Json by_id(const std::array<std::string_view, kCount>& ids, const Read& read) {
  Json object = Json::object();
  for (std::size_t i = 0; i < kCount; ++i) { object[std::string(ids[i])] = read(i); }
  return object;
}
template <typename Rows, typename ToJson>
Json array_of(const Rows& rows, const ToJson& to_json) {
  Json items = Json::array();
  for (const auto& row : rows) { items.push_back(to_json(row)); }
  return items;
}

Json withheld_object(const WithheldFigures& withheld);
Json zone_object(const ZoneFigures& zone);
Json rejected_object(const ResolverCounters& resolver);  // replies that were not taken, by what was wrong
Json policy_object(const PolicyFigures& policy);         // what lists, policy zones, rebinding protection, DNS64 did
Json cache_object(const CacheFigures& cache);
Json anchor_object(const AnchorFigures& anchor);
Json negative_anchor_object(const NegativeAnchorFigures& anchor);
Json listener_object(const ListenerFigures& listener);
Json certificate_object(const std::optional<CertificateFigures>& certificate);  // null: there is none

}  // namespace vouch
