#include "transports/tls/self_signed.h"

#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>

#include "resolver/base/address.h"
#include "resolver/base/random.h"
#include "transports/tls/openssl_handles.h"

namespace vouch {

namespace {

constexpr std::size_t kMaxHostName = 253, kMaxLabel = 63, kMaxCommonName = 64;  // the last: X.520's ub-common-name

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kMaxLabel && text.front() != '-' && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

// As openssl x509v3_config(5) writes it. Names are host names or addresses: no comma or newline comes in with them.
std::string alternative_names(const std::vector<std::string>& names) {
  std::string text;
  std::size_t count = 0;
  for (const std::string& name : names) {
    const auto address = IpAddress::parse(name);
    if ((!address && !is_host_name(name)) || ++count > kMaxCertificateNames) { continue; }
    text.append(text.empty() ? "" : ",").append(address ? "IP:" : "DNS:").append(address ? address->text() : name);
  }
  return text;
}

bool add(X509* certificate, int kind, const std::string& value) {
  struct FreedExtension {
    void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
  };
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreedExtension> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Nobody may guess it, and no two of ours are alike: browsers refuse another certificate of the same issuer and number.
bool draw_serial(X509* certificate) {
  std::array<Octet, 16> octets;
  SystemRandom().fill(octets);
  octets[0] = u8((octets[0] & 0x7fU) | 0x40U);  // positive, and of full length
  struct FreedNumber {
    void operator()(BIGNUM* number) const noexcept { BN_free(number); }
  };
  const std::unique_ptr<BIGNUM, FreedNumber> number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool fill(X509* certificate, EVP_PKEY* key, const CertificateWish& wish, const std::string& names) {
  const auto first = std::ranges::find_if(wish.names, [](const auto& name) { return is_host_name(name); });
  const std::string subject = first == wish.names.end() ? "vouch" : first->substr(0, kMaxCommonName);
  X509_NAME* const name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 && draw_serial(certificate) &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), static_cast<std::time_t>(wish.from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), static_cast<std::time_t>(wish.until)) != nullptr &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, bytes_of(subject).data(),
                                    static_cast<int>(subject.size()), -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, key) == 1 &&
         add(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add(certificate, NID_key_usage, "critical,digitalSignature") &&
         add(certificate, NID_ext_key_usage, "serverAuth") && add(certificate, NID_subject_key_identifier, "hash") &&
         add(certificate, NID_subject_alt_name, names) && X509_sign(certificate, key, EVP_sha256()) != 0;
}

std::string content_of(BIO* bio) {
  char* at = nullptr;
  const long size = BIO_get_mem_data(bio, &at);
  return size > 0 ? std::string(at, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

bool is_host_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > kMaxHostName || !is_letter_or_digit(text.back())) { return false; }
  const bool is_number = std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (is_number) { return false; }  // an address, or what somebody takes for one
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_label(text.substr(0, dot))) { return false; }
    if (dot == std::string_view::npos) { return true; }
    text.remove_prefix(dot + 1);
  }
}

std::expected<std::string, std::string> make_key() {
  tls::forget_errors();
  const tls::KeyHandle key(EVP_EC_gen("P-256"));
  const tls::BioHandle out(BIO_new(BIO_s_secmem()));  // wiped when freed
  if (key == nullptr || out == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return std::unexpected("cannot make a key: " + tls::last_reason());
  }
  return content_of(out.get());
}

std::expected<std::string, std::string> make_self_signed(const std::string& key_text, const CertificateWish& wish) {
  tls::forget_errors();
  const std::string names = alternative_names(wish.names);
  if (names.empty()) { return std::unexpected("a certificate needs a name or an address"); }
  const tls::BioHandle in(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
  const tls::KeyHandle key(in == nullptr ? nullptr : PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
  const tls::CertificateHandle certificate(X509_new());
  const tls::BioHandle out(BIO_new(BIO_s_mem()));
  if (key == nullptr || certificate == nullptr || out == nullptr || !fill(certificate.get(), key.get(), wish, names) ||
      PEM_write_bio_X509(out.get(), certificate.get()) != 1) {
    return std::unexpected("cannot make a certificate: " + tls::last_reason());
  }
  return content_of(out.get());
}

}  // namespace vouch
