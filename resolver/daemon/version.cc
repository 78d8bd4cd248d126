#include "resolver/daemon/version.h"

#include <event2/event.h>
#include <ldns/ldns.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <spdlog/version.h>

#include "transports/quic/library_versions.h"

namespace vouch {

// From CMakeLists.txt, where the project's version stands once.
const std::string_view kVersion = VOUCH_VERSION;

std::string version_text() {
  const std::string spdlog = std::to_string(SPDLOG_VER_MAJOR) + "." + std::to_string(SPDLOG_VER_MINOR) + "." +
                             std::to_string(SPDLOG_VER_PATCH);
  std::string quic;
  for (const auto& [name, version] : quic_library_versions()) { quic += "  " + name + " " + version + "\n"; }
  return "vouchd " + std::string(kVersion) + "\n" +                        //
         "  ldns " + ::ldns_version() + "\n" +                             //
         "  libevent " + ::event_get_version() + "\n" +                    //
         "  " + ::OpenSSL_version(OPENSSL_VERSION) + "\n" +                //
         "  nghttp2 " + ::nghttp2_version(0)->version_str + "\n" + quic +  //
         "  yaml-cpp " + VOUCH_YAML_CPP_VERSION + "\n" +                   //
         "  spdlog " + spdlog + "\n" +                                     //
         "  built with " + __VERSION__ + "\n";
}

}  // namespace vouch
