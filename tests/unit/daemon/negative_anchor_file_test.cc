#include "resolver/daemon/negative_anchor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <semaphore>

#include "resolver/base/log.h"

namespace vouch {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Silence final : public LogSink {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

struct NegativeAnchorsInAFolder : testing::Test {
  NegativeAnchorsInAFolder() {
    set_log_sink(&silence);
    std::string pattern = (fs::temp_directory_path() / "vouch-negative-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~NegativeAnchorsInAFolder() override {
    set_log_sink(nullptr);
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder)) { out.push_back(entry.path().filename().string()); }
    return out;
  }
  std::expected<void, std::string> saved(NegativeAnchorFile& file) {
    std::expected<void, std::string> outcome = std::unexpected("it was not told");
    file.after_writing([&outcome](std::expected<void, std::string> told) { outcome = std::move(told); });
    chores.wait();
    return outcome;
  }
  Silence silence;
  fs::path folder;
  ChoreThread chores;
};

TEST_F(NegativeAnchorsInAFolder, WhatIsWrittenIsReadByTheNextRun) {
  const auto file = NegativeAnchorFile::in(folder.string(), chores);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(*file->read(), std::nullopt);
  file->write("first");
  file->write("second");
  ASSERT_TRUE(saved(*file));
  EXPECT_EQ(NegativeAnchorFile::in(folder.string(), chores)->read()->value(), "second");
  EXPECT_THAT(names(), UnorderedElementsAre("negative-anchors"));
  struct stat status {};
  ASSERT_EQ(::stat((folder / "negative-anchors").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0137U, 0U);
}

TEST_F(NegativeAnchorsInAFolder, WhatIsOfNoUseIsSetAside) {
  const auto file = NegativeAnchorFile::in(folder.string(), chores);
  std::ofstream(folder / "negative-anchors") << "rubbish";
  file->set_aside();
  EXPECT_THAT(names(), UnorderedElementsAre("negative-anchors.bad"));
  EXPECT_EQ(*file->read(), std::nullopt);
}

TEST_F(NegativeAnchorsInAFolder, ALinkOrAHugeFileIsNotRead) {
  const auto file = NegativeAnchorFile::in(folder.string(), chores);
  fs::create_symlink("/etc/hostname", folder / "negative-anchors");
  EXPECT_FALSE(file->read());
  fs::remove(folder / "negative-anchors");
  std::ofstream(folder / "negative-anchors") << std::string(kMaxNegativeAnchorOctets + 1, 'x');
  EXPECT_FALSE(file->read());
}

TEST_F(NegativeAnchorsInAFolder, AFailureIsToldToWhoeverWaits) {
  const auto file = NegativeAnchorFile::in(folder.string(), chores);
  fs::remove_all(folder);
  file->write("text");
  const auto outcome = saved(*file);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error(), HasSubstr("negative-anchors"));
}

TEST_F(NegativeAnchorsInAFolder, WhereNoTextCouldBeMadeNothingIsSavedUntilOneCan) {
  const auto file = NegativeAnchorFile::in(folder.string(), chores);
  file->write("first");
  file->cannot_write("they are too many");
  const auto outcome = saved(*file);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error(), HasSubstr("too many"));
  EXPECT_EQ(file->read()->value(), "first");
  file->write("second");
  EXPECT_TRUE(saved(*file));
}

TEST_F(NegativeAnchorsInAFolder, NobodyWaitsForTheDiskAndIsToldOnlyWhenItIsThere) {
  const auto file = NegativeAnchorFile::in(folder.string(), chores);
  std::binary_semaphore go(0);
  chores.post([&go] { go.acquire(); });  // a large cache is being walked
  file->write("text");
  std::atomic<bool> is_told = false;
  bool was_there = false;
  file->after_writing([&](const std::expected<void, std::string>&) {
    was_there = fs::exists(folder / "negative-anchors");
    is_told = true;
  });
  EXPECT_FALSE(is_told);
  go.release();
  chores.wait();
  EXPECT_TRUE(is_told);
  EXPECT_TRUE(was_there);
}

TEST_F(NegativeAnchorsInAFolder, WithoutAFolderThereIsNone) {
  EXPECT_EQ(NegativeAnchorFile::in("", chores), nullptr);
  EXPECT_EQ(NegativeAnchorFile::in((folder / "none").string(), chores), nullptr);
}

TEST(ChoreThread, DoesAllInOrderBeforeItEnds) {
  std::vector<int> done;
  {
    ChoreThread chores;
    for (int i = 0; i < 100; ++i) {
      chores.post([&done, i] { done.push_back(i); });
    }
    chores.wait();
    EXPECT_EQ(done.size(), 100U);
    chores.post([&done] { done.push_back(100); });
  }
  ASSERT_EQ(done.size(), 101U);
  EXPECT_TRUE(std::ranges::is_sorted(done));
}

TEST(ChoreThread, WhoComesWhenItIsFullDoesItHimself) {
  std::binary_semaphore go(0);
  int done = 0;
  ChoreThread chores;
  chores.post([&go] { go.acquire(); });
  for (std::size_t i = 0; i < ChoreThread::kMostWaiting + 1; ++i) {
    chores.post([&done] { ++done; });
    if (done != 0) { break; }  // done here, while the thread still hangs
  }
  EXPECT_EQ(done, 1);
  go.release();
}

}  // namespace
}  // namespace vouch
