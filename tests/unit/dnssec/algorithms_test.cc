// Stories about the cryptography: what each algorithm accepts, what shapes of keys are refused, and the hashes.
#include "resolver/dnssec/algorithms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>
#include <vector>

#include "tests/dnssec_kit/denial_records.h"
#include "tests/dnssec_kit/signer.h"

namespace vouch {
namespace {

using dnssec_kit::base32hex;
using dnssec_kit::SigningKey;

constexpr std::array<std::uint8_t, 8> kAll = {5, 7, 8, 10, 13, 14, 15, 16};

Buffer copy(Bytes octets) { return {octets.begin(), octets.end()}; }

std::string hex(Bytes octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const Octet octet : octets) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 0x0f];
  }
  return text;
}

// RFC 4648 section 7, as NSEC3 owners are spelled.
// An RSA key field (RFC 3110 section 2) whose modulus nobody knows the factors of.
Buffer rsa_field(Bytes exponent, std::size_t modulus_octets, Octet first = 0x80, Octet last = 0x01) {
  Buffer field = {u8(exponent.size())};
  field.insert(field.end(), exponent.begin(), exponent.end());
  for (std::size_t i = 0; i < modulus_octets; ++i) { field.push_back(u8(i * 7 % 251)); }
  field[field.size() - modulus_octets] = first;
  field.back() = last;
  return field;
}
const Buffer kUsualExponent = {1, 0, 1};

TEST(Algorithms, AreThoseThatDnssecStillUses) {
  for (unsigned number = 0; number < 256; ++number) {
    const auto algorithm = u8(number);
    const bool is_known = std::ranges::find(kAll, algorithm) != kAll.end();
    EXPECT_EQ(is_supported_algorithm(algorithm, Sha1Policy::validate), is_known) << number;
    EXPECT_EQ(verification_cost(algorithm) > 0, is_known) << number;
  }
}

TEST(Algorithms, ThoseWithSha1AreTheOperatorsChoice) {
  EXPECT_FALSE(is_supported_algorithm(5, Sha1Policy::insecure));
  EXPECT_FALSE(is_supported_algorithm(7, Sha1Policy::insecure));
  EXPECT_TRUE(is_supported_algorithm(8, Sha1Policy::insecure));
  EXPECT_TRUE(is_supported_algorithm(13, Sha1Policy::insecure));
}

TEST(Algorithms, CostWhatTheyTakeInOrder) {
  EXPECT_LT(verification_cost(8), verification_cost(13));
  EXPECT_LT(verification_cost(13), verification_cost(15));
  EXPECT_LT(verification_cost(15), verification_cost(16));
  EXPECT_LT(verification_cost(16), verification_cost(14));
}

class EachAlgorithm : public testing::TestWithParam<std::uint8_t> {
 protected:
  SigningKey signer{{.algorithm = GetParam()}};
};
INSTANTIATE_TEST_SUITE_P(Algorithms, EachAlgorithm, testing::ValuesIn(kAll),
                         [](const auto& number) { return "Number" + std::to_string(number.param); });

TEST_P(EachAlgorithm, AcceptsWhatTheKeySigned) {
  const auto key = PublicKey::make(GetParam(), signer.public_key());
  ASSERT_TRUE(key);
  for (const std::size_t size : {0UZ, 1UZ, 200UZ, 65535UZ}) {
    const Buffer data(size, 0x5a);
    const Buffer signature = signer.sign(data);
    EXPECT_TRUE(key->could_have_made(signature));
    EXPECT_TRUE(key->verifies(data, signature)) << size;
  }
}

TEST_P(EachAlgorithm, RefusesOtherDataAnotherSignatureAndAnotherKey) {
  const auto key = PublicKey::make(GetParam(), signer.public_key());
  ASSERT_TRUE(key);
  const Buffer data = copy(bytes_of("the data that was signed")), other = copy(bytes_of("the data that was signec"));
  const Buffer signature = signer.sign(data);
  EXPECT_FALSE(key->verifies(other, signature));
  EXPECT_FALSE(key->verifies(data, signer.sign(other)));

  const SigningKey stranger({.algorithm = GetParam(), .seed = "ksk"});
  const auto strangers = PublicKey::make(GetParam(), stranger.public_key());
  ASSERT_TRUE(strangers);
  EXPECT_FALSE(strangers->verifies(data, signature));
  EXPECT_FALSE(key->verifies(data, stranger.sign(data)));
}

