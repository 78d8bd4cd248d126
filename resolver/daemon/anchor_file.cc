#include "resolver/daemon/anchor_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/dnssec/anchor_memory.h"

namespace vouch {

namespace {

constexpr mode_t kMode = 0640;  // nothing secret, and nobody else's to write

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { static_cast<void>(close()); }
  int get() const noexcept { return descriptor_; }
  bool is_open() const noexcept { return descriptor_ >= 0; }
  bool close() noexcept { return descriptor_ < 0 || ::close(std::exchange(descriptor_, -1)) == 0; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { return false; }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

bool is_writable_folder(const std::string& directory) noexcept {
  struct stat status{};
  return ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         ::access(directory.c_str(), W_OK | X_OK) == 0;
}

}  // namespace

std::expected<void, std::string> write_durably(const std::string& path, std::string_view text) {
  const std::string fresh = path + ".new";
  const auto fail = [&fresh](const char* what) -> std::unexpected<std::string> {
    const int error = errno;
    ::unlink(fresh.c_str());
    return std::unexpected(std::string(what) + ": " + reason(error));
  };
  ::unlink(fresh.c_str());  // what a power cut left; whatever it is, O_EXCL and O_NOFOLLOW write to a file of our own
  Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode));
  if (!file.is_open()) { return std::unexpected("cannot make " + fresh + ": " + reason(errno)); }
  if (!write_all(file.get(), text)) { return fail("cannot write"); }
  if (::fsync(file.get()) != 0) { return fail("cannot flush"); }
  if (!file.close()) { return fail("cannot close"); }
  if (std::rename(fresh.c_str(), path.c_str()) != 0) { return fail("cannot rename"); }
  const Descriptor folder(::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) {
    return std::unexpected("cannot flush the directory: " + reason(errno));
  }
  return {};
}

std::unique_ptr<AnchorFile> AnchorFile::in(const std::string& directory) { return in(directory, write_durably); }

std::unique_ptr<AnchorFile> AnchorFile::in(const std::string& directory, Write write) {
  if (!directory.empty() && is_writable_folder(directory)) {
    const std::string name(kName);
    return std::unique_ptr<AnchorFile>(
        new AnchorFile(directory.ends_with('/') ? directory + name : directory + "/" + name, std::move(write)));
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
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open() && errno == ENOENT) { return std::nullopt; }
  struct stat status{};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) { return std::unexpected(path_ + ": " + reason(errno)); }
  if (!S_ISREG(status.st_mode)) { return std::unexpected(path_ + ": not a file"); }
  std::string text;
  std::array<char, 4096> block{};
  while (text.size() <= kMaxAnchorMemoryOctets) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { return std::unexpected(path_ + ": " + reason(errno)); }
    if (count == 0) { return text; }
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return std::unexpected(path_ + ": longer than " + std::to_string(kMaxAnchorMemoryOctets) + " octets");
}

void AnchorFile::set_aside() {
  wait();
  const std::string aside = path_ + ".bad";
  if (std::rename(path_.c_str(), aside.c_str()) != 0) {
    log(LogLevel::warning, "trust_anchors_not_set_aside", {{"file", path_}, {"problem", reason(errno)}});
  } else {
    log(LogLevel::notice, "trust_anchors_set_aside", {{"file", aside}});
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
