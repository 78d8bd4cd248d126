#include "transports/tls/identity.h"

#include <gmock/gmock.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tests/unit/transports/tls_harness.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string problem_of(const std::string& chain, const std::string& key) {
  const auto identity = Identity::from_pem(chain, key);
  return identity ? "none" : identity.error();
}

std::string written_by(const std::function<void(BIO*)>& write) {
  BIO* const out = BIO_new(BIO_s_mem());
  write(out);
  return KeyPem::drain(out);
}

TEST(Identity, KnowsItsNamesPinAndDates) {
  const auto certificate = TestCertificate::authority().issue(
      {.subject_alt_name = "DNS:dns.example,IP:192.0.2.53,IP:2001:db8::53,email:x@example",
       .from = -10,
       .until = 1000});
  const auto identity = identity_of(certificate);
  ASSERT_NE(identity, nullptr);
  EXPECT_THAT(identity->names(), ElementsAre("dns.example", "192.0.2.53", "2001:db8::53"));
  EXPECT_EQ(identity->pin().size(), 44U);
  EXPECT_EQ(identity->valid_until() - identity->valid_from(), 1010);
  EXPECT_FALSE(identity->is_self_signed());
  EXPECT_TRUE(identity_of(TestCertificate::self_signed())->is_self_signed());
}

// RFC 7858 appendix A: openssl x509 -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64
TEST(Identity, HasThePinThatOpensslPrints) {
  const std::string certificate =
      "-----BEGIN CERTIFICATE-----\n"
      "MIIBizCCATGgAwIBAgIULVoSAhiQSvWVZ6jJFKVBX5stLAowCgYIKoZIzj0EAwIw\n"
      "DjEMMAoGA1UEAwwDcGluMCAXDTI2MTEyMzAxMzExNFoYDzIxMjYxMDMwMDEzMTE0\n"
      "WjAOMQwwCgYDVQQDDANwaW4wWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAR1kJtc\n"
      "hMEQtKDXIL1jGUtCg5UntH+nLj2uSufpZt5DHsJCORodjR4hDE11qhIvBlneWbY6\n"
      "9QaiISVmxxCc7kiEo2swaTAdBgNVHQ4EFgQUXUuZBBmNL6KiDAXxXabEimAsEvIw\n"
      "HwYDVR0jBBgwFoAUXUuZBBmNL6KiDAXxXabEimAsEvIwDwYDVR0TAQH/BAUwAwEB\n"
      "/zAWBgNVHREEDzANggtwaW4uZXhhbXBsZTAKBggqhkjOPQQDAgNIADBFAiEA9bBR\n"
      "K1PKIZXwn8gVEBRCKfNoXf3ZpN9SKILa1VaYd/ICID4m1EgT4c+qfCriE7+SsmNI\n"
      "iREDHFOPaCy0rQT0NVRc\n"
      "-----END CERTIFICATE-----\n";
  const std::string key =
      "-----BEGIN PRIVATE KEY-----\n"
      "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBhYo0YyAV03uOPSs\n"
      "6NVCiOV7vl7NINvOnjo2uy9K5K+hRANCAAR1kJtchMEQtKDXIL1jGUtCg5UntH+n\n"
      "Lj2uSufpZt5DHsJCORodjR4hDE11qhIvBlneWbY69QaiISVmxxCc7kiE\n"
      "-----END PRIVATE KEY-----\n";
  const auto identity = Identity::from_pem(certificate, key);
  ASSERT_TRUE(identity) << identity.error();
  EXPECT_EQ((*identity)->pin(), "tLpMib3qbpHkG7aY3nRbAkDHLLBZJOwPW4ciC2hIXhk=");
  EXPECT_THAT((*identity)->names(), ElementsAre("pin.example"));
  EXPECT_EQ((*identity)->valid_from(), 1795397474);
  EXPECT_EQ((*identity)->valid_until(), 4948997474);
}

TEST(Identity, TakesEveryKindOfKeyThatIsServed) {
  for (const auto kind : {KeyPem::Kind::p256, KeyPem::Kind::p384, KeyPem::Kind::rsa2048, KeyPem::Kind::ed25519}) {
    EXPECT_NE(identity_of(TestCertificate::self_signed({.kind = kind})), nullptr);
  }
}

