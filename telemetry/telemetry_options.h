// What the operator says about counting; conf/vouch.yaml documents each key, docs/telemetry.md the rules behind them.
#pragma once

#include <cstdint>
#include <string>

namespace vouch {

struct TelemetryOptions {
  // A zone that fewer client prefixes met than this is named to nobody but the operator, in memory (rule R3).
  std::uint32_t min_prefixes = 5;
  // How much of a client's address is looked at, and hashed (rule R2).
  std::uint8_t ipv4_prefix = 32;
  std::uint8_t ipv6_prefix = 56;
  std::uint32_t listed_zones = 50;                 // that /metrics may name at once
  std::uint32_t listed_tlds = 60;                  // likewise
  std::string state_directory = "/var/lib/vouch";  // where the history lies; empty: none is kept
  std::uint32_t history_days = 400;                // that it is kept
};

}  // namespace vouch
