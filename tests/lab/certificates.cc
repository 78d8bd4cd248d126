#include "tests/lab/certificates.h"

#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <filesystem>
#include <memory>

#include "tests/lab/text_file.h"

namespace vouch::lab {

namespace {

constexpr long kDay = 86400;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Text = std::unique_ptr<BIO, decltype(&BIO_free)>;

struct Pair {
  Certificate certificate{nullptr, &X509_free};
  Key key{nullptr, &EVP_PKEY_free};
};

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
  if (extension == nullptr) { return false; }
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

bool give_serial(X509* certificate) {
  BIGNUM* const number = BN_new();
  const bool given = number != nullptr && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
                     BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return given;
}

// Signed by `issuer`, or by itself when that is null.
Outcome<Pair> make(const std::string& subject, const std::string& alternative_names, const Pair* issuer) {
  Pair pair;
  pair.key.reset(EVP_EC_gen("P-256"));
  pair.certificate.reset(X509_new());
  X509* const it = pair.certificate.get();
  if (it == nullptr || pair.key == nullptr) { return failure("OpenSSL makes no key"); }
  const std::time_t now = std::time(nullptr);
  const bool is_authority = issuer == nullptr;
  const bool made =
      X509_set_version(it, X509_VERSION_3) == 1 && give_serial(it) &&
      ASN1_TIME_set(X509_getm_notBefore(it), now - kDay) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(it), now + kCertificateDays * kDay) != nullptr &&
      X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0) == 1 &&
      X509_set_issuer_name(it, X509_get_subject_name(is_authority ? it : issuer->certificate.get())) == 1 &&
      X509_set_pubkey(it, pair.key.get()) == 1 &&
      add_extension(it, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE") &&
      add_extension(it, NID_key_usage, is_authority ? "critical,keyCertSign" : "critical,digitalSignature") &&
      (alternative_names.empty() || add_extension(it, NID_subject_alt_name, alternative_names)) &&
      X509_sign(it, is_authority ? pair.key.get() : issuer->key.get(), EVP_sha256()) != 0;
  if (!made) {
    return failure(fmt::format("OpenSSL makes no certificate: {}", ERR_reason_error_string(ERR_get_error())));
  }
  return pair;
}

std::string text_of(BIO* from) {
  char* at = nullptr;
  const long size = BIO_get_mem_data(from, &at);
  return {at, static_cast<std::size_t>(size)};
}

std::string certificate_text(const Pair& pair) {
  const Text out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_X509(out.get(), pair.certificate.get());
  return text_of(out.get());
}

std::string key_text(const Pair& pair) {
  const Text out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PKCS8PrivateKey(out.get(), pair.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out.get());
}

}  // namespace

Outcome<void> write_certificates(const std::string& dir) {
  const std::string folder = dir + "/tls";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) { return failure(fmt::format("cannot make {}: {}", folder, error.message())); }
  const Outcome<Pair> authority = make("The lab's certificate authority", "", nullptr);
  if (!authority) { return failure(authority.error()); }
  const std::string names = fmt::format("DNS:{},DNS:localhost,IP:127.0.0.1,IP:::1", kServerName);
  const Outcome<Pair> server = make(kServerName, names, &*authority);
  if (!server) { return failure(server.error()); }
  const std::pair<const char*, std::string> files[] = {{"ca.pem", certificate_text(*authority)},
                                                       {"server.pem", certificate_text(*server)},
                                                       {"server.key", key_text(*server)}};
  for (const auto& [name, text] : files) {
    const std::string path = fmt::format("{}/{}", folder, name);
    if (Outcome<void> written = write_file(path, text); !written) { return written; }
    if (path.ends_with(".key")) {
      std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
  }
  return {};
}

}  // namespace vouch::lab
