#include "resolver/daemon/server_identity.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "resolver/base/log.h"
#include "tests/unit/transports/tls_harness.h"

namespace vouch {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SocketAddress at(const char* ip, std::uint16_t port) { return {IpAddress::parse(ip).value(), port}; }

class Lines final : public LogSink {
 public:
  Lines() { set_log_sink(this); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() override { set_log_sink(nullptr); }
  void write(LogLevel /*level*/, std::string_view line) noexcept override { lines_.emplace_back(line); }
  // What has been logged since, of one event.
  std::vector<std::string> take(const std::string& event) {
    std::vector<std::string> found;
    for (std::string& line : std::exchange(lines_, {})) {
      if (line.starts_with("event=" + event + " ")) { found.push_back(std::move(line)); }
    }
    return found;
  }

 private:
  std::vector<std::string> lines_;
};

class ServerIdentities : public ::testing::Test {
 protected:
  ServerIdentities() {
    options.tls = {at("127.0.0.1", 853)};
    options.identity.state_directory = folder.path();
  }

  void name_files(const TestCertificate& certificate) {
    options.identity.certificate_file = folder.write("chain.pem", certificate.pem());
    options.identity.key_file = folder.write("chain-key.pem", certificate.key());
  }
  static TestCertificate for_name(const std::string& name) {
    return TestCertificate::self_signed({.subject_alt_name = "DNS:" + name});
  }
  static void start(ServerIdentity& identity) {
    const auto read = identity.read_named_files();
    ASSERT_TRUE(read) << read.error();
    const auto made = identity.make_the_rest();
    ASSERT_TRUE(made) << made.error();
    identity.announce();
  }

  const TempFolder folder;
  ListenerOptions options;
  Lines log;
};

TEST_F(ServerIdentities, OfOurOwnKeepTheirKeyInMemory) {
  options.identity.state_directory = folder.path("absent");
  ServerIdentity identity(options, "");
  start(identity);
  EXPECT_THAT(log.take("own_certificate"), Contains(HasSubstr("another after a restart")));
  const auto first = identity.identities().current();
  identity.look_again(true);
  EXPECT_EQ(identity.identities().current(), first) << "whoever has pinned it stays content";
  EXPECT_THAT(log.take("certificate"), Contains(HasSubstr(first->pin()))) << "asked for, so told";
}

TEST_F(ServerIdentities, OfOurOwnAreThoseOfTheFiles) {
  ServerIdentity identity(options, "");
  start(identity);
  ServerIdentity next(options, "");
  start(next);
  EXPECT_EQ(next.identities().current()->chain(), identity.identities().current()->chain());
  const auto before = next.identities().current();
  next.look_again(true);
  EXPECT_EQ(next.identities().current(), before);
}

TEST_F(ServerIdentities, QuicSecretsAreForQuicAlone) {
  ServerIdentity without(options, "");
  start(without);
  EXPECT_FALSE(folder.has("quic.secret"));
  options.quic = {at("127.0.0.1", 853)};
  ServerIdentity with(options, "");
  start(with);
  EXPECT_TRUE(folder.has("quic.secret"));
  EXPECT_NE(with.quic_secrets().reset, without.quic_secrets().reset);
}

TEST_F(ServerIdentities, RelativeFoldersAreThoseOfTheStart) {
  const auto before = std::filesystem::current_path();
  std::filesystem::create_directories(folder.path("state/keys"));
  std::filesystem::current_path(folder.path());
  options.identity.state_directory = "keys";
  ServerIdentity identity(options, "state");
  std::filesystem::current_path(folder.path("state"));
  start(identity);
  std::filesystem::current_path(before);
  EXPECT_TRUE(folder.has("state/keys/key.pem"));
}

TEST_F(ServerIdentities, ABrokenPairIsToldOnceAndTriedAgain) {
  const auto good = for_name("dns.example");
  name_files(good);
  ServerIdentity identity(options, "");
  start(identity);
  const auto first = identity.identities().current();
  folder.write("chain.pem", "-----BEGIN CERTIFICATE-----\nnot one");
  identity.look_again(false);
  EXPECT_EQ(log.take("certificate_kept").size(), 1U);
  identity.look_again(false);
  EXPECT_THAT(log.take("certificate_kept"), IsEmpty());
  identity.look_again(true);
  EXPECT_EQ(log.take("certificate_kept").size(), 1U) << "asked for, so told";
  EXPECT_EQ(identity.identities().current(), first);
  folder.write("chain.pem", for_name("dns.example").pem());
  identity.look_again(false);
  EXPECT_EQ(log.take("certificate_kept").size(), 1U) << "another mistake: it does not fit the key";
  folder.write("chain.pem", good.pem());
  identity.look_again(false);
  EXPECT_EQ(log.take("certificate").size(), 1U);
}

// While descriptors have run out, say, nothing can be read; that they are there again no file shows.
TEST_F(ServerIdentities, AreTriedAgainThoughNoFileHasChanged) {
  const auto second = for_name("dns.example");
  name_files(for_name("dns.example"));
  ServerIdentity identity(options, "");
  start(identity);
  name_files(second);
  static_cast<void>(std::generic_category().message(EMFILE));  // UBSan needs descriptors to look at an object first
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  identity.look_again(true);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_THAT(log.take("certificate_kept"), Contains(HasSubstr("cannot be read")));
  identity.look_again(false);
  EXPECT_EQ(identity.identities().current()->pin(), identity_of(second)->pin());
}

TEST_F(ServerIdentities, ClientsKnowTheNameOfTheStart) {
  name_files(for_name("dns.example"));
  ServerIdentity identity(options, "");
  start(identity);
  name_files(TestCertificate::self_signed({.subject_alt_name = "DNS:dns.example,DNS:more.example"}));
  identity.look_again(true);
  EXPECT_THAT(log.take("certificate_name_changed"), IsEmpty());
  name_files(for_name("other.example"));
  identity.look_again(true);
  EXPECT_THAT(log.take("certificate_name_changed"), Contains(HasSubstr("told_to_clients=dns.example. now=other")));
  name_files(for_name("dns.example"));
  identity.look_again(true);
  EXPECT_THAT(log.take("certificate_name_changed"), IsEmpty()) << "the old name again, which clients were told";
}

TEST(NameForClients, IsOneThatOthersCanLookUp) {
  const auto name = [](const std::string& names) {
    return name_for_clients(*identity_of(TestCertificate::self_signed({.subject_alt_name = names}))).text();
  };
  EXPECT_EQ(name("DNS:vm,DNS:localhost,IP:192.0.2.1"), ".");
  EXPECT_EQ(name("DNS:vm,DNS:*.example.net,IP:192.0.2.1,DNS:dns.example.net,DNS:b.example.net"), "dns.example.net.");
}

}  // namespace
}  // namespace vouch
