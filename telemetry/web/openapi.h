// telemetry/web/openapi.json, built into the program (telemetry/web/openapi.cc.in).
#pragma once

#include <string_view>

namespace vouch {

std::string_view openapi_text() noexcept;

}  // namespace vouch
