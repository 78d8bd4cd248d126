// What a certificate says, out of OpenSSL's types. For the .cc files of this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "transports/tls/openssl_handles.h"

namespace vouch::tls {

// The DNS names and addresses of the subjectAltName extension; the common name is none (RFC 9525 section 6.3).
std::vector<std::string> names_in(const X509* certificate);
// Base64 of the SHA-256 of the public key as the certificate has it (RFC 7858 appendix A); empty: no memory.
std::string pin_of(const X509* certificate);
std::int64_t unix_time(const ASN1_TIME* time);  // seconds since 1970; 0 when it is no time

}  // namespace vouch::tls
