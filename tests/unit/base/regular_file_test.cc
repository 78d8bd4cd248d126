#include "resolver/base/regular_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace vouch {
namespace {

class RegularFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/vouch-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern;
    path = folder + "/file";
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  std::string folder, path;
};

TEST_F(RegularFile, IsReadAlsoThroughALink) {
  std::ofstream(path) << "text";
  std::filesystem::create_symlink(path, folder + "/link");
  for (const std::string& name : {path, folder + "/link"}) {
    const auto file = open_regular_file(name);
    ASSERT_TRUE(file.has_value()) << file.error().reason;
    char text[8] = {};
    EXPECT_EQ(std::fread(text, 1, sizeof text, file->get()), 4U);
    EXPECT_STREQ(text, "text");
  }
}

TEST_F(RegularFile, WhatIsNoneIsRefusedWithoutWaiting) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  for (const std::string& name : {path, folder, std::string("/dev/null")}) {
    const auto file = open_regular_file(name);
    ASSERT_FALSE(file.has_value()) << name;
    EXPECT_EQ(file.error().reason, "it is no regular file");
    EXPECT_FALSE(file.error().is_absent);
  }
}

TEST_F(RegularFile, WhatIsNotThereIsToldApart) {
  const auto file = open_regular_file(path);
  ASSERT_FALSE(file.has_value());
  EXPECT_TRUE(file.error().is_absent);
  EXPECT_FALSE(file.error().is_ours);
  EXPECT_FALSE(file_stamp(path).has_value());
}

TEST_F(RegularFile, AStampTellsOneContentFromAnother) {
  std::ofstream(path) << "one";
  const auto before = file_stamp(path);
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(file_stamp(path), before);
  std::ofstream(folder + "/new") << "two";
  std::filesystem::rename(folder + "/new", path);
  const auto replaced = file_stamp(path);
  EXPECT_NE(replaced, before);
  // Whoever lets us read it changes nothing but ctime, by a clock that may stand still for some milliseconds.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (file_stamp(path) == replaced && std::chrono::steady_clock::now() < until) { ::chmod(path.c_str(), 0640); }
  EXPECT_NE(file_stamp(path), replaced);
}

}  // namespace
}  // namespace vouch
