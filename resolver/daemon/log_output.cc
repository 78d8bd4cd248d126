#include "resolver/daemon/log_output.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <exception>
#include <utility>

namespace vouch {

namespace {

// UTC in ISO 8601 with milliseconds, then what we hand over: level and event.
constexpr const char* kTimedPattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";
constexpr const char* kBarePattern = "%v";

}  // namespace

struct LogOutput::Impl {
  Impl(spdlog::sink_ptr sink, bool is_journal) : logger("vouchd", std::move(sink)), for_journal(is_journal) {
    logger.set_level(spdlog::level::trace);  // what is logged was decided before it came here
    logger.flush_on(spdlog::level::trace);   // events are rare, and the last one before an end matters most
    logger.set_error_handler(
        [](const std::string&) {});  // a full disk must not stop the resolver, nor fill standard error
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>(for_journal ? kBarePattern : kTimedPattern,
                                                                     spdlog::pattern_time_type::utc));
  }
  spdlog::logger logger;
  bool for_journal;
};

LogOutput::LogOutput(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LogOutput::~LogOutput() = default;

std::expected<std::unique_ptr<LogOutput>, std::string> LogOutput::open(const LogOptions& options) {
  try {
    spdlog::sink_ptr sink;
    if (options.target == LogTarget::file) {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file);
    } else {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    }
    auto impl = std::make_unique<Impl>(std::move(sink), options.target == LogTarget::journal);
    return std::unique_ptr<LogOutput>(new LogOutput(std::move(impl)));
  } catch (const std::exception& error) {
    return std::unexpected("cannot open the log " + log_value(options.file) + ": " + log_escaped(error.what()));
  }
}

void LogOutput::write(LogLevel level, std::string_view line) noexcept {
  try {
    std::string whole(impl_->for_journal ? journal_prefix(level) : log_level_name(level));
    if (!impl_->for_journal) { whole.push_back(' '); }
    whole.append(line);
    impl_->logger.log(spdlog::level::info, spdlog::string_view_t(whole.data(), whole.size()));
  } catch (...) {
    // no memory for a log line: the resolver goes on without it
  }
}

std::string_view journal_prefix(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return "<7>";
    case LogLevel::info:
      return "<6>";
    case LogLevel::notice:
      return "<5>";
    case LogLevel::warning:
      return "<4>";
    case LogLevel::error:
      return "<3>";
  }
  return "<3>";
}

}  // namespace vouch
