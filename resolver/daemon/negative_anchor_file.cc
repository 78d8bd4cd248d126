#include "resolver/daemon/negative_anchor_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "resolver/base/durable_file.h"
#include "resolver/base/lack_of_memory.h"
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
    refusal_.clear();
  }
  chores_.post([this] { write_pending(); });
}

void NegativeAnchorFile::cannot_write(std::string why) {
  const std::lock_guard lock(mutex_);
  refusal_ = std::move(why);
}

void NegativeAnchorFile::write_pending() noexcept {
  const std::lock_guard writing(writing_);  // the latest text last, whoever writes
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

void NegativeAnchorFile::after_writing(Done done) {
  chores_.post([this, done = std::move(done)]() mutable {
    survive_lack_of_memory([&] {
      write_pending();  // if not done yet: chores that found no room overtake those that wait
      done(outcome());
    });
  });
}

std::expected<void, std::string> NegativeAnchorFile::outcome() {
  const std::lock_guard lock(mutex_);
  const std::string& problem = refusal_.empty() ? problem_ : refusal_;
  if (problem.empty()) { return {}; }
  return std::unexpected(path_ + ": " + problem);
}

}  // namespace vouch
