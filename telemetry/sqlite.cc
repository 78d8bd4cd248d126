#include "telemetry/sqlite.h"

#include <limits>

namespace vouch {

namespace {

// Somebody who reads the file with the shell holds a writer up for moments. Longer, and the next write takes it along.
constexpr int kPatienceMilliseconds = 2000;
constexpr int kPrimaryCode = 0xff;  // the rest of an extended code tells details

}  // namespace

void SqlDatabase::open(const std::string& path) {
  close();
  sqlite3* handle = nullptr;
  // No mutexes: one thread at a time is our caller's promise.
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, kFlags, nullptr);
  handle_.reset(handle);  // given even when it failed
  if (code == SQLITE_OK) {
    sqlite3_busy_timeout(handle, kPatienceMilliseconds);
    // The file is data and not trusted: nothing in it may change how it is written. (Its views use JSON functions,
    // which SQLite 3.40 would not let an untrusted schema call; we ourselves read tables alone.)
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  } else {
    handle_.reset();
  }
  note(code);
}

void SqlDatabase::close() noexcept {
  handle_.reset();
  failure_ = SQLITE_OK;
}

bool SqlDatabase::is_read_only() const noexcept { return is_open() && sqlite3_db_readonly(handle(), "main") == 1; }

void SqlDatabase::run(const char* sql) {
  if (has_failed() || !is_open()) { return; }
  note(sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr));
}

std::int64_t SqlDatabase::number(const char* sql) {
  SqlStatement statement(*this, sql);
  statement.start();
  return statement.next() ? statement.integer(0) : 0;
}

int SqlDatabase::take_failure() noexcept {
  const int failure = failure_;
  failure_ = SQLITE_OK;
  return failure;
}

void SqlDatabase::note(int code) noexcept {
  const int primary = code & kPrimaryCode;
  const bool is_success = primary == SQLITE_OK || primary == SQLITE_ROW || primary == SQLITE_DONE;
  if (!is_success && !has_failed()) { failure_ = primary; }
}

SqlStatement::SqlStatement(SqlDatabase& database, std::string_view sql) : database_(database) {
  if (database.has_failed() || !database.is_open()) { return; }
  sqlite3_stmt* statement = nullptr;
  database.note(sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr));
  statement_.reset(statement);
}

bool SqlStatement::next() {
  if (database_.has_failed() || statement_ == nullptr) { return false; }
  const int code = sqlite3_step(statement_.get());
  database_.note(code);
  if (code == SQLITE_ROW) { return true; }
  sqlite3_reset(statement_.get());
  return false;
}

std::string SqlStatement::text(int column) const {
  const auto* octets = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (octets == nullptr) { return {}; }
  return {octets, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::optional<std::int64_t> SqlStatement::maybe_integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) { return std::nullopt; }
  return integer(column);
}

void SqlStatement::bind(int place, std::string_view value) {
  database_.note(
      sqlite3_bind_text64(statement_.get(), place, value.data(), value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

SqlTransaction::~SqlTransaction() {
  if (!database_.is_open() || sqlite3_get_autocommit(database_.handle()) != 0) { return; }
  sqlite3_exec(database_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

bool SqlTransaction::commit() {
  database_.run("COMMIT");
  return !database_.has_failed();
}

}  // namespace vouch
