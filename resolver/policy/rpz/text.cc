#include "resolver/policy/rpz/text.h"

#include "resolver/base/regular_file.h"

namespace vouch {

std::expected<RpzZonePtr, ZoneFileFault> read_rpz_text(std::FILE& file, NameView zone) {
  RpzZoneBuilder builder(zone);
  auto fault = read_zone_file(
      file, zone, [&builder](NameView owner, Type type, std::uint32_t ttl, Bytes rdata, std::uint64_t line) {
        builder.add(owner, type, ttl, rdata, line);
      });
  if (fault) { return std::unexpected(std::move(*fault)); }
  auto made = builder.finish();
  if (!made) { return std::unexpected(ZoneFileFault{0, std::move(made.error())}); }
  return std::move(*made);
}

std::expected<RpzZonePtr, std::string> read_rpz_file(const std::string& path, NameView zone) {
  const auto file = open_regular_file(path);
  if (!file) { return std::unexpected(path + ": " + file.error().reason); }
  auto made = read_rpz_text(**file, zone);
  if (made) { return std::move(*made); }
  const ZoneFileFault& fault = made.error();
  const std::string line = fault.line == 0 ? "" : ":" + std::to_string(fault.line);
  return std::unexpected(path + line + ": " + fault.problem);
}

}  // namespace vouch
