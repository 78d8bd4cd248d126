#include "transports/tls/identity_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "tests/unit/transports/tls_harness.h"
#include "transports/tls/self_signed.h"

namespace vouch {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kCertificate(kOwnCertificate), kKey(kOwnKey);

mode_t mode_of(const std::string& path) {
  struct stat status{};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 0777U;
}

OwnIdentity own(const TempFolder& folder, std::int64_t now, const std::vector<std::string>& names = {"192.0.2.1"}) {
  auto made = own_identity(folder.path(), names, now);
  if (!made) { ADD_FAILURE() << made.error(); }
  return made.value_or(OwnIdentity{});
}

std::vector<std::string> files_in(const TempFolder& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.insert(entry.path().filename().string());
  }
  return {names.begin(), names.end()};
}

// The operator's files.

TEST(LoadIdentity, ReadsTwoFilesAndFollowsLinks) {
  const TempFolder folder;
  const auto certificate = TestCertificate::self_signed();
  folder.write("fullchain1.pem", certificate.pem());
  std::filesystem::create_symlink(folder.path("fullchain1.pem"), folder.path("fullchain.pem"));
  const auto identity = load_identity(folder.path("fullchain.pem"), folder.write("key.pem", certificate.key()));
  ASSERT_TRUE(identity) << identity.error();
  EXPECT_EQ((*identity)->chain(), certificate.pem());
}

TEST(LoadIdentity, NamesTheFileAndTheProblem) {
  const TempFolder folder;
  const auto certificate = TestCertificate::self_signed();
  const std::string chain = folder.write("chain.pem", certificate.pem());
  const std::string key = folder.write("key.pem", certificate.key());
  const auto problem = [](const std::string& one, const std::string& other) {
    const auto identity = load_identity(one, other);
    return identity ? "none" : identity.error();
  };
  EXPECT_EQ(problem(chain, key), "none");
  EXPECT_THAT(problem(folder.path("absent.pem"), key),
              HasSubstr(folder.path("absent.pem") + ": there is no such file"));
  EXPECT_THAT(problem(chain, folder.path("absent.pem")), HasSubstr("absent.pem: there is no such file"));
  EXPECT_THAT(problem(folder.path(), key), HasSubstr("not a file"));
  EXPECT_THAT(problem(folder.write("large.pem", std::string(Identity::kMaxPem + 1, ' ')), key),
              HasSubstr("longer than"));
  EXPECT_THAT(problem(key, chain), HasSubstr("exchanged"));
  EXPECT_THAT(problem(chain, folder.write("other.pem", TestCertificate::self_signed().key())),
              HasSubstr("key " + folder.path("other.pem") + ": the key does not belong"));
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(problem(folder.path("pipe"), key), HasSubstr("not a file"));  // and does not wait for a writer
}

TEST(DoubtsAboutAnIdentity, AreTold) {
  const TempFolder folder;
  const auto identity = identity_of(TestCertificate::self_signed({.from = 0, .until = 100 * 86400}));
  const std::string key = folder.write("key.pem", "");
  ASSERT_EQ(::chmod(key.c_str(), 0640), 0);
  const std::int64_t from = identity->valid_from(), until = identity->valid_until();
  EXPECT_THAT(doubts_about(*identity, key, from), IsEmpty());
  EXPECT_THAT(doubts_about(*identity, key, until - kExpiryWarning), IsEmpty());
  EXPECT_THAT(doubts_about(*identity, key, until - 86400), ElementsAre(HasSubstr("expires in 1 day;")));
  EXPECT_THAT(doubts_about(*identity, key, until + 2 * 86400), ElementsAre(HasSubstr("has expired 2 days ago")));
  EXPECT_THAT(doubts_about(*identity, key, from - 1), ElementsAre(HasSubstr("not valid yet")));
  ASSERT_EQ(::chmod(key.c_str(), 0644), 0);
  EXPECT_THAT(doubts_about(*identity, key, from), ElementsAre(HasSubstr("every user")));
  EXPECT_THAT(doubts_about(*identity, "", from), IsEmpty());
}

