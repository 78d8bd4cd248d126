#include "resolver/zones/tsig.h"

#include <gmock/gmock.h>

#include "tests/unit/zones/scripted_primary.h"

namespace vouch {
namespace {

using ::testing::HasSubstr;
using zones_testing::message_of;
using zones_testing::Request;
using zones_testing::request_of;
using zones_testing::ServerSigner;

constexpr UnixTime kNow = 1767225600;
const Buffer kSecret = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

TsigKeyPtr key(TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256) {
  return std::make_shared<TsigKey>(TsigKey{Name::of("Transfer.Key."), algorithm, kSecret});
}

class Tsig : public ::testing::Test {
 protected:
  explicit Tsig(TsigKeyPtr with = key()) : key_(std::move(with)), session(key_) { start(); }
  // A request as the first: the same octets, and so the same MAC.
  void start() {
    session = TsigSession(key_);
    Buffer packet;
    std::vector<Octet> room(512);
    MessageWriter writer(room, room.size());
    writer.header(4711, {});
    writer.question(Name::of("example."), Type::AXFR, Class::IN);
    const Bytes written = writer.finish();
    packet.assign(written.begin(), written.end());
    EXPECT_TRUE(session.sign(packet, kNow));
    request = request_of(packet);
    signer.begin(request);
  }
  Buffer reply(bool with_question = true) {
    return message_of(request, {"example. 60 IN A 192.0.2.1"}, {.with_question = with_question});
  }
  std::string check(const Buffer& message, UnixTime now = kNow) {
    const auto view = MessageView::parse(message);
    if (!view) { return "no message"; }
    const auto result = session.verify(*view, now);
    if (!result) { return result.error(); }
    return *result ? "signed" : "between";
  }

