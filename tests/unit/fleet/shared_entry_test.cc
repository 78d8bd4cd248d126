#include "resolver/fleet/shared_entry.h"

#include "tests/unit/fleet/fleet_kit.h"

namespace vouch {
namespace {

using samples::rrset;
using samples::soa;

class SharedEntry : public testing::Test {
 protected:
  const SharedKeys secret = keys();
  const SharedKeys::Digest digest = secret.digest(grounds(), Name::of("www.example."), Type::A).value();

  std::vector<KeptEntry> sets() const {
    KeptEntry denial;
    denial.name = Name::of("target.example.");
    denial.type = Type::none;
    denial.expires = kUptime + 60;
    denial.entry.kind = EntryKind::name_error;
    denial.entry.security = Security::insecure;
    denial.entry.lifetime = 60;
    denial.entry.rrset = soa("example.", 300, 60);
    return {kept(rrset("www.example. 300 IN CNAME target.example."), Security::insecure), denial};
  }
  Buffer sealed() const { return seal_entry(secret, digest, sets(), kUptime, kWall); }
  std::expected<OpenedEntry, SharedFlaw> open(Bytes octets, std::int64_t later = 0) const {
    return open_entry(secret, digest, octets, kUptime + later, kWall + later);
  }
};

TEST_F(SharedEntry, ComesBackAsItWas) {
  const auto opened = open(sealed());
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->stored, kWall);
  ASSERT_EQ(opened->sets.size(), 2U);
  EXPECT_EQ(rrset_text(*opened->sets[0].entry.rrset), rrset_text(*sets()[0].entry.rrset));
  EXPECT_EQ(opened->sets[1].entry.kind, EntryKind::name_error);
  EXPECT_EQ(opened->sets[1].name, Name::of("target.example."));
  EXPECT_EQ(opened->sets[1].entry.security, Security::insecure);
}

TEST_F(SharedEntry, AgesByTheWallClock) {
  const auto opened = open(sealed(), 20);
  ASSERT_TRUE(opened.has_value());
  // A second more than has gone by, because neither clock tells parts of it.
  EXPECT_EQ(opened->sets[0].expires - (kUptime + 20), 300 - 20 - 1);
  EXPECT_TRUE(open(sealed(), 58).has_value());
  EXPECT_EQ(open(sealed(), 59).error(), SharedFlaw::ended);  // one of two is enough
  EXPECT_EQ(open(sealed(), 1'000'000'000).error(), SharedFlaw::ended);
}

TEST_F(SharedEntry, EveryFlippedBitIsAForgery) {
  const Buffer whole = sealed();
  for (std::size_t at = 0; at < whole.size() * 8; ++at) {
    Buffer other = whole;
    other[at / 8] ^= u8(1U << (at % 8));
    const auto opened = open(other);
    ASSERT_FALSE(opened.has_value()) << at;
    EXPECT_EQ(opened.error(), SharedFlaw::forged) << at;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(open(Bytes(whole).first(size)).error(), SharedFlaw::forged) << size;
  }
  Buffer longer = whole;
  longer.push_back(0);
  EXPECT_EQ(open(longer).error(), SharedFlaw::forged);
}

TEST_F(SharedEntry, HoldsForItsPlaceAlone) {
  const Buffer whole = sealed();
  const auto at = [&](const SharedKeys& by, Octet which, const char* name, Type type) {
    return open_entry(by, by.digest(grounds(which), Name::of(name), type).value(), whole, kUptime, kWall);
  };
  EXPECT_TRUE(at(secret, 1, "WWW.example.", Type::A).has_value());
  EXPECT_EQ(at(secret, 1, "www.example.", Type::AAAA).error(), SharedFlaw::forged);
  EXPECT_EQ(at(secret, 1, "ww.example.", Type::A).error(), SharedFlaw::forged);
  EXPECT_EQ(at(secret, 2, "www.example.", Type::A).error(), SharedFlaw::forged);
  EXPECT_EQ(at(keys("another secret of 32 octets....."), 1, "www.example.", Type::A).error(), SharedFlaw::forged);
}

TEST_F(SharedEntry, OfWhatIsSealedOnlyWhatMakesSenseIsTaken) {
  // As a node would write it that is not like this one: the code is right, the content is not.
  const auto sealed_content = [&](Buffer content) {
    const auto code = secret.code(digest, content).value();
    content.insert(content.end(), code.begin(), code.end());
    return content;
  };
  Buffer content = sealed();
  content.resize(content.size() - SharedKeys::kCode);
  ASSERT_TRUE(open(sealed_content(content)).has_value());
  for (const auto& change : std::vector<std::function<void(Buffer&)>>{
           [](Buffer& it) { it[0] = kSharedFormat + 1; }, [](Buffer& it) { it[1] = 0x80; },
           [](Buffer& it) { it[9] = 0; }, [](Buffer& it) { it[9] = 1; }, [](Buffer& it) { it[9] = 3; },
           [](Buffer& it) { it[9] = 255; }, [](Buffer& it) { it.push_back(0); }, [](Buffer& it) { it.pop_back(); }}) {
    Buffer other = content;
    change(other);
    const auto opened = open(sealed_content(other));
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error(), SharedFlaw::malformed);
  }
  EXPECT_EQ(open(sealed_content({})).error(), SharedFlaw::forged);
}

TEST_F(SharedEntry, AClockMayBeAheadByALittle) {
  const auto stored_at = [&](std::int64_t ahead) {
    return open(seal_entry(secret, digest, sets(), kUptime, kWall + ahead));
  };
  const auto opened = stored_at(kMaxClockSkew);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->sets[0].expires, kUptime + 300 - 1);  // as if stored now, and not later
  EXPECT_EQ(stored_at(kMaxClockSkew + 1).error(), SharedFlaw::from_future);
}

TEST(SharedKeysTest, TellNothingOfEachOtherAndFitTheStore) {
  const SharedKeys secret = keys();
  const auto digest = secret.digest(grounds(), Name::of("www.example."), Type::A).value();
  EXPECT_EQ(digest, secret.digest(grounds(), Name::of("wWw.EXAMPLE."), Type::A).value());
  EXPECT_NE(digest, secret.digest(grounds(), Name::of("www.example."), Type::AAAA).value());
  const Buffer key = store_key(digest);
  EXPECT_EQ(key.size(), 6U + 32U);
  EXPECT_TRUE(text_of(key).starts_with("vouch:"));
  EXPECT_EQ(text_of(key).find("example"), std::string_view::npos);
  EXPECT_NE(
      store_key(keys("another secret of 32 octets.....").digest(grounds(), Name::of("www.example."), Type::A).value()),
      key);
}

}  // namespace
}  // namespace vouch
