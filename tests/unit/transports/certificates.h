// A certificate authority for tests: identities of any shape, made on the spot, with nothing lying about in files.
#pragma once

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace vouch {

struct KeyPem {
  enum class Kind : std::uint8_t { p256, p384, p521, rsa2048, rsa1024, ed25519 };
  static std::string of(EVP_PKEY* key) {
    BIO* const out = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    return drain(out);
  }
  static std::string drain(BIO* out) {
    char* at = nullptr;
    const long size = BIO_get_mem_data(out, &at);
    std::string text(at, static_cast<std::size_t>(size));
    BIO_free(out);
    return text;
  }
};

// A certificate with its key. Signs others.
class TestCertificate {
 public:
  struct Shape {
    std::string subject_alt_name = "DNS:localhost,IP:127.0.0.1";  // as openssl x509v3_config(5) writes it
    KeyPem::Kind kind = KeyPem::Kind::p256;
    std::int64_t from = -3600, until = 30 * 86400;  // seconds from now
    bool is_authority = false;
    const EVP_MD* digest = EVP_sha256();
    std::string common_name = "test";
  };

  static TestCertificate self_signed(const Shape& shape) { return TestCertificate(shape, nullptr); }
  static TestCertificate self_signed() { return self_signed(Shape{}); }
  static TestCertificate authority(std::string name = "test authority") {
    return self_signed({.subject_alt_name = "", .is_authority = true, .common_name = std::move(name)});
  }
  TestCertificate issue(const Shape& shape) const { return TestCertificate(shape, this); }
  TestCertificate issue() const { return issue(Shape{}); }

  std::string pem() const {
    BIO* const out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, certificate_.get());
    return KeyPem::drain(out);
  }
  std::string der() const {
    BIO* const out = BIO_new(BIO_s_mem());
    i2d_X509_bio(out, certificate_.get());
    return KeyPem::drain(out);
  }
  std::string key() const { return KeyPem::of(key_.get()); }
  EVP_PKEY* private_key() const { return key_.get(); }

 private:
  TestCertificate(const Shape& shape, const TestCertificate* issuer)
      : certificate_(X509_new(), &X509_free), key_(make_key(shape.kind), &EVP_PKEY_free) {
    static long serial = 1000;
    X509* const it = certificate_.get();
    X509_set_version(it, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(it), ++serial);
    const std::time_t now = std::time(nullptr);
    ASN1_TIME_set(X509_getm_notBefore(it), now + shape.from);
    ASN1_TIME_set(X509_getm_notAfter(it), now + shape.until);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(shape.common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(it, X509_get_subject_name(issuer == nullptr ? it : issuer->certificate_.get()));
    X509_set_pubkey(it, key_.get());
    add(NID_basic_constraints, shape.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (!shape.subject_alt_name.empty()) { add(NID_subject_alt_name, shape.subject_alt_name); }
    EVP_PKEY* const signer = issuer == nullptr ? key_.get() : issuer->key_.get();
    const bool is_pure = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519;
    if (X509_sign(it, signer, is_pure ? nullptr : shape.digest) == 0) { ADD_FAILURE() << "cannot sign"; }
  }

  void add(int nid, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    if (extension == nullptr) { ADD_FAILURE() << "bad extension " << value; }
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  static EVP_PKEY* make_key(KeyPem::Kind kind) {
    switch (kind) {
      case KeyPem::Kind::p256:
        return EVP_EC_gen("P-256");
      case KeyPem::Kind::p384:
        return EVP_EC_gen("P-384");
      case KeyPem::Kind::p521:
        return EVP_EC_gen("P-521");
      case KeyPem::Kind::rsa2048:
        return EVP_RSA_gen(2048);
      case KeyPem::Kind::rsa1024:
        return EVP_RSA_gen(1024);
      case KeyPem::Kind::ed25519:
        return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    }
    return nullptr;
  }

  std::shared_ptr<X509> certificate_;
  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace vouch