TEST(FileWatch, SeesAChangeOnce) {
  const TempFolder folder;
  const std::string one = folder.write("one", "a"), other = folder.write("other", "b");
  FileWatch watch({one, other});
  EXPECT_FALSE(watch.has_changed());
  folder.write("other", "longer");
  EXPECT_TRUE(watch.has_changed());
  EXPECT_FALSE(watch.has_changed());
  folder.write("next", "a");  // renamed over it, of the same size
  std::filesystem::rename(folder.path("next"), one);
  EXPECT_TRUE(watch.has_changed());
  EXPECT_FALSE(watch.has_changed());
}

// What copies or restores a file may set its time of modification as well (cp -p, rsync, tar).
TEST(FileWatch, IsNotMisledByATimeThatWasSet) {
  const TempFolder folder;
  const std::string path = folder.write("one", "a");
  struct stat before{}, after{};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  FileWatch watch({path});
  const timespec times[] = {before.st_atim, before.st_mtim};
  for (int i = 0; i < 100'000; ++i) {  // the file system's clock may stand still for some milliseconds
    folder.write("one", "b");
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
    ASSERT_EQ(::stat(path.c_str(), &after), 0);
    if (after.st_ctim.tv_sec != before.st_ctim.tv_sec || after.st_ctim.tv_nsec != before.st_ctim.tv_nsec) { break; }
  }
  ASSERT_EQ(after.st_ino, before.st_ino);
  ASSERT_EQ(after.st_mtim.tv_nsec, before.st_mtim.tv_nsec);
  EXPECT_TRUE(watch.has_changed());
}

TEST(FileWatch, WaitsWhileAFileIsMissing) {
  const TempFolder folder;
  const std::string one = folder.write("one", "a");
  FileWatch watch({one, folder.path("later")});
  std::filesystem::remove(one);
  EXPECT_FALSE(watch.has_changed());
  folder.write("one", "another");
  EXPECT_TRUE(watch.has_changed());
  folder.write("later", "b");
  EXPECT_TRUE(watch.has_changed());
}

TEST(FileWatch, SeesThroughLinks) {
  const TempFolder folder;
  folder.write("1.pem", "a");
  folder.write("2.pem", "a");
  std::filesystem::create_symlink(folder.path("1.pem"), folder.path("live.pem"));
  FileWatch watch({folder.path("live.pem")});
  std::filesystem::remove(folder.path("live.pem"));
  std::filesystem::create_symlink(folder.path("2.pem"), folder.path("live.pem"));
  EXPECT_TRUE(watch.has_changed());
}

// The server's own pair.

class OwnIdentities : public ::testing::Test {
 protected:
  const TempFolder folder;
  const std::int64_t now = std::time(nullptr);
};

TEST_F(OwnIdentities, AreMadeOnTheFirstStartAndKept) {
  const OwnIdentity made = own(folder, now, {"192.0.2.1", "dns.example", "0.0.0.0", "::", "2001:db8::1", "no name"});
  ASSERT_NE(made.identity, nullptr);
  EXPECT_THAT(made.remark, HasSubstr("a certificate signed by itself has been made for"));
  EXPECT_TRUE(made.identity->is_self_signed());
  EXPECT_THAT(made.identity->names(), Contains("localhost"));
  EXPECT_THAT(made.identity->names(), Contains("192.0.2.1"));
  EXPECT_THAT(made.identity->names(), Contains("2001:db8::1"));
  EXPECT_THAT(made.identity->names(), Contains("dns.example"));
  EXPECT_THAT(made.identity->names(), Not(Contains("0.0.0.0")));
  EXPECT_THAT(made.identity->names(), Not(Contains("no name")));
  EXPECT_LT(made.identity->valid_from(), now);
  EXPECT_EQ(made.identity->valid_until(), now + kOwnLifetime);
  EXPECT_LE(made.identity->valid_until() - made.identity->valid_from(), 825 * 86400);
  EXPECT_THAT(files_in(folder), ElementsAre(kCertificate, kKey));
  EXPECT_EQ(mode_of(folder.path(kKey)), 0600U);

  const OwnIdentity again = own(folder, now + 86400);
  EXPECT_EQ(again.remark, "");
  EXPECT_EQ(again.identity->chain(), made.identity->chain());
  EXPECT_EQ(again.identity->key(), made.identity->key());
}