TEST_P(EachAlgorithm, RefusesASignatureWithAnyOctetChanged) {
  const auto key = PublicKey::make(GetParam(), signer.public_key());
  ASSERT_TRUE(key);
  const Buffer data = copy(bytes_of("data"));
  const Buffer signature = signer.sign(data);
  for (std::size_t i = 0; i < signature.size(); i += 3) {  // a third of the octets: P-384 takes its time
    Buffer damaged = signature;
    damaged[i] ^= 0x04;
    EXPECT_TRUE(key->could_have_made(damaged));
    EXPECT_FALSE(key->verifies(data, damaged)) << i;
  }
  EXPECT_TRUE(key->verifies(data, signature));  // nothing of it stays with the key
}

TEST_P(EachAlgorithm, KnowsALengthThatItNeverMakes) {
  const auto key = PublicKey::make(GetParam(), signer.public_key());
  ASSERT_TRUE(key);
  const Buffer data = copy(bytes_of("data"));
  const Buffer signature = signer.sign(data);
  Buffer longer = signature, shorter = signature, padded = signature;
  longer.push_back(0);
  shorter.pop_back();
  padded.insert(padded.begin(), 0);
  for (const Buffer& damaged : {longer, shorter, padded, Buffer{}}) {
    EXPECT_FALSE(key->could_have_made(damaged));
    EXPECT_FALSE(key->verifies(data, damaged));
  }
}

TEST_P(EachAlgorithm, RefusesAKeyCutShortOrTooLong) {
  const bool is_rsa = GetParam() <= 10;
  const Buffer whole = copy(signer.public_key());
  EXPECT_FALSE(PublicKey::make(GetParam(), {}));
  if (!is_rsa) {  // an RSA key has no length of its own
    Buffer shorter = whole, longer = whole;
    shorter.pop_back();
    longer.push_back(0);
    EXPECT_FALSE(PublicKey::make(GetParam(), shorter));
    EXPECT_FALSE(PublicKey::make(GetParam(), longer));
  }
}

TEST_P(EachAlgorithm, ManyThreadsCheckWithOneKey) {
  const auto key = PublicKey::make(GetParam(), signer.public_key());
  ASSERT_TRUE(key);
  const Buffer data = copy(bytes_of("data")), other = copy(bytes_of("else"));
  const Buffer signature = signer.sign(data);
  std::array<int, 4> right{};
  {
    std::vector<std::jthread> threads;
    for (int& count : right) {
      threads.emplace_back([&] {
        const PublicKey mine = *key;  // cheap to copy, one key all the same
        for (int i = 0; i < 20; ++i) { count += mine.verifies(data, signature) && !mine.verifies(other, signature); }
      });
    }
  }
  for (const int count : right) { EXPECT_EQ(count, 20); }
}

TEST(Ecdsa, NumbersOfAllLengthsAreRead) {
  // Of 300 signatures, two or three have a number with a leading zero octet, and half a number with its top bit set:
  // where DER differs from what DNSSEC writes.
  const SigningKey signer({.algorithm = 13});
  const auto key = PublicKey::make(13, signer.public_key());
  ASSERT_TRUE(key);
  for (int i = 0; i < 300; ++i) {
    const Buffer data = copy(bytes_of(std::to_string(i)));
    EXPECT_TRUE(key->verifies(data, signer.sign(data))) << i;
  }
}

TEST(Ecdsa, NumbersThatNoSignatureHasAreRefused) {
  for (const std::uint8_t algorithm : {std::uint8_t{13}, std::uint8_t{14}}) {
    const SigningKey signer({.algorithm = algorithm});
    const auto key = PublicKey::make(algorithm, signer.public_key());
    ASSERT_TRUE(key);
    const Buffer data = copy(bytes_of("data"));
    Buffer signature = signer.sign(data);
    const std::size_t half = signature.size() / 2;
    Buffer no_r = signature, no_s = signature;
    std::fill_n(no_r.begin(), half, Octet{0});
    std::fill_n(no_s.begin() + static_cast<std::ptrdiff_t>(half), half, Octet{0});
    EXPECT_FALSE(key->verifies(data, no_r));
    EXPECT_FALSE(key->verifies(data, no_s));
    EXPECT_FALSE(key->verifies(data, Buffer(signature.size(), 0x00)));
    EXPECT_FALSE(key->verifies(data, Buffer(signature.size(), 0xff)));
    EXPECT_TRUE(key->verifies(data, signature));
  }
}

