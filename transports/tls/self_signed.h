// A certificate that vouches for itself: for the first start, for a home network, for clients that pin the key or that
// encrypt without asking whom they talk to (RFC 8310 section 5, opportunistic).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace vouch {

// A new P-256 key as PEM (PKCS#8): every client knows the curve, and a signature costs us a tenth of an RSA one.
std::expected<std::string, std::string> make_key();

struct CertificateWish {
  // DNS names and addresses, at most kMaxNames; one that is neither is passed over. The first DNS name is the subject.
  std::vector<std::string> names;
  std::int64_t from = 0, until = 0;  // seconds since 1970
};
constexpr std::size_t kMaxCertificateNames = 64;  // the certificate goes into every full handshake

// PEM; `key` as make_key() gives it. On failure the reason.
std::expected<std::string, std::string> make_self_signed(const std::string& key, const CertificateWish& wish);

// Letters, digits and hyphens in labels of 1 to 63 octets, 253 in all (RFC 1123 section 2.1); no address.
bool is_host_name(std::string_view text) noexcept;

}  // namespace vouch
