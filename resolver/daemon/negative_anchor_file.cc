#include "resolver/daemon/negative_anchor_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "resolver/base/durable_file.h"
#include "resolver/base/log.h"

namespace vouch {

namespace {

constexpr mode_t kMode = 0640;  // nothing secret, and nobody else's to write

}  // namespace

std::unique_ptr<NegativeAnchorFile> NegativeAnchorFile::in(const std::string& directory, ChoreThread& chores) {
  if (!directory.empty() && is_writable_folder(directory)) {
    return std::unique_ptr<NegativeAnchorFile>(new NegativeAnchorFile(path_in(directory, kName), chores));
  }
  log(LogLevel::notice, "negative_anchors_in_memory",
      {{"directory", directory},
       {"effect", "those that are set at run time are forgotten at the end"},
       {"remedy", "name a writable folder in dnssec.state_directory"}});
  return nullptr;
}

std::expected<std::optional<std::string>, std::string> NegativeAnchorFile::read() {
  auto text = read_whole(path_, kMaxNegativeAnchorOctets, Links::refused);
  if (!text) { return std::unexpected(path_ + ": " + text.error()); }
  return text;
}

void NegativeAnchorFile::set_aside() {
  constexpr std::string_view kAside = ".bad";
  if (!set_file_aside(path_, kAside)) {
    log(LogLevel::warning, "negative_anchors_not_set_aside",
        {{"file", path_}, {"problem", std::generic_category().message(errno)}});
  } else {
    log(LogLevel::notice, "negative_anchors_set_aside", {{"file", path_ + std::string(kAside)}});
  }
}

void NegativeAnchorFile::write(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    pending_ = std::move(text);
  }
  chores_.post([this] { write_pending(); });
}

void NegativeAnchorFile::write_pending() noexcept {
  std::optional<std::string> text;
  {
    const std::lock_guard lock(mutex_);
    text = std::exchange(pending_, std::nullopt);
  }
  if (!text) { return; }  // an earlier turn took it along
  const auto written = write_durably(path_, *text, kMode);
  if (!written) { log(LogLevel::error, "negative_anchors_not_saved", {{"file", path_}, {"problem", written.error()}}); }
  const std::lock_guard lock(mutex_);
  problem_ = written ? std::string() : written.error();
}

std::expected<void, std::string> NegativeAnchorFile::wait() {
  chores_.wait();
  const std::lock_guard lock(mutex_);
  if (problem_.empty()) { return {}; }
  return std::unexpected(path_ + ": " + problem_);
}

}  // namespace vouch
