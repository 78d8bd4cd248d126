#include "transports/quic/library_versions.h"

#include <gnutls/gnutls.h>
#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>

namespace vouch {

std::vector<std::pair<std::string, std::string>> quic_library_versions() {
  return {{"ngtcp2", ngtcp2_version(0)->version_str},
          {"nghttp3", nghttp3_version(0)->version_str},
          {"GnuTLS", gnutls_check_version(nullptr)}};
}

}  // namespace vouch
