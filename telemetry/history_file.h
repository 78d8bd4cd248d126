// The file of the history: made, opened, checked, and set aside when it is damaged.
#pragma once

#include <string>

#include "telemetry/sqlite.h"

namespace vouch {

inline constexpr const char* kHistoryName = "history.sqlite3";

class HistoryFile {
 public:
  explicit HistoryFile(std::string directory);

  // Opens or makes it unless it is open. What is damaged is set aside, and a new one begun.
  bool open();
  // Looks at what the database failed with, if it did. A damaged file is set aside and a new one begun; true then:
  // whoever read or wrote may do it once more.
  bool begin_anew_if_damaged();
  void close() noexcept { database_.close(); }

  SqlDatabase& database() noexcept { return database_; }
  const std::string& path() const noexcept { return path_; }
  // Why the last thing failed; empty: it did not. The same trouble has the same words.
  const std::string& problem() const noexcept { return problem_; }
  void note_success() noexcept { problem_.clear(); }

 private:
  enum class Found { usable, damaged, out_of_reach };

  bool make_if_missing();
  Found look();
  Found identify();
  Found check();
  Found failed();
  void create();
  bool set_aside();

  std::string directory_, path_, problem_;
  SqlDatabase database_;
  int set_aside_ = 0;  // in this run
};

}  // namespace vouch