TEST(Identity, TakesOlderFormsOfKeysAndGivesOne) {
  const auto rsa = TestCertificate::self_signed({.kind = KeyPem::Kind::rsa2048});
  const auto curve = TestCertificate::self_signed();
  for (const auto& certificate : {rsa, curve}) {
    const std::string old = written_by([&](BIO* out) {
      PEM_write_bio_PrivateKey_traditional(out, certificate.private_key(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    EXPECT_THAT(old, Not(HasSubstr("BEGIN PRIVATE KEY")));
    const auto identity = Identity::from_pem(certificate.pem(), old);
    ASSERT_TRUE(identity) << identity.error();
    EXPECT_EQ((*identity)->key(), certificate.key());
  }
}

TEST(Identity, ReadsBothFromOneFileAndKeepsThemApart) {
  const auto certificate = TestCertificate::self_signed();
  const std::string both = "a remark\n" + certificate.key() + certificate.pem();
  const auto identity = Identity::from_pem(both, both);
  ASSERT_TRUE(identity) << identity.error();
  EXPECT_EQ((*identity)->chain(), certificate.pem());
  EXPECT_EQ((*identity)->key(), certificate.key());
}

TEST(Identity, TakesWhatHasExpiredForTheCallerToJudge) {
  const auto identity = identity_of(TestCertificate::self_signed({.from = -7200, .until = -3600}));
  ASSERT_NE(identity, nullptr);
  EXPECT_LT(identity->valid_until(), std::time(nullptr));
}

TEST(Identity, TellsWhatIsWrongWithTheCertificate) {
  const auto certificate = TestCertificate::self_signed();
  const std::string key = certificate.key(), pem = certificate.pem();
  EXPECT_THAT(problem_of("", key), HasSubstr("is empty"));
  EXPECT_THAT(problem_of("hello", key), HasSubstr("no certificate"));
  EXPECT_THAT(problem_of(certificate.der(), key), HasSubstr("DER"));
  EXPECT_THAT(problem_of(key, key), HasSubstr("exchanged"));
  EXPECT_THAT(problem_of("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n", key),
              HasSubstr("request"));
  EXPECT_THAT(problem_of(pem.substr(0, pem.size() / 2), key), HasSubstr("number 1 of the file is damaged"));
  EXPECT_THAT(problem_of(pem + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key),
              HasSubstr("number 2 of the file is damaged"));
  std::string bundle;
  for (int i = 0; i < 11; ++i) { bundle += pem; }
  EXPECT_THAT(problem_of(bundle, key), HasSubstr("more than 10"));
  EXPECT_THAT(problem_of(std::string(Identity::kMaxPem + 1, '\n'), key), HasSubstr("too long"));
}

TEST(Identity, TellsWhatIsWrongWithTheKey) {
  const auto certificate = TestCertificate::self_signed();
  const std::string key = certificate.key(), pem = certificate.pem();
  EXPECT_THAT(problem_of(pem, ""), HasSubstr("is empty"));
  EXPECT_THAT(problem_of(pem, "hello"), HasSubstr("no private key"));
  EXPECT_THAT(problem_of(pem, pem), HasSubstr("exchanged"));
  EXPECT_THAT(problem_of(pem, key.substr(0, key.size() / 2)), HasSubstr("damaged"));
  EXPECT_THAT(problem_of(pem, written_by([&](BIO* out) { i2d_PrivateKey_bio(out, certificate.private_key()); })),
              HasSubstr("DER"));
  EXPECT_THAT(problem_of(pem, TestCertificate::self_signed().key()), HasSubstr("does not belong"));
  EXPECT_THAT(problem_of(pem, std::string(Identity::kMaxPem + 1, '\n')), HasSubstr("too long"));
  std::string passphrase = "secret";
  const std::string locked = written_by([&](BIO* out) {
    PEM_write_bio_PKCS8PrivateKey(out, certificate.private_key(), EVP_aes_128_cbc(), passphrase.data(),
                                  static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
  EXPECT_THAT(problem_of(pem, locked), HasSubstr("passphrase"));
}

TEST(Identity, RefusesKeysAndSignaturesThatAreTooWeakOrOdd) {
  const auto of = [](const TestCertificate::Shape& shape) {
    const auto certificate = TestCertificate::self_signed(shape);
    return problem_of(certificate.pem(), certificate.key());
  };
  EXPECT_THAT(of({.kind = KeyPem::Kind::rsa1024}), HasSubstr("1024 bits"));
  EXPECT_THAT(of({.kind = KeyPem::Kind::p521}), HasSubstr("curve"));
  const auto weak = TestCertificate::authority().issue({.digest = EVP_sha1()});
  EXPECT_THAT(problem_of(weak.pem(), weak.key()), HasSubstr("digest"));
}

TEST(Identity, WantsTheChainInOrder) {
  const auto root = TestCertificate::authority("root");
  const auto middle = root.issue({.subject_alt_name = "", .is_authority = true, .common_name = "middle"});
  const auto leaf = middle.issue();
  const std::string other = TestCertificate::authority("other").pem();
  EXPECT_EQ(problem_of(leaf.pem() + middle.pem() + root.pem(), leaf.key()), "none");
  EXPECT_EQ(problem_of(leaf.pem() + middle.pem(), leaf.key()), "none");
  EXPECT_EQ(problem_of(leaf.pem(), leaf.key()), "none");
  EXPECT_THAT(problem_of(middle.pem() + leaf.pem(), leaf.key()), HasSubstr("out of order"));
  EXPECT_THAT(problem_of(leaf.pem() + root.pem() + middle.pem(), leaf.key()), HasSubstr("did not issue number 1"));
  EXPECT_THAT(problem_of(leaf.pem() + middle.pem() + other, leaf.key()), HasSubstr("did not issue number 2"));
}

TEST(Identity, LeavesNoErrorForTheNextWhoLooks) {
  const auto certificate = TestCertificate::self_signed();
  EXPECT_EQ(problem_of(certificate.pem(), certificate.key()), "none");
  EXPECT_EQ(ERR_peek_error(), 0U);
  EXPECT_THAT(problem_of("hello", "hello"), Not(IsEmpty()));
  EXPECT_EQ(ERR_peek_error(), 0U);
}

}  // namespace
}  // namespace vouch
