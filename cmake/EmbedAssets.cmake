# Writes the files of telemetry/web/assets into one C++ file, with a content hash each: the program carries its pages
# along, and needs nothing but CMake for it. Run as a script:
#   cmake -DOUT=embedded_assets.cc -DFILES=style.css;app.js -DFOLDER=... -P EmbedAssets.cmake
set(types_css "text/css; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_svg "image/svg+xml")

set(arrays "")
set(entries "")
set(number 0)
foreach(name IN LISTS FILES)
  file(READ "${FOLDER}/${name}" octets HEX)
  file(SHA256 "${FOLDER}/${name}" hash)
  string(SUBSTRING "${hash}" 0 32 etag)  # 128 bits tell versions apart
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${octets}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n"
         octets "${octets}")
  cmake_path(GET name EXTENSION LAST_ONLY extension)
  string(SUBSTRING "${extension}" 1 -1 extension)
  if(NOT DEFINED types_${extension})
    message(FATAL_ERROR "EmbedAssets: no content type for ${name}")
  endif()
  string(APPEND arrays "constexpr unsigned char kOctets${number}[] = {\n${octets}\n};\n")
  string(APPEND entries
         "    {\"/${name}\", \"${types_${extension}}\", text_of(kOctets${number}), \"\\\"${etag}\\\"\"},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE "${OUT}.new" "// Made by cmake/EmbedAssets.cmake.
#include <array>
#include <cstddef>

#include \"telemetry/web/pages.h\"

namespace vouch {
namespace {

${arrays}
template <std::size_t size>
std::string_view text_of(const unsigned char (&octets)[size]) {
  return {reinterpret_cast<const char*>(octets), size};
}

const std::array<Asset, ${number}> kAssets{{
${entries}}};

}  // namespace

std::span<const Asset> assets() noexcept { return kAssets; }

}  // namespace vouch
")
file(COPY_FILE "${OUT}.new" "${OUT}" ONLY_IF_DIFFERENT)
