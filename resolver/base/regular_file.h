// Files that others write and this process reads again when they change: opened without ever waiting for anybody, and
// told apart by their stamps.
#pragma once

#include <cstdint>
#include <cstdio>
#include <expected>
#include <memory>
#include <optional>
#include <string>

namespace vouch {

// What tells a file's contents from those of another moment: the same stamp, the same content. The time of its last
// change (ctime) is among it, so that a file that became readable counts as another.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds since 1970
  bool operator==(const FileStamp&) const = default;
};

// Of whatever lies there, links followed. Nothing: nothing does, or nobody lets us look.
std::optional<FileStamp> file_stamp(const std::string& path);

struct FileClosed {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};
using FilePtr = std::unique_ptr<std::FILE, FileClosed>;

struct FileRefusal {
  std::string reason;      // half a sentence, without the path
  bool is_ours = false;    // the process or the system is out of descriptors: the file may be as good as ever
  bool is_absent = false;  // there is no such file
};
// For reading. Refuses what is no regular file: a pipe that nobody writes to would keep the reader waiting for ever.
std::expected<FilePtr, FileRefusal> open_regular_file(const std::string& path);

}  // namespace vouch
