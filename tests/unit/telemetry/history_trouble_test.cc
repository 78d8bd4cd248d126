// What goes wrong with a disk, and who else has been at the file.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "telemetry/history.h"
#include "telemetry/history_counts.h"
#include "tests/unit/telemetry/filled_figures.h"
#include "tests/unit/telemetry/history_kit.h"

namespace vouch {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr UnixTime kTenSharp = kSampleStart + 10 * kHour;
constexpr int kSkip = 77;
constexpr const char* kSums =
    "SELECT sum(value) FILTER (WHERE name = 'vouch_client_queries_refused_total'),"
    " sum(value) FILTER (WHERE name = 'vouch_key_fetches_total') FROM counters_hourly";

Figures figures_at(std::uint64_t count) {
  Figures figures = filled_figures(3, 3);
  figures.started = kTenSharp;
  figures.counters = counted(count, 0);
  return figures;
}

std::unique_ptr<History> opened(const TemporaryFolder& folder) {
  return History::open({folder.path(), 400}, kTenSharp);
}

void write(History& history, std::uint64_t count, UnixTime after = 600) {
  history.write(figures_at(count), filled_status(), kTenSharp + after);
}

bool is_whole(const TemporaryFolder& folder) { return rows_of(folder, "PRAGMA integrity_check") == "ok"; }

bool is_there(const std::string& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

// A history as it lies after a day, or some hours, closed in good order.
std::string octets_of_a_history(int hours = 24) {
  const TemporaryFolder folder;
  {
    const auto history = opened(folder);
    for (int i = 1; i <= hours; ++i) { write(*history, static_cast<std::uint64_t>(i * 10), i * kHour); }
  }
  return folder.octets();
}

void put(const TemporaryFolder& folder, const std::string& octets) {
  std::ofstream(folder.file(), std::ios::binary | std::ios::trunc) << octets;
}

// Opened, read and written as the server does: it must end with a sound file whatever it found.
void expect_service(const TemporaryFolder& folder, const std::string& what) {
  const auto history = opened(folder);
  history->remembered();
  history->hours(kTenSharp, kTenSharp + 48 * kHour);
  write(*history, 5, 40 * kHour);
  EXPECT_THAT(history->state().problem, IsEmpty()) << what;
  EXPECT_TRUE(is_whole(folder)) << what;
}

}  // namespace

TEST(HistoryTrouble, KilledWhileItWritesItStaysWhole) {
  const TemporaryFolder folder;
  for (int round = 0; round < 12; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto history = opened(folder);
      for (std::uint64_t i = 1;; ++i) { write(*history, i, static_cast<UnixTime>(i) * 300); }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(15 + round * 7));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(is_whole(folder));
    const std::string sums = rows_of(folder, kSums, 2);
    EXPECT_EQ(sums.substr(0, sums.find('|')), sums.substr(sums.find('|') + 1)) << "a write is whole or not there";
    const auto history = opened(folder);
    EXPECT_THAT(history->state().problem, IsEmpty());
    const bool is_written = sums.front() != '|' && !sums.starts_with("failed");  // it may be killed before its first
    EXPECT_EQ(is_written, !history->hours(kTenSharp, kTenSharp + 999 * kHour).empty()) << sums;
  }
  EXPECT_FALSE(is_there(folder.file("history.sqlite3.damaged")));
  EXPECT_NE(rows_of(folder, "SELECT count(*) FROM runs WHERE stopped = 0"), "0");
}

