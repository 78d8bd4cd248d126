#include "resolver/daemon/anchor_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <semaphore>

#include "resolver/base/durable_file.h"
#include "resolver/base/log.h"
#include "resolver/dnssec/anchor_memory.h"

namespace vouch {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Silence final : public LogSink {
 public:
  void write(LogLevel, std::string_view) noexcept override {}
};

class InAFolder : public testing::Test {
 protected:
  InAFolder() {
    std::string pattern = (fs::temp_directory_path() / "vouch-anchors-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~InAFolder() override {
    set_log_sink(nullptr);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  std::string path() const { return (folder_ / "trust-anchors").string(); }
  void put(const std::string& text) const { std::ofstream(path()) << text; }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder_)) { out.push_back(entry.path().filename().string()); }
    return out;
  }
  fs::path folder_;
  Silence silence_;
};

TEST_F(InAFolder, WhatIsWrittenIsReadByTheNextRun) {
  auto file = AnchorFile::in(folder_.string());
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->read(), std::nullopt) << "nothing yet";
  file->write("first");
  file->write("second");
  file.reset();
  EXPECT_EQ(AnchorFile::in(folder_.string() + "/")->read(), "second");
  EXPECT_THAT(names(), UnorderedElementsAre("trust-anchors"));
}

// A flush that does not come back until the test says so: who writes meanwhile goes on, and of what waits only the
// latest is written.
TEST_F(InAFolder, NobodyWaitsForAFlush) {
  std::binary_semaphore begun{0}, may_end{0};
  std::vector<std::string> written;
  const auto slow = [&](const std::string&, std::string_view text) -> std::expected<void, std::string> {
    written.emplace_back(text);
    if (written.size() > 1) { return {}; }
    begun.release();
    may_end.acquire();
    return {};
  };
  const auto file = AnchorFile::in(folder_.string(), slow);
  file->write("first");
  begun.acquire();
  file->write("second");
  file->write("third");
  may_end.release();
  file->wait();
  EXPECT_THAT(written, ElementsAre("first", "third"));
  file->write("fourth");
  file->wait();
  EXPECT_EQ(written.back(), "fourth");
}

TEST_F(InAFolder, NobodyElseMayWriteIt) {
  const auto file = AnchorFile::in(folder_.string());
  file->write("x");
  file->wait();
  struct stat status{};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0027U, 0U);
}

TEST_F(InAFolder, WhatAPowerCutLeftIsNoHindrance) {
  put("old");
  std::ofstream(path() + ".new") << "half of a new o";
  const auto file = AnchorFile::in(folder_.string());
  EXPECT_EQ(file->read(), "old");
  file->write("new");
  EXPECT_EQ(file->read(), "new");
}

TEST_F(InAFolder, ALinkInTheWayIsReplacedAndNotFollowed) {
  const fs::path elsewhere = folder_ / "precious";
  std::ofstream(elsewhere) << "precious";
  fs::create_symlink(elsewhere, path() + ".new");
  fs::create_symlink(elsewhere, path());
  const auto file = AnchorFile::in(folder_.string());
  EXPECT_FALSE(file->read());
  file->write("ours");
  EXPECT_EQ(file->read(), "ours");
  std::string kept;
  std::ifstream(elsewhere) >> kept;
  EXPECT_EQ(kept, "precious");
}

TEST_F(InAFolder, AFailedWriteLeavesTheOldFile) {
  put("old");
  fs::create_directories(fs::path(path() + ".new") / "in the way");
  const auto written = write_durably(path(), "new", 0640);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error(), HasSubstr("cannot make"));
  EXPECT_EQ(AnchorFile::in(folder_.string())->read(), "old");
}

TEST_F(InAFolder, WhatIsOfNoUseIsSetAside) {
  put("nonsense");
  const auto file = AnchorFile::in(folder_.string());
  file->set_aside();
  EXPECT_EQ(file->read(), std::nullopt);
  EXPECT_THAT(names(), UnorderedElementsAre("trust-anchors.bad"));
}

TEST_F(InAFolder, ATooLongFileIsNotReadToItsEnd) {
  put(std::string(kMaxAnchorMemoryOctets, 'x'));
  const auto file = AnchorFile::in(folder_.string());
  EXPECT_TRUE(file->read());
  put(std::string(kMaxAnchorMemoryOctets + 1, 'x'));
  const auto text = file->read();
  ASSERT_FALSE(text);
  EXPECT_THAT(text.error(), HasSubstr("longer than 65536 octets"));
}

TEST_F(InAFolder, APipeOrAFolderIsNoFile) {
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_FALSE(AnchorFile::in(folder_.string())->read()) << "and nobody waits for its other end";
  fs::remove(path());
  fs::create_directory(path());
  EXPECT_FALSE(AnchorFile::in(folder_.string())->read());
}

TEST_F(InAFolder, WithoutAFolderThereIsNoStore) {
  EXPECT_EQ(AnchorFile::in(""), nullptr);
  EXPECT_EQ(AnchorFile::in((folder_ / "missing").string()), nullptr);
  put("a file");
  EXPECT_EQ(AnchorFile::in(path()), nullptr);
}

// The file on disk as a crash may leave it: whatever it is cut to, the configured anchors serve and nothing is lost.
TEST_F(InAFolder, TornAnywhereTheFileIsRefusedAndKeptAside) {
  DnssecOptions options;
  const std::string whole = *anchor_memory_text({{.configured = configured_points(options).at(0),
                                                  .keys = {{{1, 1, 3, 13, 7, 7}, KeyState::valid, 5, 0, 0}},
                                                  .last_seen = 5,
                                                  .next_probe = 6,
                                                  .lifetime = 7}});
  const SystemClock clock(TtlClock::monotonic);
  const auto keys_with = [&](const std::string& text) {
    put(text);
    const auto file = AnchorFile::in(folder_.string());
    TrustAnchors anchors(anchors_from(options));
    TrustCache trust(1 << 20);
    const AnchorKeeper keeper(
        {.options = options, .anchors = anchors, .trust = trust, .store = file.get(), .clock = clock});
    return anchors.current()->points().at(0).dnskeys.size();
  };
  EXPECT_EQ(keys_with(whole), 1U);
  set_log_sink(&silence_);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(keys_with(whole.substr(0, length)), 0U);
    EXPECT_EQ(fs::file_size(path() + ".bad"), length);
    EXPECT_FALSE(fs::exists(path()));
  }
}

}  // namespace
}  // namespace vouch
