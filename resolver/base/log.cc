#include "resolver/base/log.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

namespace vouch {

namespace {

// One write(2) for each line: lines of several threads then do not mix (POSIX: atomic up to PIPE_BUF on a pipe).
class StandardError final : public LogSink {
 public:
  void write(LogLevel level, std::string_view line) noexcept override {
    std::string whole(log_level_name(level));
    whole.append(" ").append(line).append("\n");
    const auto written = ::write(STDERR_FILENO, whole.data(), whole.size());
    (void)written;  // a log that cannot be written must not stop the resolver
  }
};

StandardError standard_error;
std::atomic<LogSink*> current_sink{&standard_error};
std::atomic<LogLevel> least_level{LogLevel::info};

bool is_plain(char c) noexcept { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

}  // namespace

std::string_view log_level_name(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::notice:
      return "notice";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

std::string log_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_plain(c)) {
      out.push_back(c);
      continue;
    }
    const unsigned octet = static_cast<unsigned char>(c);
    out.push_back('\\');
    out.push_back(static_cast<char>('0' + octet / 100));
    out.push_back(static_cast<char>('0' + octet / 10 % 10));
    out.push_back(static_cast<char>('0' + octet % 10));
  }
  return out;
}

std::string log_value(std::string_view text) {
  std::string escaped = log_escaped(text);
  if (!text.empty() && text.find_first_of(" =") == std::string_view::npos) { return escaped; }
  return '"' + std::move(escaped) + '"';
}

std::string log_line(std::string_view event, std::initializer_list<LogField> fields) {
  std::string line = "event=" + log_value(event);
  for (const LogField& field : fields) {
    line.append(" ").append(field.key).append("=").append(log_value(field.value));
  }
  return line;
}

void set_log_sink(LogSink* sink) noexcept {
  current_sink.store(sink == nullptr ? &standard_error : sink, std::memory_order_release);
}

void set_log_level(LogLevel least) noexcept { least_level.store(least, std::memory_order_relaxed); }

bool is_logged(LogLevel level) noexcept { return level >= least_level.load(std::memory_order_relaxed); }

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (is_logged(level)) { log_plain(level, log_line(event, fields)); }
}

void log_plain(LogLevel level, std::string_view line) {
  if (is_logged(level)) { current_sink.load(std::memory_order_acquire)->write(level, line); }
}

std::optional<std::uint64_t> LogLimiter::allow(Instant now) noexcept {
  if (last_ && now - *last_ < period_) {
    ++silenced_;
    return std::nullopt;
  }
  last_ = now;
  return std::exchange(silenced_, 0);
}

}  // namespace vouch
