// A folder of its own for each test, and eyes on what lies in the file.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

#include "resolver/base/log.h"
#include "telemetry/history.h"
#include "telemetry/sqlite.h"

namespace vouch {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string form = (std::filesystem::temp_directory_path() / "vouch-history-XXXXXX").string();
    path_ = ::mkdtemp(form.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string file(const std::string& name = "history.sqlite3") const { return path_ + "/" + name; }
  // Every octet of every file.
  std::string octets() const {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::ifstream file(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  }

 private:
  std::string path_;
};

class LoggedLines final : public LogSink {
 public:
  LoggedLines() { set_log_sink(this); }
  ~LoggedLines() override { set_log_sink(nullptr); }
  void write(LogLevel, std::string_view line) noexcept override {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

// All rows, columns by '|', rows by ' '. A second look at the file while the history may have it open.
inline std::string rows_of(const TemporaryFolder& folder, const std::string& sql, int columns = 1) {
  SqlDatabase database;
  database.open(folder.file());
  std::string all;
  {
    SqlStatement rows(database, sql);
    for (rows.start(); rows.next();) {
      if (!all.empty()) { all += ' '; }
      for (int i = 0; i < columns; ++i) { all += (i == 0 ? "" : "|") + rows.text(i); }
    }
  }
  return database.has_failed() ? "failed: " + std::to_string(database.failure()) : all;
}

// What `child` says, from a process of its own: it may change its limits or its user. 0 is success, 77 to be skipped.
inline int in_child(auto child) {
  const pid_t pid = ::fork();
  if (pid == 0) { ::_exit(child()); }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace vouch
