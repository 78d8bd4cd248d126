#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/lab/catalogue.h"
#include "tests/lab/outcome.h"

namespace vouch::lab {

constexpr std::uint16_t kDefaultPort = 5301;

// What the command line says. What it leaves open comes from the folder, if a lab was built there, or the defaults.
struct LabRequest {
  std::string dir;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint32_t> big;
  std::optional<std::uint32_t> leaves;
  std::optional<std::uint32_t> hostile;
  std::optional<std::uint16_t> port;
  std::string impair_file;
  std::string log_file;
};

struct LabSettings {
  Options options;
  std::uint16_t port = kDefaultPort;
};

// Makes the folder if need be, and makes its path absolute.
Outcome<std::string> open_folder(const std::string& dir);
LabSettings settings_for(const LabRequest& request, const std::string& dir);

// Builds the zones in request.dir unless they are there and fresh.
Outcome<void> build_lab(const LabRequest& request);

// Builds, starts, says "ready …" on standard output, and returns after SIGINT or SIGTERM, with no process left behind.
Outcome<void> run_lab(const LabRequest& request);

}  // namespace vouch::lab