TEST_F(OwnIdentities, AreOfOneServerAlone) {
  const TempFolder other;
  EXPECT_NE(own(folder, now).identity->pin(), own(other, now).identity->pin());
}

TEST_F(OwnIdentities, GetANewCertificateForTheSameKeyBeforeTheyExpire) {
  const OwnIdentity made = own(folder, now);
  const std::int64_t end = made.identity->valid_until();
  EXPECT_EQ(own(folder, end - kOwnRenewal).remark, "");
  for (const std::int64_t later : {end - kOwnRenewal + 1, end + kOwnLifetime}) {
    const OwnIdentity renewed = own(folder, later);
    EXPECT_NE(renewed.remark, "");
    EXPECT_EQ(renewed.identity->pin(), made.identity->pin());
    EXPECT_EQ(renewed.identity->valid_until(), later + kOwnLifetime);
    EXPECT_EQ(own(folder, later).remark, "");
  }
  EXPECT_TRUE(folder.has(kCertificate + ".old"));
}

TEST_F(OwnIdentities, GetANewCertificateWhenTheClockWasWrong) {
  const OwnIdentity made = own(folder, now + 10 * kOwnLifetime);
  const OwnIdentity now_right = own(folder, now);
  EXPECT_THAT(now_right.remark, HasSubstr("not valid yet"));
  EXPECT_EQ(now_right.identity->pin(), made.identity->pin());
}

TEST_F(OwnIdentities, GetANewCertificateForANewName) {
  const OwnIdentity made = own(folder, now, {"192.0.2.1", "192.0.2.2"});
  EXPECT_EQ(own(folder, now, {"192.0.2.2"}).remark, "");  // one too many does no harm
  const OwnIdentity renamed = own(folder, now, {"192.0.2.3"});
  EXPECT_THAT(renamed.remark, HasSubstr("it is not for 192.0.2.3"));
  EXPECT_THAT(renamed.identity->names(), Contains("192.0.2.3"));
  EXPECT_EQ(renamed.identity->pin(), made.identity->pin());
}

TEST_F(OwnIdentities, LeaveAloneWhatTheOperatorPutThere) {
  const auto authority = TestCertificate::authority();
  const auto certificate = authority.issue({.until = 5 * 86400});
  folder.write(kCertificate, certificate.pem());
  folder.write(kKey, certificate.key());
  const OwnIdentity found = own(folder, now);
  EXPECT_EQ(found.remark, "");
  EXPECT_EQ(found.identity->chain(), certificate.pem());
}

// A crash leaves the key without its certificate, or with an older one, or a new file that has no name yet.
TEST_F(OwnIdentities, AreWholeAfterACrash) {
  const OwnIdentity made = own(folder, now);
  std::filesystem::remove(folder.path(kCertificate));
  folder.write(kCertificate + ".new", "half a certi");
  const OwnIdentity without = own(folder, now);
  EXPECT_EQ(without.identity->pin(), made.identity->pin());
  EXPECT_THAT(files_in(folder), ElementsAre(kCertificate, kKey));

  folder.write(kCertificate, TestCertificate::self_signed().pem());
  folder.write(kKey + ".new", "half a k");
  const OwnIdentity mismatched = own(folder, now);
  EXPECT_EQ(mismatched.identity->pin(), made.identity->pin());
  EXPECT_TRUE(load_identity(folder.path(kCertificate), folder.path(kKey)));
}

