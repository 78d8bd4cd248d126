// A policy zone from its rules alone: SOA and origin are put in front.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>

#include "resolver/base/regular_file.h"
#include "resolver/policy/rpz/text.h"

namespace vouch {

inline std::expected<RpzZonePtr, ZoneFileFault> read_rpz(std::string text, const char* zone = "rpz.test.") {
  text += '\n';
  const FilePtr file(fmemopen(text.data(), text.size(), "r"));
  return read_rpz_text(*file, Name::of(zone));
}

inline constexpr const char* kRpzHead =
    "$TTL 300\n"
    "@ SOA ns.rpz.test. hostmaster.rpz.test. 7 3600 600 86400 60\n"
    "  NS ns.rpz.test.\n";

inline RpzZonePtr rpz_zone(const std::string& rules) {
  auto made = read_rpz(kRpzHead + rules);
  EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().problem);
  return made ? *made : nullptr;
}

}  // namespace vouch
