#include "resolver/base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace vouch {

namespace {

std::int64_t nanoseconds(const timespec& time) noexcept {
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

FileRefusal refusal_of(int error) {
  return {.reason = std::generic_category().message(error),
          .is_ours = error == EMFILE || error == ENFILE || error == ENOMEM,
          .is_absent = error == ENOENT};
}

}  // namespace

std::optional<FileStamp> file_stamp(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) { return std::nullopt; }
  return FileStamp{.device = status.st_dev,
                   .inode = status.st_ino,
                   .size = static_cast<std::uint64_t>(status.st_size),
                   .modified = nanoseconds(status.st_mtim),
                   .changed = nanoseconds(status.st_ctim)};
}

std::expected<FilePtr, FileRefusal> open_regular_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) { return std::unexpected(refusal_of(errno)); }
  struct stat status {};
  const bool is_known = ::fstat(descriptor, &status) == 0;
  const int error = errno;
  FilePtr file(is_known && S_ISREG(status.st_mode) ? ::fdopen(descriptor, "r") : nullptr);
  if (file) { return file; }
  const int why = is_known ? errno : error;
  ::close(descriptor);
  if (is_known && !S_ISREG(status.st_mode)) { return std::unexpected(FileRefusal{.reason = "it is no regular file"}); }
  return std::unexpected(refusal_of(why));
}

}  // namespace vouch