TEST_F(OwnIdentities, AreWholeWhateverTheFilesHold) {
  const OwnIdentity made = own(folder, now);
  const std::string key = folder.read(kKey), certificate = folder.read(kCertificate);
  for (std::size_t length = 0; length < key.size(); ++length) {
    folder.write(kKey, key.substr(0, length));
    folder.write(kCertificate, certificate);
    const OwnIdentity mended = own(folder, now);
    ASSERT_NE(mended.identity, nullptr) << length;
    const bool is_kept = mended.identity->pin() == made.identity->pin();  // it can do without its last line's end
    ASSERT_EQ(is_kept, mended.remark.empty()) << length;
    ASSERT_TRUE(!is_kept || length + 1 == key.size()) << length;
    ASSERT_TRUE(load_identity(folder.path(kCertificate), folder.path(kKey))) << length;
    ASSERT_EQ(own(folder, now).remark, "") << length;
  }
  EXPECT_TRUE(folder.has(kKey + ".old"));
  for (std::size_t length = 0; length < certificate.size(); ++length) {
    folder.write(kKey, key);
    folder.write(kCertificate, certificate.substr(0, length));
    ASSERT_EQ(own(folder, now).identity->pin(), made.identity->pin()) << length;
    ASSERT_TRUE(load_identity(folder.path(kCertificate), folder.path(kKey))) << length;
  }
}

TEST_F(OwnIdentities, ReplaceLinksInsteadOfFollowingThem) {
  const TempFolder elsewhere;
  const std::string target = elsewhere.write("victim", "untouched");
  std::filesystem::create_symlink(target, folder.path(kKey));
  EXPECT_NE(own(folder, now).identity, nullptr);
  EXPECT_EQ(elsewhere.read("victim"), "untouched");
  EXPECT_FALSE(std::filesystem::is_symlink(folder.path(kKey)));
}

TEST_F(OwnIdentities, LiveInMemoryWithoutADirectory) {
  for (const std::string& directory : {std::string(), folder.path("absent")}) {
    const auto made = own_identity(directory, {}, now);
    ASSERT_TRUE(made) << made.error();
    EXPECT_NE(made->identity, nullptr);
    EXPECT_THAT(made->remark, HasSubstr("another after a restart"));
  }
}

TEST_F(OwnIdentities, LiveOnInMemoryWithTheirKey) {
  for (const std::string& directory : {std::string(), folder.path("absent")}) {
    const auto made = own_identity(directory, {"192.0.2.1"}, now);
    ASSERT_TRUE(made) << made.error();
    const auto again = own_identity(directory, {"192.0.2.1"}, now + 86400, made->identity);
    EXPECT_EQ(again->identity, made->identity);
    EXPECT_THAT(again->remark, HasSubstr("another after a restart"));
    const auto renamed = own_identity(directory, {"192.0.2.2"}, now, made->identity);
    EXPECT_EQ(renamed->identity->pin(), made->identity->pin());
    EXPECT_THAT(renamed->identity->names(), Contains("192.0.2.2"));
    const std::int64_t late = made->identity->valid_until() - kOwnRenewal + 1;
    const auto renewed = own_identity(directory, {"192.0.2.1"}, late, made->identity);
    EXPECT_EQ(renewed->identity->pin(), made->identity->pin());
    EXPECT_EQ(renewed->identity->valid_until(), late + kOwnLifetime);
  }
}

TEST_F(OwnIdentities, AreWrittenAsSoonAsTheyCanBe) {
  const auto made = own_identity(folder.path("later"), {}, now);
  std::filesystem::create_directory(folder.path("later"));
  const auto again = own_identity(folder.path("later"), {}, now, made->identity);
  EXPECT_EQ(again->identity, made->identity);
  EXPECT_THAT(again->remark, HasSubstr("has been written to " + folder.path("later")));
  const auto restarted = own_identity(folder.path("later"), {}, now);
  EXPECT_EQ(restarted->remark, "");
  EXPECT_EQ(restarted->identity->chain(), made->identity->chain());
  EXPECT_EQ(mode_of(folder.path("later/" + kKey)), 0600U);
}

TEST_F(OwnIdentities, GiveWayToTheFilesAndAreNotWhatAnOperatorPutThere) {
  const OwnIdentity files = own(folder, now);
  const TempFolder other, empty;
  const auto found = own_identity(folder.path(), {"192.0.2.1"}, now, own(other, now).identity);
  EXPECT_EQ(found->identity->pin(), files.identity->pin());
  const auto issued = identity_of(TestCertificate::authority().issue());
  const auto made = own_identity(empty.path(), {"192.0.2.1"}, now, issued);
  EXPECT_NE(made->identity->pin(), issued->pin()) << "a key of the operator's is not for us to keep";
}

// The server's own secrets.

