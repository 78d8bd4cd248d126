// The root zone from a file that somebody else keeps, and what is kept of a fetched one. Fetching it is tested with a
// server (tests/system/local_root_test.py).
#include "resolver/daemon/root_keeper.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <new>
#include <thread>

#include "resolver/base/durable_file.h"
#include "resolver/base/log.h"
#include "resolver/daemon/file_time.h"
#include "resolver/wire/zone_file.h"
#include "tests/dnssec_kit/whole_zone.h"

namespace vouch {
namespace {

using namespace dnssec_kit;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Turned by the test while the keeper's thread reads it.
class TurnedClock final : public Clock {
 public:
  Instant monotonic() const override { return Instant(); }
  UnixTime wall() const override {
    if (!lacks_memory) { return now; }
    ++refused;
    throw std::bad_alloc();
  }
  TtlTime ttl() const override { return now; }
  std::atomic<UnixTime> now{kNow};
  std::atomic<bool> lacks_memory{false};
  mutable std::atomic<int> refused{0};
};

class Gathered final : public LogSink {
 public:
  void write(LogLevel, std::string_view line) noexcept override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> with(std::string_view word) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const std::string& line : lines_) {
      if (line.find(word) != std::string::npos) { found.push_back(line); }
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

class InAFolder : public ::testing::Test {
 protected:
  InAFolder() {
    std::string pattern = (fs::temp_directory_path() / "vouch-root-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    set_log_sink(&logged);
    zone.has(". 86400 IN NS a.root-servers.net.").has("a.root-servers.net. 86400 IN A 192.0.2.1");
    zone.delegates("org.", {"192.0.2.2"}, {});
    whole = zone_with_digest(zone);
  }
  ~InAFolder() override {
    set_log_sink(nullptr);
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  static void set_time(const std::string& path, UnixTime time) {
    const timespec times[] = {{.tv_sec = time, .tv_nsec = 0}, {.tv_sec = time, .tv_nsec = 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  }

  fs::path folder;
  Gathered logged;
  SignedZone zone{"."};
  ZonePtr whole;
};

class RootFromAFile : public InAFolder {
 protected:
  RootFromAFile() {
    resolver.local_root.enabled = true;
    resolver.local_root.file = (folder / "root.zone").string();
  }
  void write(const Zone& as, UnixTime time) const {
    std::ofstream file(resolver.local_root.file);
    for (std::size_t i = 0; i < as.size(); ++i) {
      file << zone_file_line(as[i].owner, as[i].type, as[i].ttl, as[i].rdata);
    }
    file.close();
    set_time(resolver.local_root.file, time);
  }
  void start() {
    keeper = RootKeeper::create({.resolver = resolver,
                                 .outgoing = outgoing,
                                 .dnssec = dnssec,
                                 .clock = clock,
                                 .anchors = anchors,
                                 .root = root,
                                 .look = 1ms});
    ASSERT_NE(keeper, nullptr);
    keeper->start();
  }
  void wait_for(const std::function<bool(const LocalRootFigures&)>& condition) {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (!condition(keeper->figures())) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << keeper->figures().failure;
      std::this_thread::sleep_for(1ms);
    }
  }
  bool in_use() { return root.current(kNow) != nullptr; }

  ResolverOptions resolver;
  OutgoingOptions outgoing;
  DnssecOptions dnssec;
  TurnedClock clock;
  TrustAnchors anchors{std::make_shared<const AnchorSet>(
      std::vector<AnchorSet::Point>{{.zone = Name(), .ds = {zone.ds()}, .dnskeys = {}}}, std::vector<Name>())};
  LocalRoot root;
  std::unique_ptr<RootKeeper> keeper;
};

TEST_F(RootFromAFile, IsUsedFromTheStart) {
  write(*whole, kNow - 60);
  start();
  EXPECT_TRUE(in_use());
  EXPECT_EQ(keeper->figures().checked, kNow - 60);
  EXPECT_EQ(root.until(), kNow - 60 + 86400);
}

TEST_F(RootFromAFile, RefusedBeforeTheClockWasSetItIsUsedAfterwards) {
  write(*whole, kNow - 60);
  clock.now = kNow - 100 * kDay;
  start();
  wait_for([](const LocalRootFigures& figures) { return figures.failures >= 5; });
  EXPECT_FALSE(in_use());
  EXPECT_GE(keeper->figures().failures, keeper->figures().rejected);
  clock.now = kNow;
  wait_for([](const LocalRootFigures& figures) { return figures.in_use; });
  EXPECT_THAT(logged.with("local_root_unusable"), ElementsAre(HasSubstr("rrsig_not_yet_valid"))) << "told once";
}

TEST_F(RootFromAFile, EachDifferentFailureIsToldOnce) {
  start();
  wait_for([](const LocalRootFigures& figures) { return figures.failures >= 3; });
  write(*whole_zone(zone), kNow - 60);  // no digest over these signatures
  wait_for([](const LocalRootFigures& figures) { return figures.rejected >= 3; });
  fs::remove(resolver.local_root.file);
  wait_for(
      [](const LocalRootFigures& figures) { return figures.failure.find("cannot be found") != std::string::npos; });
  write(*whole, kNow - 60);
  wait_for([](const LocalRootFigures& figures) { return figures.in_use; });
  const std::vector<std::string> told = logged.with("local_root_unusable");
  ASSERT_GE(told.size(), 3U);
  EXPECT_THAT(told.front(), HasSubstr("cannot be found"));
  for (std::size_t i = 1; i < told.size(); ++i) { EXPECT_NE(told[i], told[i - 1]); }
}

TEST_F(RootFromAFile, IsReadAgainWhenItIsTouchedAndNotOtherwise) {
  write(*whole, kNow - 600);
  start();
  ASSERT_TRUE(in_use());
  set_time(resolver.local_root.file, kNow - 60);
  wait_for([](const LocalRootFigures& figures) { return figures.checked == kNow - 60; });
  EXPECT_EQ(keeper->figures().whole, 2U);
}

TEST_F(RootFromAFile, WantOfMemoryDoesNotEndTheWatch) {
  write(*whole, kNow - 60);
  clock.lacks_memory = true;
  start();
  EXPECT_FALSE(in_use());
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (clock.refused < 3) {  // at the start, and while it is watched
    ASSERT_LT(std::chrono::steady_clock::now(), end);
    std::this_thread::sleep_for(1ms);
  }
  clock.lacks_memory = false;
  wait_for([](const LocalRootFigures& figures) { return figures.in_use; });
}

class RootIsKept : public InAFolder {
 protected:
  static constexpr TransferLimits kLimits{};
  std::string path() const { return (folder / KeptRoot::kName).string(); }
  std::string checked() const { return path() + std::string(KeptRoot::kChecked); }
  KeptRoot kept{folder.string()};
};

TEST_F(RootIsKept, ARestartFindsItAndWhenItWasConfirmed) {
  const auto nothing = kept.read(kLimits);
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->has_value());
  kept.store(*whole);
  set_time(path(), kNow);
  kept.confirm(*whole);
  set_time(checked(), kNow + 1000);
  const auto found = KeptRoot(folder.string()).read(kLimits);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->zone->size(), whole->size());
  EXPECT_EQ((*found)->checked, kNow + 1000);
  std::ofstream(path()) << "no zone";
  EXPECT_FALSE(KeptRoot(folder.string()).read(kLimits));
}

TEST_F(RootIsKept, CutAtAnyOctetItIsNotBelieved) {
  kept.store(*whole);
  const std::string octets = **read_whole(path(), kLimits.octets, Links::refused);
  for (std::size_t length = 0; length < octets.size(); ++length) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << octets.substr(0, length);
    ASSERT_FALSE(KeptRoot(folder.string()).read(kLimits)) << length;
  }
}

// The file is an older zone's: nobody has confirmed that.
TEST_F(RootIsKept, WhatCouldNotBeStoredConfirmsNothing) {
  kept.store(*whole);
  set_time(path(), kNow);
  fs::create_directories(path() + ".new/in-the-way");  // where the next one is written before it takes the name
  kept.store(*whole);
  EXPECT_EQ(logged.with("local_root_not_kept").size(), 1U);
  kept.confirm(*whole);
  EXPECT_FALSE(fs::exists(checked()));
  EXPECT_EQ(file_time(path()), kNow);
  fs::remove_all(path() + ".new");
  kept.confirm(*whole);
  EXPECT_GT(file_time(path()).value_or(0), kNow) << "it is tried again";
  EXPECT_FALSE(fs::exists(checked()));
  kept.confirm(*whole);
  EXPECT_TRUE(fs::exists(checked()));
}

TEST_F(RootIsKept, AfterARestartAConfirmationCounts) {
  kept.store(*whole);
  KeptRoot again(folder.string());
  ASSERT_TRUE(again.read(kLimits));
  set_time(path(), kNow);
  again.confirm(*whole);
  EXPECT_TRUE(fs::exists(checked()));
  EXPECT_EQ(file_time(path()), kNow) << "not written anew";
}

TEST_F(RootIsKept, WithoutADirectoryNothingIs) {
  KeptRoot nowhere("");
  nowhere.store(*whole);
  nowhere.confirm(*whole);
  const auto found = nowhere.read(kLimits);
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
  EXPECT_TRUE(logged.with("local_root").empty());
}

}  // namespace
}  // namespace vouch
