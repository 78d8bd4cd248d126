#include "resolver/base/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace vouch {

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

class Descriptor {
 public:
  explicit Descriptor(int descriptor) noexcept : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (is_open()) { ::close(descriptor_); }
  }
  int get() const noexcept { return descriptor_; }
  bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, Bytes octets) noexcept {
  while (!octets.empty()) {
    const ssize_t count = ::write(descriptor, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { return false; }
    octets = octets.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace

std::expected<std::optional<std::string>, std::string> read_whole(const std::string& path, std::size_t most,
                                                                  Links links) {
  // Not blocking: a pipe in the place must not hold us up.
  const int no_link = links == Links::refused ? O_NOFOLLOW : 0;
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | no_link));
  if (!file.is_open() && errno == ENOENT) { return std::nullopt; }
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) { return std::unexpected(reason(errno)); }
  if (!S_ISREG(status.st_mode)) { return std::unexpected("not a file"); }
  std::string text;
  std::array<char, 4096> block{};
  while (text.size() <= most) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { return std::unexpected(reason(errno)); }
    if (count == 0) { return text; }
    text.append(block.data(), static_cast<std::size_t>(count));
  }
  return std::unexpected("longer than " + std::to_string(most) + " octets");
}

std::expected<DurableFile, std::string> DurableFile::create(std::string path, mode_t mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());  // what a power cut left; whatever it is, O_EXCL and O_NOFOLLOW write to a file of our own
  const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  if (descriptor < 0) { return std::unexpected("cannot make " + fresh + ": " + reason(errno)); }
  return DurableFile(std::move(path), descriptor);
}

DurableFile::DurableFile(DurableFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

DurableFile::~DurableFile() {
  if (descriptor_ < 0) { return; }
  ::close(descriptor_);
  try {
    ::unlink(fresh().c_str());
  } catch (const std::bad_alloc&) {  // it lies there until the next write
  }
}

std::string DurableFile::fresh() const { return path_ + ".new"; }

std::unexpected<std::string> DurableFile::fail(const char* what) {
  const int error = errno;
  ::close(std::exchange(descriptor_, -1));
  ::unlink(fresh().c_str());
  return std::unexpected(std::string(what) + ": " + reason(error));
}

std::expected<void, std::string> DurableFile::append(Bytes octets) {
  if (descriptor_ < 0) { return std::unexpected("nothing is written any more"); }
  if (!write_all(descriptor_, octets)) { return fail("cannot write"); }
  return {};
}

std::expected<void, std::string> DurableFile::commit() {
  if (descriptor_ < 0) { return std::unexpected("nothing is written any more"); }
  if (::fsync(descriptor_) != 0) { return fail("cannot flush"); }
  if (std::rename(fresh().c_str(), path_.c_str()) != 0) { return fail("cannot rename"); }
  // What close() could still tell, fsync() has told.
  ::close(std::exchange(descriptor_, -1));
  const Descriptor folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) {
    return std::unexpected("cannot flush the directory: " + reason(errno));
  }
  return {};
}

std::expected<void, std::string> write_durably(const std::string& path, std::string_view content, mode_t mode) {
  auto file = DurableFile::create(path, mode);
  if (!file) { return std::unexpected(std::move(file.error())); }
  if (auto written = file->append(content); !written) { return written; }
  return file->commit();
}

bool set_file_aside(const std::string& path, std::string_view suffix) noexcept {
  try {
    return std::rename(path.c_str(), (path + std::string(suffix)).c_str()) == 0;
  } catch (const std::bad_alloc&) { return false; }
}

bool is_writable_folder(const std::string& directory) noexcept {
  struct stat status {};
  return ::stat(directory.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         ::access(directory.c_str(), W_OK | X_OK) == 0;
}

std::string path_in(const std::string& directory, std::string_view name) {
  std::string path = directory;
  if (!path.ends_with('/')) { path += '/'; }
  return path.append(name);
}

}  // namespace vouch
