#include "transports/tls/certificate_facts.h"

#include <openssl/sha.h>

#include <array>
#include <ctime>

#include "resolver/base/address.h"

namespace vouch::tls {

namespace {

std::string text_of_string(const ASN1_STRING* string) {
  const Bytes octets(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string)));
  return std::string(text_of(octets));
}

std::string text_of_address(const ASN1_OCTET_STRING* string) {
  const Bytes octets(ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string)));
  if (octets.size() == 4) { return IpAddress::v4(octets).text(); }
  return octets.size() == 16 ? IpAddress::v6(octets).text() : std::string();
}

}  // namespace

std::vector<std::string> names_in(const X509* certificate) {
  struct FreedNames {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
  };
  const std::unique_ptr<GENERAL_NAMES, FreedNames> found(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  if (found == nullptr) { return names; }
  for (int i = 0; i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type == GEN_DNS) { names.push_back(text_of_string(name->d.dNSName)); }
    if (name->type == GEN_IPADD) { names.push_back(text_of_address(name->d.iPAddress)); }
    if (!names.empty() && names.back().empty()) { names.pop_back(); }
  }
  return names;
}

std::string pin_of(const X509* certificate) {
  Octet* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  if (size <= 0) { return {}; }
  std::array<Octet, SHA256_DIGEST_LENGTH> digest;
  SHA256(encoded, static_cast<std::size_t>(size), digest.data());
  OPENSSL_free(encoded);
  std::array<Octet, 4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1> text;  // EVP_EncodeBlock ends it with a zero
  const int length = EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
  return std::string(text_of(Bytes(text).first(static_cast<std::size_t>(length))));
}

std::int64_t unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) { return 0; }
  return static_cast<std::int64_t>(timegm(&parts));
}

}  // namespace vouch::tls
