#include "telemetry/history.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "resolver/base/log.h"
#include "telemetry/history_counts.h"
#include "telemetry/history_file.h"
#include "telemetry/history_ledger.h"
#include "telemetry/metrics.h"

namespace vouch {

namespace {

constexpr UnixTime kDay = 86'400;
// After a failure. To open a file is to read all of it, and readers of a page that everybody has come at any pace.
constexpr std::chrono::minutes kReadPause{1};

// Nothing is kept.
class NoHistory final : public History {
 public:
  RememberedLedger remembered() override { return {}; }
  void write(const Figures&, const StatusFigures&, UnixTime) override {}
  std::vector<HourFigures> hours(UnixTime, UnixTime) override { return {}; }
  HistoryFigures state() const override { return {}; }
};

class FiledHistory final : public History {
 public:
  FiledHistory(HistoryOptions options, UnixTime now)
      : options_(std::move(options)), file_(options_.directory), opened_(now) {
    file_.open();
    tell();
  }
  ~FiledHistory() override;
  FiledHistory(const FiledHistory&) = delete;
  FiledHistory& operator=(const FiledHistory&) = delete;

  RememberedLedger remembered() override {
    return read<RememberedLedger>([this](SqlDatabase& database) { return read_ledger(database, opened_); });
  }
  void write(const Figures& figures, const StatusFigures& status, UnixTime now) override;
  std::vector<HourFigures> hours(UnixTime from, UnixTime to) override;
  HistoryFigures state() const override { return {true, file_.path(), problem_, written_, options_.days}; }

 private:
  template <typename Result>
  Result read(auto reader) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_read_) { return {}; }
    next_read_ = now + kReadPause;  // unless all goes well
    if (!file_.open()) {
      tell();
      return {};
    }
    Result result = reader(file_.database());
    if (!file_.database().has_failed()) {
      next_read_ = {};
      file_.note_success();
      tell();
      return result;
    }
    if (file_.begin_anew_if_damaged()) { run_ = 0; }
    tell();
    return {};
  }

  bool write_once(const Figures& figures, const StatusFigures& status, const std::vector<CountedSeries>& counters,
                  UnixTime now);
  std::int64_t write_run(const Figures& figures, const StatusFigures& status, UnixTime now);
  void forget(UnixTime now);
  void tell();

  HistoryOptions options_;
  HistoryFile file_;
  UnixTime opened_;
  std::int64_t run_ = 0;  // its row in the file; 0: none yet
  std::optional<UnixTime> written_;
  CounterBaseline baseline_;
  std::string problem_;
  // What was read last. A month of an ISP is a million rows, and every reader of the first page asks for it.
  struct Hours {
    UnixTime from, to;  // whole hours
    std::vector<HourFigures> hours;
  };
  std::optional<Hours> read_;
  std::chrono::steady_clock::time_point next_read_;
};

FiledHistory::~FiledHistory() {
  if (run_ == 0 || !file_.open()) { return; }
  SqlStatement(file_.database(), "UPDATE runs SET stopped = 1 WHERE id = ?").run(run_);
}

void FiledHistory::write(const Figures& figures, const StatusFigures& status, UnixTime now) {
  read_.reset();
  const std::vector<CountedSeries> counters = counted_series(metric_families(figures, status));
  bool is_written = file_.open() && write_once(figures, status, counters, now);
  if (!is_written && file_.begin_anew_if_damaged()) {
    run_ = 0;
    is_written = write_once(figures, status, counters, now);
    if (!is_written) { file_.begin_anew_if_damaged(); }
  }
  if (is_written) {
    baseline_.accept(counters);
    written_ = now;
    next_read_ = {};
    file_.note_success();
  }
  tell();
}

std::vector<HourFigures> FiledHistory::hours(UnixTime from, UnixTime to) {
  constexpr UnixTime kLatest = 1LL << 40;  // far from any overflow
  const UnixTime first = hour_of(std::min(from, kLatest) + kHour - 1), end = hour_of(std::min(to, kLatest));
  if (read_ && read_->from == first && read_->to == end) { return read_->hours; }
  auto hours = read<std::vector<HourFigures>>(
      [&](SqlDatabase& database) { return read_hours(database, first, end, kMaxHours); });
  if (problem_.empty()) { read_ = {first, end, hours}; }
  return hours;
}

bool FiledHistory::write_once(const Figures& figures, const StatusFigures& status,
                              const std::vector<CountedSeries>& counters, UnixTime now) {
  SqlDatabase& database = file_.database();
  std::int64_t run = run_;
  {
    SqlTransaction transaction(database);
    write_counts(database, counters, baseline_, hour_counted(written_.value_or(figures.started), now));
    write_ledger(database, figures);
    run = write_run(figures, status, now);
    // With a clock that is not to be trusted nothing is too old.
    if (status.clock_trusted) { forget(now); }
    if (!transaction.commit()) { return false; }
  }
  run_ = run;
  // What was deleted is given back in steps, and the log brought into the file. Should that fail, the rows are safe all
  // the same, and the next time does it.
  constexpr const char* kTidyUp = "PRAGMA incremental_vacuum(1000); PRAGMA wal_checkpoint(TRUNCATE)";
  database.run(kTidyUp);
  database.take_failure();
  return true;
}

std::int64_t FiledHistory::write_run(const Figures& figures, const StatusFigures& status, UnixTime now) {
  SqlDatabase& database = file_.database();
  if (run_ == 0) {
    SqlStatement(database, "INSERT INTO runs (started, written, stopped, version, validation) VALUES (?, ?, 0, ?, ?)")
        .run(figures.started, now, status.version, status.validation);
    return database.is_open() ? sqlite3_last_insert_rowid(database.handle()) : 0;
  }
  SqlStatement(database, "UPDATE runs SET written = ?, stopped = 0 WHERE id = ?").run(now, run_);
  return run_;
}

void FiledHistory::forget(UnixTime now) {
  const UnixTime before = hour_of(now - static_cast<UnixTime>(options_.days) * kDay);
  SqlDatabase& database = file_.database();
  forget_counts(database, before);
  SqlStatement(database, "DELETE FROM incidents WHERE coalesce(ended, last_failure) < ?").run(before);
  SqlStatement(database, "DELETE FROM runs WHERE written < ?").run(before);
}

// A line when trouble begins, changes or ends, and none for every write that it costs.
void FiledHistory::tell() {
  const std::string& now = file_.problem();
  if (now == problem_) { return; }
  if (now.empty()) {
    log(LogLevel::notice, "history_written_again", {{"file", file_.path()}});
  } else {
    log(LogLevel::warning, "history_not_written", {{"file", file_.path()}, {"problem", now}});
  }
  problem_ = now;
}

}  // namespace

std::unique_ptr<History> History::open(HistoryOptions options, UnixTime now) {
  if (options.directory.empty()) { return std::make_unique<NoHistory>(); }
  return std::make_unique<FiledHistory>(std::move(options), now);
}

}  // namespace vouch
