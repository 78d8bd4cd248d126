#include "telemetry/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

#include "resolver/base/durable_file.h"
#include "resolver/base/log.h"
#include "telemetry/history_schema.h"

namespace vouch {

namespace {

constexpr const char* kDamagedSuffix = ".damaged";
constexpr mode_t kOwnerAlone = 0600;
// The whole file is read once at start, at most for so long: years of an ISP's history take a while on a memory card.
// What is not reached is still refused when it is met.
constexpr std::chrono::seconds kPatience{5};
constexpr int kStepsBetweenLooks = 10'000;  // of SQLite's machine: well under a millisecond
// A disk that damages one file after the other keeps no history; each time would cost the file set aside before.
constexpr int kMostSetAside = 3;

std::string reason(int error) { return std::generic_category().message(error); }

bool is_damage(int failure) noexcept {
  switch (failure) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // our statements are fixed: the file has not the tables it should
    case SQLITE_SCHEMA:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_FORMAT:
      return true;
    default:
      return false;
  }
}

std::string words_for(int failure) {
  switch (failure) {
    case SQLITE_FULL:
      return "the disk is full";
    case SQLITE_IOERR:
      return "the disk does not take or give the data";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds the file";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return "the file, or the directory, cannot be written";
    default:
      return sqlite3_errstr(failure);
  }
}

// One that came back from a backup may be readable for all. Its group is the operator's choice.
void close_to_others(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & S_IRWXO) == 0) { return; }
  if (::chmod(path.c_str(), status.st_mode & (S_IRWXU | S_IRWXG)) != 0) {
    log(LogLevel::warning, "history_is_readable_for_all", {{"file", path}, {"problem", reason(errno)}});
  }
}

}  // namespace

HistoryFile::HistoryFile(std::string directory)
    : directory_(std::move(directory)), path_(path_in(directory_, kHistoryName)) {}

bool HistoryFile::open() {
  if (database_.is_open()) { return true; }
  problem_.clear();
  // SQLite refuses links anywhere in a path. Those on the way to the directory are the operator's own.
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(directory_.c_str(), nullptr), &std::free);
  if (real == nullptr) {
    problem_ = "directory " + directory_ + ": " + reason(errno);
    return false;
  }
  path_ = path_in(real.get(), kHistoryName);
  if (!is_writable_folder(real.get())) {
    problem_ = "directory " + directory_ + " is not a folder that can be written";
    return false;
  }
  if (!make_if_missing()) { return false; }
  Found found = look();
  if (found == Found::damaged && set_aside() && make_if_missing()) { found = look(); }
  if (found == Found::usable) { return true; }
  if (problem_.empty()) { problem_ = "damaged"; }
  database_.close();
  return false;
}

bool HistoryFile::begin_anew_if_damaged() {
  const int failure = database_.take_failure();
  if (failure == SQLITE_OK) { return false; }
  if (is_damage(failure)) { return set_aside() && open(); }
  problem_ = words_for(failure);
  if (failure != SQLITE_BUSY) { database_.close(); }  // after trouble with a disk nothing in memory is believed
  return false;
}

// By ourselves and not by SQLite: for the owner alone, whatever the umask. An existing file is only looked at: to open
// and close it would drop the locks that SQLite may have on it.
bool HistoryFile::make_if_missing() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) == 0) {
    if (S_ISREG(status.st_mode)) {
      close_to_others(path_);
      close_to_others(path_ + "-wal");
      close_to_others(path_ + "-shm");
      return true;
    }
    problem_ = S_ISLNK(status.st_mode) ? "the file is a symbolic link" : "the file is not a regular one";
    return false;
  }
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kOwnerAlone);
  if (file < 0) {
    problem_ = "cannot make the file: " + reason(errno);
    return false;
  }
  ::close(file);
  return true;
}

HistoryFile::Found HistoryFile::look() {
  database_.open(path_);
  if (database_.has_failed()) { return failed(); }
  if (database_.is_read_only()) {
    problem_ = words_for(SQLITE_READONLY);
    return Found::out_of_reach;
  }
  database_.run("PRAGMA cell_size_check = ON");
  const Found identified = identify();
  if (identified != Found::usable) { return identified; }
  database_.run(
      "PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = FULL;"   // once an hour: what was written survives a power cut
      "PRAGMA secure_delete = ON;"   // what is past its days is gone, and not only forgotten
      "PRAGMA temp_store = MEMORY;"  // large sorts would go to /tmp, which a confined process does not have
      "PRAGMA journal_size_limit = 1048576");
  return database_.has_failed() ? failed() : check();
}

HistoryFile::Found HistoryFile::identify() {
  const std::int64_t application = database_.number("PRAGMA application_id");
  const std::int64_t version = database_.number("PRAGMA user_version");
  const std::int64_t objects = database_.number("SELECT count(*) FROM sqlite_schema");
  if (database_.has_failed()) { return failed(); }
  if (application == 0 && version == 0 && objects == 0) {
    create();
    return database_.has_failed() ? failed() : Found::usable;
  }
  if (application != kHistoryApplication) {
    problem_ = "the file is another program's database";
    return Found::out_of_reach;
  }
  if (version > kHistoryVersion) {
    problem_ = "the file was written by a later version of this program";
    return Found::out_of_reach;
  }
  return version == kHistoryVersion ? Found::usable : Found::damaged;
}

HistoryFile::Found HistoryFile::check() {
  auto deadline = std::chrono::steady_clock::now() + kPatience;
  const auto is_late = [](void* until) -> int {
    return std::chrono::steady_clock::now() > *static_cast<decltype(deadline)*>(until) ? 1 : 0;
  };
  sqlite3_progress_handler(database_.handle(), kStepsBetweenLooks, is_late, &deadline);
  std::string verdict = "ok";
  {
    SqlStatement statement(database_, "PRAGMA integrity_check(1)");
    statement.start();
    if (statement.next()) { verdict = statement.text(0); }
  }
  sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr);
  if (database_.failure() == SQLITE_INTERRUPT) { database_.take_failure(); }
  if (database_.has_failed()) { return failed(); }
  return verdict == "ok" ? Found::usable : Found::damaged;
}

HistoryFile::Found HistoryFile::failed() {
  const int failure = database_.take_failure();
  if (is_damage(failure)) { return Found::damaged; }
  problem_ = words_for(failure);
  return Found::out_of_reach;
}

void HistoryFile::create() {
  // Both must stand before the first table does: free pages are given back in small steps.
  database_.run("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  SqlTransaction transaction(database_);
  database_.run(kHistorySchema);
  database_.run(("PRAGMA application_id = " + std::to_string(kHistoryApplication)).c_str());
  database_.run(("PRAGMA user_version = " + std::to_string(kHistoryVersion)).c_str());
  transaction.commit();
}

bool HistoryFile::set_aside() {
  database_.close();
  problem_ = "damaged";
  if (set_aside_ == kMostSetAside) { return false; }
  ++set_aside_;
  // The log beside it goes along, for whoever wants to repair; without its database it would spoil the new one.
  const std::string aside = path_ + kDamagedSuffix;
  if (!set_file_aside(path_, kDamagedSuffix)) {
    problem_ = "damaged, and cannot be set aside: " + reason(errno);
    return false;
  }
  if (std::rename((path_ + "-wal").c_str(), (aside + "-wal").c_str()) != 0) { ::unlink((aside + "-wal").c_str()); }
  ::unlink((path_ + "-shm").c_str());
  log(LogLevel::error, "history_damaged", {{"set_aside", aside}});
  problem_.clear();
  return true;
}

}  // namespace vouch