  TsigKeyPtr key_;
  TsigSession session;
  Request request;
  ServerSigner signer{"transfer.key.", "hmac-sha256.", kSecret};
};

TEST_F(Tsig, HoldsForAStreamOfMessages) {
  EXPECT_TRUE(request.is_signed);
  Buffer first = reply();
  signer.sign(first, kNow);
  EXPECT_EQ(check(first), "signed");
  for (int i = 0; i < 99; ++i) {
    const Buffer between = reply(false);
    signer.pass(between);
    ASSERT_EQ(check(between), "between");
  }
  Buffer last = reply(false);
  signer.sign(last, kNow + 10);
  EXPECT_EQ(check(last, kNow + 10), "signed");
  Buffer more = reply(false);
  signer.sign(more, kNow + 11);
  EXPECT_EQ(check(more, kNow + 11), "signed");
}

TEST_F(Tsig, NoMoreThanNinetyNineMessagesWithoutASignature) {
  Buffer first = reply();
  signer.sign(first, kNow);
  EXPECT_EQ(check(first), "signed");
  for (int i = 0; i < 99; ++i) { ASSERT_EQ(check(reply(false)), "between"); }
  EXPECT_THAT(check(reply(false)), HasSubstr("more than 99"));
}

TEST_F(Tsig, TheFirstMessageMustBeSigned) { EXPECT_THAT(check(reply()), HasSubstr("first message is not signed")); }

TEST_F(Tsig, AnyChangedOctetIsFound) {
  Buffer first = reply();
  signer.sign(first, kNow);
  std::size_t found = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    start();
    Buffer changed = first;
    changed[i] ^= 0x40;
    const std::string result = check(changed);
    // The message id is not signed: the original id within the TSIG record takes its place, and the case of the key's
    // name does not count. The caller compares the id.
    if (result == "signed") {
      EXPECT_LT(i, 2U) << "octet " << i;
    } else {
      ++found;
    }
  }
  EXPECT_GT(found, first.size() - 3);
}

TEST_F(Tsig, AMessageBetweenIsVouchedForByTheNext) {
  Buffer first = reply();
  signer.sign(first, kNow);
  EXPECT_EQ(check(first), "signed");
  Buffer between = reply(false);
  signer.pass(between);
  between.back() ^= 1;  // on the way
  EXPECT_EQ(check(between), "between");
  Buffer last = reply(false);
  signer.sign(last, kNow);
  EXPECT_THAT(check(last), HasSubstr("did not make"));
}

TEST_F(Tsig, AnotherSecretKeyOrAlgorithmDoesNotDo) {
  ServerSigner other_secret("transfer.key.", "hmac-sha256.", {9, 9, 9});
  other_secret.begin(request);
  Buffer message = reply();
  other_secret.sign(message, kNow);
  EXPECT_THAT(check(message), HasSubstr("did not make"));

  start();
  ServerSigner other_key("another.key.", "hmac-sha256.", kSecret);
  other_key.begin(request);
  message = reply();
  other_key.sign(message, kNow);
  EXPECT_THAT(check(message), HasSubstr("another.key."));

  start();
  ServerSigner weaker("transfer.key.", "hmac-sha1.", kSecret, EVP_sha1());
  weaker.begin(request);
  message = reply();
  weaker.sign(message, kNow);
  EXPECT_THAT(check(message), HasSubstr("hmac-sha1"));
}

TEST_F(Tsig, TheClocksMayDifferByTheFudge) {
  Buffer message = reply();
  signer.sign(message, kNow);
  EXPECT_EQ(check(message, kNow + 300), "signed");
  start();
  EXPECT_THAT(check(message, kNow + 301), HasSubstr("301 seconds"));
  start();
  EXPECT_THAT(check(message, kNow - 301), HasSubstr("301 seconds"));
  // A server cannot widen it.
  start();
  signer.begin(request);
  message = reply();
  signer.sign(message, kNow, 0, 0, 60000);
  EXPECT_THAT(check(message, kNow + 400), HasSubstr("400 seconds"));
}

TEST_F(Tsig, ATruncatedMacIsRefused) {
  Buffer message = reply();
  signer.sign(message, kNow, 0, 16);
  EXPECT_THAT(check(message), HasSubstr("16 octets instead of 32"));
}

TEST_F(Tsig, WhatTheServerSaysOfTheRequestIsTold) {
  Buffer message = message_of(request, {}, {.rcode = Rcode::not_auth});
  signer.refuse(message, kNow, 17);
  EXPECT_THAT(check(message), HasSubstr("BADKEY"));
  start();
  message = message_of(request, {}, {.rcode = Rcode::not_auth});
  signer.refuse(message, kNow, 16);
  EXPECT_THAT(check(message), HasSubstr("BADSIG"));
  start();
  message = message_of(request, {}, {.rcode = Rcode::not_auth});
  signer.sign(message, kNow, 18);  // BADTIME is signed
  EXPECT_THAT(check(message), HasSubstr("BADTIME"));
}

TEST_F(Tsig, IsTheLastRecordAndTheOnlyOne) {
  Buffer message = reply();
  signer.sign(message, kNow);
  Buffer twice = message;
  signer.sign(twice, kNow);
  EXPECT_THAT(check(twice), HasSubstr("out of place"));
  Buffer behind = message;  // an OPT record after it
  const Buffer opt = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
  behind.insert(behind.end(), opt.begin(), opt.end());
  store16(behind.data() + 10, 2);
  EXPECT_THAT(check(behind), HasSubstr("out of place"));
}

class StrongTsig : public Tsig {
 protected:
  StrongTsig() : Tsig(key(TsigAlgorithm::hmac_sha512)) {}
};
TEST_F(StrongTsig, Sha512) {
  ServerSigner strong("transfer.key.", "hmac-sha512.", kSecret, EVP_sha512());
  strong.begin(request);
  Buffer message = reply();
  strong.sign(message, kNow);
  EXPECT_EQ(check(message), "signed");
}

TEST(TsigText, AlgorithmsAndSecrets) {
  EXPECT_EQ(parse_tsig_algorithm("HMAC-SHA384."), TsigAlgorithm::hmac_sha384);
  EXPECT_FALSE(parse_tsig_algorithm("hmac-md5.sig-alg.reg.int"));
  EXPECT_EQ(parse_tsig_secret("AQIDBA=="), (Buffer{1, 2, 3, 4}));
  EXPECT_EQ(parse_tsig_secret(" AQID\n BAU= "), (Buffer{1, 2, 3, 4, 5}));
  for (const char* bad : {"", "A", "AQ", "AQI", "====", "AQID!", "AQ==AQ==", "AQI=A"}) {
    EXPECT_FALSE(parse_tsig_secret(bad)) << bad;
  }
}

}  // namespace
}  // namespace vouch