TEST(Ecdsa, APointOffTheCurveIsNoKey) {
  for (const std::uint8_t algorithm : {std::uint8_t{13}, std::uint8_t{14}}) {
    Buffer point = copy(SigningKey({.algorithm = algorithm}).public_key());
    point.back() ^= 1;
    EXPECT_FALSE(PublicKey::make(algorithm, point));
    EXPECT_FALSE(PublicKey::make(algorithm, Buffer(point.size(), 0x00)));
    EXPECT_FALSE(PublicKey::make(algorithm, Buffer(point.size(), 0xff)));
  }
}

TEST(Rsa, ModulusHasItsLimits) {
  EXPECT_FALSE(PublicKey::make(8, rsa_field(kUsualExponent, 64, 0x7f)));  // 511 bits
  EXPECT_TRUE(PublicKey::make(8, rsa_field(kUsualExponent, 64, 0x80)));
  EXPECT_TRUE(PublicKey::make(8, rsa_field(kUsualExponent, 512, 0xff)));
  EXPECT_FALSE(PublicKey::make(8, rsa_field(kUsualExponent, 513, 0x01)));  // 4097
  // RFC 5702 section 2.2
  EXPECT_FALSE(PublicKey::make(10, rsa_field(kUsualExponent, 128, 0x7f)));  // 1023
  EXPECT_TRUE(PublicKey::make(10, rsa_field(kUsualExponent, 128, 0x80)));
}

TEST(Rsa, ExponentHasItsLimits) {
  EXPECT_TRUE(PublicKey::make(8, rsa_field(Buffer{3}, 256)));
  EXPECT_TRUE(PublicKey::make(8, rsa_field(Buffer{1, 0, 0, 0, 1}, 256)));   // 2^32 + 1
  EXPECT_FALSE(PublicKey::make(8, rsa_field(Buffer{1, 0, 0, 0, 3}, 256)));  // a check would take long
  EXPECT_FALSE(PublicKey::make(8, rsa_field(Buffer(256, 0xff), 256)));
  EXPECT_FALSE(PublicKey::make(8, rsa_field(Buffer{1}, 256)));  // with which anything is its own signature
  EXPECT_FALSE(PublicKey::make(8, rsa_field(Buffer{4}, 256)));
  EXPECT_FALSE(PublicKey::make(8, rsa_field({}, 256)));
}

TEST(Rsa, NumbersHaveNoLeadingZeros) {  // RFC 3110 section 2
  EXPECT_FALSE(PublicKey::make(8, rsa_field(Buffer{0, 3}, 256)));
  EXPECT_FALSE(PublicKey::make(8, rsa_field(kUsualExponent, 256, 0x00)));
  EXPECT_FALSE(PublicKey::make(8, rsa_field(kUsualExponent, 256, 0x80, 0x02)));  // nor is a modulus even
}

TEST(Rsa, FieldCutShortIsNoKey) {
  const Buffer whole = rsa_field(kUsualExponent, 64);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(PublicKey::make(8, Bytes(whole).first(size))) << size;
  }
  EXPECT_FALSE(PublicKey::make(8, Buffer(300, 0x00)));
  EXPECT_FALSE(PublicKey::make(8, Buffer(300, 0xff)));
}

TEST(Rsa, LongFormOfTheExponentsLengthIsRead) {
  const SigningKey signer({.algorithm = 8});
  const Bytes field = signer.public_key();
  Buffer long_form = {0, 0};
  long_form.insert(long_form.end(), field.begin(), field.end());  // 3 becomes 0 0 3
  const auto key = PublicKey::make(8, long_form);
  ASSERT_TRUE(key);
  const Buffer data = copy(bytes_of("data"));
  EXPECT_TRUE(key->verifies(data, signer.sign(data)));
}

TEST(Rsa, SmallExponentAndOddSizesVerify) {
  const Buffer data = copy(bytes_of("data"));
  for (const auto& [bits, exponent] : {std::pair{1024U, 3U}, std::pair{1000U, 65537U}, std::pair{512U, 3U}}) {
    const SigningKey signer({.algorithm = 8, .rsa_bits = bits, .rsa_exponent = exponent});
    const auto key = PublicKey::make(8, signer.public_key());
    ASSERT_TRUE(key) << bits;
    EXPECT_TRUE(key->verifies(data, signer.sign(data))) << bits;
  }
}