// At samples, or, where there are minutes for it (ctest -R system/faults_history), at every octet of a smaller one.
TEST(HistoryTrouble, CutAnywhereItBeginsAnew) {
  const bool everywhere = std::getenv("VOUCH_EVERY_OCTET") != nullptr;
  const std::string sound = octets_of_a_history(everywhere ? 1 : 24);
  ASSERT_GT(sound.size(), 20'000U);
  LoggedLines lines;
  std::size_t set_aside = 0;
  for (std::size_t size = 0; size < sound.size(); size += everywhere ? 1 : size < 200 ? 9 : 2311) {
    const TemporaryFolder folder;
    put(folder, sound.substr(0, size));
    expect_service(folder, "cut to " + std::to_string(size) + " octets");
    set_aside += is_there(folder.file("history.sqlite3.damaged")) ? 1 : 0;
    lines.take();
  }
  EXPECT_GT(set_aside, 10U);
}

TEST(HistoryTrouble, GarbageAnywhereIsNotBelievedNorFatal) {
  const std::string sound = octets_of_a_history();
  std::uint32_t state = 1;
  for (std::size_t at = 0; at + 64 < sound.size(); at += 3001) {
    std::string spoilt = sound;
    for (std::size_t i = 0; i < 64; ++i) {
      state = state * 1'664'525 + 1'013'904'223;
      spoilt[at + i] = static_cast<char>(state >> 24);
    }
    const TemporaryFolder folder;
    put(folder, spoilt);
    expect_service(folder, "garbage at " + std::to_string(at));
  }
}

TEST(HistoryTrouble, WhatIsDamagedLiesAsideWithASuffix) {
  LoggedLines lines;
  const TemporaryFolder folder;
  put(folder, std::string(9000, 'z'));
  const auto history = opened(folder);
  EXPECT_THAT(lines.take(), ElementsAre(HasSubstr("event=history_damaged")));
  write(*history, 3);
  EXPECT_EQ(std::filesystem::file_size(folder.file("history.sqlite3.damaged")), 9000U);
  EXPECT_EQ(rows_of(folder, kSums, 2), "3|3");
}

TEST(HistoryTrouble, DamageThatComesWhileItRunsCostsTheOldFileAndNoCount) {
  LoggedLines lines;
  const TemporaryFolder folder;
  const auto history = opened(folder);
  write(*history, 3);
  {
    SqlDatabase database;
    database.open(folder.file());
    database.run(
        "DROP VIEW coverage; DROP VIEW daily; DROP VIEW failures_daily; DROP VIEW zones_daily;"
        "DROP VIEW counters_hourly; DROP TABLE counts");
    ASSERT_FALSE(database.has_failed());
  }
  write(*history, 10, 4000);
  EXPECT_THAT(history->state().problem, IsEmpty());
  EXPECT_THAT(lines.take(), ElementsAre(HasSubstr("event=history_damaged")));
  EXPECT_EQ(rows_of(folder, kSums, 2), "7|7") << "what was written before lies aside";
}

TEST(HistoryTrouble, AFileThatAllCanReadIsClosedToThem) {
  const TemporaryFolder folder;
  History::open({folder.path()}, kSampleStart)->write(filled_figures(1, 1), filled_status(), kSampleStart + 60);
  ASSERT_EQ(::chmod(folder.file().c_str(), 0644), 0);
  const auto history = History::open({folder.path()}, kSampleStart + 120);
  struct stat status {};
  ASSERT_EQ(::stat(folder.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640U);
  EXPECT_TRUE(history->state().problem.empty());
}

TEST(HistoryTrouble, LinksAreNotFollowed) {
  const TemporaryFolder folder, elsewhere;
  std::ofstream(elsewhere.file("precious")) << "as it was";
  std::filesystem::create_symlink(elsewhere.file("precious"), folder.file());
  const auto history = opened(folder);
  write(*history, 3);
  EXPECT_THAT(history->state().problem, HasSubstr("symbolic link"));
  EXPECT_EQ(elsewhere.octets(), "as it was");
  for (const char* name : {"history.sqlite3-wal", "history.sqlite3-shm"}) {
    const TemporaryFolder other;
    std::filesystem::create_symlink(elsewhere.file("precious"), other.file(name));
    write(*opened(other), 4);
    EXPECT_EQ(elsewhere.octets(), "as it was") << name;
  }
}

TEST(HistoryTrouble, AFolderBehindALinkIsTheOperatorsChoice) {
  const TemporaryFolder folder, elsewhere;
  std::filesystem::create_directory_symlink(folder.path(), elsewhere.file("state"));
  const auto history = History::open({elsewhere.file("state"), 400}, kTenSharp);
  write(*history, 3);
  EXPECT_THAT(history->state().problem, IsEmpty());
  EXPECT_TRUE(is_there(folder.file()));
}

TEST(HistoryTrouble, OtherFilesAreLeftAlone) {
  const TemporaryFolder folder;
  { std::ofstream touch(folder.file()); }
  SqlDatabase database;
  database.open(folder.file());
  database.run("CREATE TABLE recipes (cake TEXT); INSERT INTO recipes VALUES ('lemon')");
  database.close();
  const auto history = opened(folder);
  write(*history, 3);
  EXPECT_THAT(history->state().problem, HasSubstr("another program's"));
  EXPECT_EQ(rows_of(folder, "SELECT cake FROM recipes"), "lemon");
}

TEST(HistoryTrouble, AFileOfALaterVersionIsLeftAlone) {
  const TemporaryFolder folder;
  write(*opened(folder), 3);
  {
    SqlDatabase database;
    database.open(folder.file());
    database.run("PRAGMA user_version = 99");
  }
  const auto history = opened(folder);
  write(*history, 4);
  EXPECT_THAT(history->state().problem, HasSubstr("later version"));
  EXPECT_EQ(rows_of(folder, kSums, 2), "3|3");
}

TEST(HistoryTrouble, OneLineWhenItBeginsAndOneWhenItEnds) {
  LoggedLines lines;
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing");
  const auto history = History::open({missing, 400}, kTenSharp);
  for (int i = 1; i <= 5; ++i) { write(*history, static_cast<std::uint64_t>(i), i * 600); }
  history->remembered();
  EXPECT_THAT(history->state().problem, HasSubstr("No such file or directory"));
  EXPECT_THAT(lines.take(), ElementsAre(HasSubstr("event=history_not_written")));
  std::filesystem::create_directory(missing);
  write(*history, 8, 4000);
  write(*history, 9, 4600);
  EXPECT_THAT(history->state().problem, IsEmpty());
  EXPECT_THAT(lines.take(), ElementsAre(HasSubstr("event=history_written_again")));
  SqlDatabase database;
  database.open(missing + "/history.sqlite3");
  EXPECT_EQ(database.number("SELECT sum(value) FROM counters_hourly WHERE name = 'vouch_key_fetches_total'"), 9)
      << "nothing that could not be written is lost";
}

// Each try may read the whole file (HistoryFile::open()), and readers of a page that everybody has come at any pace.
TEST(HistoryTrouble, ReadersDoNotTryAgainAndAgain) {
  const TemporaryFolder folder;
  const std::string missing = folder.file("missing");
  const auto history = History::open({missing, 400}, kTenSharp);
  EXPECT_THAT(history->hours(kTenSharp, kTenSharp + 48 * kHour), IsEmpty());
  std::filesystem::create_directory(missing);
  EXPECT_THAT(history->hours(kTenSharp, kTenSharp + 48 * kHour), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(missing + "/history.sqlite3"));
  write(*history, 8, 4000);
  EXPECT_THAT(history->state().problem, IsEmpty());
  EXPECT_EQ(history->hours(kTenSharp, kTenSharp + 48 * kHour).size(), 1U);
}

TEST(HistoryTrouble, WhoeverHoldsTheFileHoldsUpOneWrite) {
  LoggedLines lines;
  const TemporaryFolder folder;
  const auto history = opened(folder);
  write(*history, 3);
  SqlDatabase other;
  other.open(folder.file());
  other.run("BEGIN IMMEDIATE");
  write(*history, 5);
  EXPECT_THAT(history->state().problem, HasSubstr("another program holds"));
  other.run("ROLLBACK");
  write(*history, 8);
  EXPECT_THAT(history->state().problem, IsEmpty());
  EXPECT_EQ(rows_of(folder, kSums, 2), "8|8");
  EXPECT_EQ(lines.take().size(), 2U);
}

TEST(HistoryTrouble, AFolderThatCannotBeWrittenIsToldAndNothingElse) {
  const TemporaryFolder folder;
  write(*opened(folder), 3);
  const auto unwritable = [&folder] {
    ::chmod(folder.path().c_str(), 0555);
    ::chmod(folder.file().c_str(), 0444);
    if (::geteuid() == 0 && ::setuid(65'534) != 0) { return kSkip; }
    const auto history = opened(folder);
    write(*history, 5);
    return history->state().problem.empty() ? 1 : 0;
  };
  EXPECT_EQ(in_child(unwritable), 0);
  ::chmod(folder.path().c_str(), 0755);
  EXPECT_EQ(rows_of(folder, kSums, 2), "3|3");
}

// In a file system of one megabyte.
TEST(HistoryTrouble, AFullDiskCostsNoCount) {
  const TemporaryFolder folder;
  const auto full = [&folder] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", folder.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
      return kSkip;
    }
    const auto history = opened(folder);
    write(*history, 3);
    if (!history->state().problem.empty()) { return 1; }
    {
      std::ofstream ballast(folder.file("ballast"));
      while (ballast << std::string(4096, 'x') << std::flush) {}
    }
    write(*history, 50, 4000);
    write(*history, 60, 8000);
    if (history->state().problem.empty()) { return 2; }
    std::filesystem::remove(folder.file("ballast"));
    write(*history, 70, 12'000);
    if (!history->state().problem.empty()) { return 3; }
    if (!is_whole(folder)) { return 4; }
    return rows_of(folder, kSums, 2) == "70|70" ? 0 : 5;
  };
  const int outcome = in_child(full);
  if (outcome == kSkip) { GTEST_SKIP() << "no file system of one's own here"; }
  EXPECT_EQ(outcome, 0);
}

TEST(HistoryTrouble, ALimitOnFilesCostsNoCount) {
  const TemporaryFolder folder;
  const auto limited = [&folder] {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto history = opened(folder);
    write(*history, 3);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit small{4096, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    write(*history, 50, 4000);
    if (history->state().problem.empty()) { return 2; }
    ::setrlimit(RLIMIT_FSIZE, &limit);
    write(*history, 70, 8000);
    if (!history->state().problem.empty()) { return 3; }
    if (!is_whole(folder)) { return 4; }
    return rows_of(folder, kSums, 2) == "70|70" ? 0 : 5;
  };
  EXPECT_EQ(in_child(limited), 0);
}

}  // namespace vouch
