// What the program says about itself: one event, one line, `event=name key=value ...`. Never a client's question or
// address.
//
// Values come from anywhere, hostile names included, so log_line() escapes them: whatever is not printable ASCII, and
// quotes and backslashes, becomes \DDD (the form of RFC 4343 section 2.1). An event can therefore neither break its
// line nor colour a terminal nor fake a second event. All functions are thread-safe and throw nothing but
// std::bad_alloc.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/base/clock.h"

namespace vouch {

// As syslog has them (RFC 5424 section 6.2.1), without those that a resolver has no use for.
enum class LogLevel : std::uint8_t { debug, info, notice, warning, error };
std::string_view log_level_name(LogLevel level) noexcept;

struct LogField {
  LogField(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const char* text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, const std::string& text) : key(field_key), value(text) {}
  LogField(std::string_view field_key, std::integral auto number) : key(field_key), value(std::to_string(number)) {}
  LogField(std::string_view field_key, bool truth) : key(field_key), value(truth ? "yes" : "no") {}

  std::string_view key;  // a literal: lower case letters, digits and underscores
  std::string value;
};

// Printable ASCII without quotes and backslashes; everything else as \DDD.
std::string log_escaped(std::string_view text);
// Escaped, and in double quotes where it is empty or has spaces or equals signs.
std::string log_value(std::string_view text);
std::string log_line(std::string_view event, std::initializer_list<LogField> fields);

// Where lines go. write() may be called by several threads at once.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(LogLevel level, std::string_view line) noexcept = 0;
};

// Null brings back the default, which writes "level line" to standard error. The sink must outlive all logging.
void set_log_sink(LogSink* sink) noexcept;
void set_log_level(LogLevel least) noexcept;  // quieter events are dropped; at first LogLevel::info
bool is_logged(LogLevel level) noexcept;
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});
// A line made elsewhere, of names and numbers of our own: it is not escaped.
void log_plain(LogLevel level, std::string_view line);

// For events that a stranger could repeat at will: one in `period`, which then tells how many were held back. One
// thread, or the caller's lock.
class LogLimiter {
 public:
  explicit LogLimiter(Duration period) noexcept : period_(period) {}
  // Nothing: keep silent. Otherwise speak, and how many were silenced since the last time.
  std::optional<std::uint64_t> allow(Instant now) noexcept;

 private:
  Duration period_;
  std::optional<Instant> last_;
  std::uint64_t silenced_ = 0;
};

}  // namespace vouch