TEST(Rsa, DigestBelongsToTheAlgorithm) {
  // The same modulus under another number asks for another digest.
  const SigningKey signer({.algorithm = 8});
  const Buffer data = copy(bytes_of("data"));
  for (const std::uint8_t other : {std::uint8_t{5}, std::uint8_t{7}, std::uint8_t{10}}) {
    const auto key = PublicKey::make(other, signer.public_key());
    ASSERT_TRUE(key);
    EXPECT_FALSE(key->verifies(data, signer.sign(data)));
  }
}

TEST(PublicKeys, OfUnknownAlgorithmsAreNone) {
  const Buffer rsa = rsa_field(kUsualExponent, 256);
  constexpr std::uint8_t kUnknown[] = {0, 1, 3, 6, 9, 11, 12, 17, 23, 252, 253, 255};
  for (const std::uint8_t algorithm : kUnknown) {
    EXPECT_FALSE(PublicKey::make(algorithm, rsa)) << int{algorithm};
    EXPECT_FALSE(PublicKey::make(algorithm, Buffer(64, 1))) << int{algorithm};
  }
}

TEST(Digests, AreThoseOfDsRecords) {
  for (unsigned type = 0; type < 256; ++type) {
    const bool is_known = type == 1 || type == 2 || type == 4;
    EXPECT_EQ(is_supported_digest(u8(type)), is_known) << type;
    EXPECT_EQ(digest_of(u8(type), {}, {}).has_value(), is_known) << type;
  }
}

TEST(Digests, GoOverBothParts) {  // "abc": FIPS 180-4
  EXPECT_EQ(hex(digest_of(1, bytes_of("a"), bytes_of("bc"))->view()), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(digest_of(2, bytes_of("abc"), {})->view()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(digest_of(4, {}, bytes_of("abc"))->view()),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
}

TEST(Nsec3Hashes, AreThoseOfRfc5155) {  // appendix A
  const Buffer salt = {0xaa, 0xbb, 0xcc, 0xdd};
  const std::pair<std::string_view, std::string_view> kHashes[] = {
      {"example.", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},     {"a.example.", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
      {"ai.example.", "gjeqe526plbf1g8mklp59enfd789njgi"},  {"ns1.example.", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
      {"ns2.example.", "q04jkcevqvmu85r014c7dkba38o0ji5r"}, {"w.example.", "k8udemvp1j2f7eg6jebps17vp3n8i58h"},
      {"*.w.example.", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"}, {"x.w.example.", "b4um86eghhds6nea196smvmlo4ors995"},
      {"y.w.example.", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"}, {"x.y.w.example.", "2vptu5timamqttgl4luu9kg21e0aor3s"},
      {"xx.example.", "t644ebqk9bibcna874givr6joj62mlhv"},
  };
  for (const auto& [name, expected] : kHashes) {
    const auto hash = nsec3_hash(Name::of(name).view().octets(), salt, 12);
    ASSERT_TRUE(hash);
    EXPECT_EQ(base32hex(*hash), expected) << name;
  }
}

TEST(Nsec3Hashes, AddAsManyIterationsAsTheySay) {
  const Name name = Name::of("example.");
  const Bytes octets = name.view().octets();
  const Buffer salt(255, 0x5a);
  const auto again = [&](Bytes before) { return copy(digest_of(1, before, salt)->view()); };
  Buffer expected = again(octets);
  for (std::uint16_t iterations = 0; iterations < 4; ++iterations) {
    EXPECT_EQ(hex(*nsec3_hash(octets, salt, iterations)), hex(expected)) << iterations;
    expected = again(expected);
  }
  EXPECT_EQ(hex(*nsec3_hash(octets, {}, 0)), hex(digest_of(1, octets, {})->view()));
}

TEST(Nsec3Hashes, TakeTheLongestNameAndSalt) {
  Name name;
  while (name.prepend_label(bytes_of("x"))) {}
  ASSERT_EQ(name.view().length(), 255);
  const Buffer salt(255, 1);
  EXPECT_EQ(hex(*nsec3_hash(name.view().octets(), salt, 0)), hex(digest_of(1, name.view().octets(), salt)->view()));
}

}  // namespace
}  // namespace vouch
