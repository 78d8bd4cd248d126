// SQLite with handles that close themselves. The first failure stays with the database until it is taken: a writer of
// many rows goes on as if nothing were, does nothing more, and asks once at the end. One thread at a time.
#pragma once

#include <sqlite3.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vouch {

class SqlDatabase {
 public:
  // An existing file; symbolic links are refused. Closes what was open.
  void open(const std::string& path);
  void close() noexcept;
  bool is_open() const noexcept { return handle_ != nullptr; }
  bool is_read_only() const noexcept;

  void run(const char* sql);             // statements without results
  std::int64_t number(const char* sql);  // the one integer a statement gives; 0 on failure

  bool has_failed() const noexcept { return failure_ != SQLITE_OK; }
  int failure() const noexcept { return failure_; }  // SQLite's primary code
  int take_failure() noexcept;
  void note(int code) noexcept;
  sqlite3* handle() const noexcept { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
  int failure_ = SQLITE_OK;
};

// Whatever comes from outside is bound, never part of the text.
class SqlStatement {
 public:
  SqlStatement(SqlDatabase& database, std::string_view sql);

  // Binds all, steps to the end, and is ready for the next time.
  void run(const auto&... values) {
    start(values...);
    while (next()) {}
  }
  // Binds all; the rows come with next(), until it says false.
  void start(const auto&... values) {
    if (statement_ == nullptr) { return; }
    sqlite3_reset(statement_.get());
    int place = 0;
    (bind(++place, values), ...);
  }
  bool next();

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  double real(int column) const { return sqlite3_column_double(statement_.get(), column); }
  std::string text(int column) const;
  std::optional<std::int64_t> maybe_integer(int column) const;

 private:
  void bind(int place, std::integral auto value) {
    database_.note(sqlite3_bind_int64(statement_.get(), place, static_cast<std::int64_t>(value)));
  }
  void bind(int place, double value) { database_.note(sqlite3_bind_double(statement_.get(), place, value)); }
  void bind(int place, std::string_view value);
  void bind(int place, const std::string& value) { bind(place, std::string_view(value)); }
  template <typename T>
  void bind(int place, const std::optional<T>& value) {
    if (value) {
      bind(place, *value);
    } else {
      database_.note(sqlite3_bind_null(statement_.get(), place));
    }
  }

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  SqlDatabase& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// All or nothing: what is not committed is rolled back.
class SqlTransaction {
 public:
  explicit SqlTransaction(SqlDatabase& database) : database_(database) { database_.run("BEGIN IMMEDIATE"); }
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;
  ~SqlTransaction();
  bool commit();

 private:
  SqlDatabase& database_;
};

}  // namespace vouch