TEST(SecretFiles, AreDrawnOnceAndKept) {
  const TempFolder folder;
  const auto first = secret_file(folder.path(), "quic-secret", 32);
  ASSERT_TRUE(first) << first.error();
  EXPECT_EQ(first->octets.size(), 32U);
  EXPECT_EQ(first->remark, "");
  EXPECT_EQ(mode_of(folder.path("quic-secret")), 0600U);
  const auto again = secret_file(folder.path(), "quic-secret", 32);
  EXPECT_EQ(again->octets, first->octets);
  EXPECT_NE(secret_file(folder.path(), "another", 32)->octets, first->octets);
}

TEST(SecretFiles, OfAnotherLengthAreReplaced) {
  const TempFolder folder;
  for (const std::size_t length : {std::size_t{0}, std::size_t{31}, std::size_t{33}, kMaxSecret + 1}) {
    folder.write("secret", std::string(length, 'x'));
    const auto secret = secret_file(folder.path(), "secret", 32);
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->octets.size(), 32U);
    EXPECT_THAT(secret->remark, HasSubstr("is replaced"));
    EXPECT_EQ(folder.read("secret.old").size(), length);
    EXPECT_EQ(secret_file(folder.path(), "secret", 32)->octets, secret->octets);
  }
}

TEST(SecretFiles, LiveInMemoryWithoutADirectory) {
  const TempFolder folder;
  for (const std::string& directory : {std::string(), folder.path("absent")}) {
    const auto secret = secret_file(directory, "secret", 32);
    ASSERT_TRUE(secret) << secret.error();
    EXPECT_EQ(secret->octets.size(), 32U);
    EXPECT_THAT(secret->remark, HasSubstr("another after a restart"));
  }
  EXPECT_FALSE(secret_file(folder.path(), "secret", 8));
  EXPECT_FALSE(secret_file(folder.path(), "secret", kMaxSecret + 1));
}

TEST(LoadSecret, WantsEnoughOctets) {
  const TempFolder folder;
  EXPECT_EQ(load_secret(folder.write("enough", std::string(32, 'x')), 32).value().size(), 32U);
  EXPECT_THAT(load_secret(folder.write("short", "x"), 32).error(), HasSubstr("has 1; make one"));
  EXPECT_THAT(load_secret(folder.path("absent"), 32).error(), HasSubstr("no such file"));
  EXPECT_THAT(load_secret(folder.write("long", std::string(kMaxSecret + 1, 'x')), 32).error(), HasSubstr("longer"));
}

TEST(HostNames, AreLettersDigitsAndHyphens) {
  for (const char* good : {"a", "dns.example", "1.example", "a-b", "xn--bcher-kva.example"}) {
    EXPECT_TRUE(is_host_name(good)) << good;
  }
  for (const char* bad :
       {"", ".", "a.", ".a", "a..b", "-a", "a-", "a b", "a,DNS:b", "127.0.0.1", "::1", "a_b", "*.a"}) {
    EXPECT_FALSE(is_host_name(bad)) << bad;
  }
  EXPECT_TRUE(is_host_name(std::string(63, 'a')));
  EXPECT_FALSE(is_host_name(std::string(64, 'a')));
  std::string long_name = "a";
  while (long_name.size() < 253) { long_name += ".a"; }
  EXPECT_TRUE(is_host_name(long_name));
  EXPECT_FALSE(is_host_name(long_name + ".a"));
}

TEST(SelfSigned, NeedsAName) {
  EXPECT_FALSE(make_self_signed(make_key().value(), {.names = {"not a name"}, .from = 0, .until = 1}));
  EXPECT_FALSE(make_self_signed("no key", {.names = {"localhost"}, .from = 0, .until = 1}));
}

TEST(SelfSigned, TakesTheNamesItCan) {
  const std::string key = make_key().value();
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) { names.push_back("n" + std::to_string(i) + ".example"); }
  const std::string pem = make_self_signed(key, {.names = names, .from = 0, .until = 1'000'000}).value();
  EXPECT_EQ(Identity::from_pem(pem, key).value()->names().size(), kMaxCertificateNames);
}

}  // namespace
}  // namespace vouch
