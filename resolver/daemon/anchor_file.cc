#include "resolver/daemon/anchor_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "resolver/base/durable_file.h"
#include "resolver/base/log.h"
#include "resolver/dnssec/anchor_memory.h"

namespace vouch {

namespace {

constexpr mode_t kMode = 0640;  // nothing secret, and nobody else's to write

}  // namespace

std::unique_ptr<AnchorFile> AnchorFile::in(const std::string& directory) {
  return in(directory, [](const std::string& path, std::string_view text) { return write_durably(path, text, kMode); });
}

std::unique_ptr<AnchorFile> AnchorFile::in(const std::string& directory, Write write) {
  if (!directory.empty() && is_writable_folder(directory)) {
    return std::unique_ptr<AnchorFile>(new AnchorFile(path_in(directory, kName), std::move(write)));
  }
  log(LogLevel::notice, "trust_anchors_in_memory",
      {{"directory", directory},
       {"effect", "key rolls are followed, and forgotten at the end"},
       {"remedy", "name a writable folder in dnssec.state_directory"}});
  return nullptr;
}

AnchorFile::~AnchorFile() { wait(); }

void AnchorFile::wait() {
  if (writer_.joinable()) { writer_.join(); }
}

std::expected<std::optional<std::string>, std::string> AnchorFile::read() {
  wait();
  auto text = read_whole(path_, kMaxAnchorMemoryOctets, Links::refused);
  if (!text) { return std::unexpected(path_ + ": " + text.error()); }
  return text;
}

void AnchorFile::set_aside() {
  wait();
  constexpr std::string_view kAside = ".bad";
  if (!set_file_aside(path_, kAside)) {
    log(LogLevel::warning, "trust_anchors_not_set_aside",
        {{"file", path_}, {"problem", std::generic_category().message(errno)}});
  } else {
    log(LogLevel::notice, "trust_anchors_set_aside", {{"file", path_ + std::string(kAside)}});
  }
}

// The writer's thread.
void AnchorFile::write_all_pending() noexcept {
  for (;;) {
    std::string text;
    {
      const std::scoped_lock lock(mutex_);
      if (!pending_) {
        is_writing_ = false;
        return;
      }
      text = *std::exchange(pending_, std::nullopt);
    }
    const auto written = write_(path_, text);
    if (!written) { log(LogLevel::error, "trust_anchors_not_saved", {{"file", path_}, {"problem", written.error()}}); }
  }
}

void AnchorFile::write(std::string text) {
  {
    const std::scoped_lock lock(mutex_);
    pending_ = std::move(text);
    if (std::exchange(is_writing_, true)) { return; }
  }
  wait();  // not for a write: a writer that is still there has found nothing more to do
  try {
    writer_ = std::thread([this] { write_all_pending(); });
  } catch (const std::system_error& problem) {  // no thread to be had: nothing is lost but the memory of one look
    const std::scoped_lock lock(mutex_);
    is_writing_ = false;
    pending_.reset();
    log(LogLevel::error, "trust_anchors_not_saved", {{"file", path_}, {"problem", problem.what()}});
  }
}

}  // namespace vouch
