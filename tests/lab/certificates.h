// Certificates for whoever serves DNS over TLS, HTTPS or QUIC on the lab: an authority of the lab's own and a server's
// certificate from it. DIR/tls/ca.pem is what clients are given to trust, server.pem and server.key go to the server.
#pragma once

#include <string>

#include "tests/lab/outcome.h"

namespace vouch::lab {

constexpr const char* kServerName = "dns.lab";  // beside localhost, 127.0.0.1 and ::1

// New ones at each call: they are good for kCertificateDays. Nothing that is secret anywhere else is made with them.
constexpr int kCertificateDays = 30;
Outcome<void> write_certificates(const std::string& dir);

}  // namespace vouch::lab
