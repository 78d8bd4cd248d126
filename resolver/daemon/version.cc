#include "resolver/daemon/version.h"

#include <event2/event.h>
#include <ldns/ldns.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>
#include <sqlite3.h>

#include "transports/quic/library_versions.h"

namespace vouch {

// From CMakeLists.txt, where the project's version stands once.
const std::string_view kVersion = VOUCH_VERSION;

std::vector<std::string> library_versions() {
  const std::string spdlog = std::to_string(SPDLOG_VER_MAJOR) + "." + std::to_string(SPDLOG_VER_MINOR) + "." +
                             std::to_string(SPDLOG_VER_PATCH);
  std::vector<std::string> versions = {
      std::string("ldns ") + ::ldns_version(), std::string("libevent ") + ::event_get_version(),
      ::OpenSSL_version(OPENSSL_VERSION), std::string("nghttp2 ") + ::nghttp2_version(0)->version_str};
  for (const auto& [name, version] : quic_library_versions()) { versions.push_back(name + (" " + version)); }
  versions.push_back(std::string("SQLite ") + ::sqlite3_libversion());
  versions.push_back("yaml-cpp " VOUCH_YAML_CPP_VERSION);
  versions.push_back("spdlog " + spdlog);
  return versions;
}

std::string version_text() {
  std::string text = "vouchd " + std::string(kVersion) + "\n";
  for (const std::string& library : library_versions()) { text += "  " + library + "\n"; }
  return text + "  built with " __VERSION__ "\n";
}

}  // namespace vouch
