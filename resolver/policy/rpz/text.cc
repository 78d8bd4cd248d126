#include "resolver/policy/rpz/text.h"

#include <cerrno>
#include <memory>
#include <system_error>

namespace vouch {

namespace {

struct Closed {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

}  // namespace

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
  const std::unique_ptr<std::FILE, Closed> file(std::fopen(path.c_str(), "re"));
  if (!file) { return std::unexpected(path + ": " + std::generic_category().message(errno)); }
  auto made = read_rpz_text(*file, zone);
  if (made) { return std::move(*made); }
  const ZoneFileFault& fault = made.error();
  const std::string line = fault.line == 0 ? "" : ":" + std::to_string(fault.line);
  return std::unexpected(path + line + ": " + fault.problem);
}

}  // namespace vouch
