#include <gmock/gmock.h>

#include "conf/document.h"
#include "conf/reload.h"
#include "tests/unit/conf/loading.h"

namespace vouch {
namespace {

using testing::Contains;
using testing::HasSubstr;

const std::string kGoodSecret = "0123456789abcdef0123456789abcdef";

FilesInMemory files() {
  FilesInMemory made;
  made.add("conf/fleet.secret", kGoodSecret + "\n").add("conf/store.password", "open sesame\nmore\n");
  return made;
}

TEST(SharedCacheKeys, EveryValueReachesItsField) {
  const Loaded loaded = load(
      "shared_cache:\n"
      "  server: [192.0.2.9]\n"
      "  secret_file: fleet.secret\n"
      "  password_file: store.password\n"
      "  user: vouch\n"
      "  database: 3\n"
      "  patience: 40ms\n"
      "  tls: true\n"
      "  tls_name: store.example\n",
      files());
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  const SharedCacheOptions& shared = loaded->shared_cache;
  EXPECT_TRUE(shared.is_on());
  EXPECT_EQ(shared.server.front().text(), "192.0.2.9@6379");
  EXPECT_EQ(text_of(shared.secret), kGoodSecret);
  EXPECT_EQ(shared.password, "open sesame");
  EXPECT_EQ(shared.user, "vouch");
  EXPECT_EQ(shared.database, 3U);
  EXPECT_EQ(shared.patience, std::chrono::milliseconds(40));
  EXPECT_TRUE(shared.tls);
  EXPECT_EQ(shared.tls_name, "store.example");
  // Neither secret is ever shown.
  EXPECT_EQ(effective_document(*loaded).find(kGoodSecret), std::string::npos);
  EXPECT_EQ(effective_document(*loaded).find("open sesame"), std::string::npos);
  EXPECT_TRUE(needs_restart("shared_cache.patience"));
}

TEST(SharedCacheKeys, NothingIsSharedUnlessAsked) {
  const Loaded loaded = load("server: {workers: 1}\n");
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->shared_cache.is_on());
}

TEST(SharedCacheKeys, WhatDoesNotGoTogetherIsTold) {
  const auto told = [](const std::string& keys) { return complaints("shared_cache: {" + keys + "}\n", files()); };
  EXPECT_THAT(told("server: [192.0.2.9]"), Contains(HasSubstr("shared_cache.secret_file names no secret")));
  EXPECT_THAT(told("server: [192.0.2.9, 192.0.2.10], secret_file: fleet.secret"),
              Contains(HasSubstr("more than one server")));
  EXPECT_THAT(told("server: [192.0.2.9], secret_file: fleet.secret, user: vouch"),
              Contains(HasSubstr("names no password")));
  EXPECT_THAT(told("server: [192.0.2.9], secret_file: fleet.secret, tls_name: a"), Contains(HasSubstr("TLS is off")));
  EXPECT_THAT(told("server: [0.0.0.0], secret_file: fleet.secret"), Contains(HasSubstr("no server can have")));
}

TEST(SharedCacheKeys, SecretsAreLongAndNobodyElses) {
  const std::string keys = "shared_cache: {server: [192.0.2.9], secret_file: fleet.secret}\n";
  EXPECT_THAT(complaints(keys, FilesInMemory().add("conf/fleet.secret", "short\n")),
              Contains(HasSubstr("must be a secret of 32 to 1024")));
  EXPECT_THAT(complaints(keys, FilesInMemory().add("conf/fleet.secret", kGoodSecret, true)),
              Contains(HasSubstr("everybody on this machine may read it")));
  EXPECT_THAT(complaints(keys), Contains(HasSubstr("cannot be read")));
}

}  // namespace
}  // namespace vouch
