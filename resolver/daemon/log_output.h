// Where the log goes: standard error, the journal or a file. The one place that knows spdlog.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "conf/configuration.h"
#include "resolver/base/log.h"

namespace vouch {

class LogOutput final : public LogSink {
 public:
  // The error is a sentence. A file is opened for appending, so that copying and truncating rotate it.
  static std::expected<std::unique_ptr<LogOutput>, std::string> open(const LogOptions& options);
  ~LogOutput() override;

  void write(LogLevel level, std::string_view line) noexcept override;

 private:
  struct Impl;
  explicit LogOutput(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// "<6>": how systemd's journal is told the level of a line on standard error (sd-daemon(3)).
std::string_view journal_prefix(LogLevel level) noexcept;

}  // namespace vouch
