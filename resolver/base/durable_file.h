// Small files that must survive a crash: read whole within a bound, written whole or not at all. A new file beside the
// old one, flushed, takes its name, and the directory is flushed. Blocking: a memory card may take a second.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/base/bytes.h"

namespace vouch {

enum class Links : bool { refused, followed };  // symbolic links in the last part of a path

// The content; nothing: there is no such file. On failure a reason, also for what is no file or longer than `most`
// octets.
std::expected<std::optional<std::string>, std::string> read_whole(const std::string& path, std::size_t most,
                                                                  Links links);

// On failure the file is what it was, and the reason comes back. `mode` is subject to the umask. A symbolic link in the
// place is replaced and not followed.
std::expected<void, std::string> write_durably(const std::string& path, std::string_view content, mode_t mode);

// The same for what is too large to be held in one piece. Until commit() nothing has changed but that <path>.new lies
// beside the old file, which goes when this does. After a failure nothing more is written. Of one thread.
class DurableFile {
 public:
  // `mode` and links as for write_durably().
  static std::expected<DurableFile, std::string> create(std::string path, mode_t mode);
  DurableFile(DurableFile&& other) noexcept;
  DurableFile& operator=(DurableFile&&) = delete;
  ~DurableFile();

  std::expected<void, std::string> append(Bytes octets);
  std::expected<void, std::string> append(std::string_view text) { return append(bytes_of(text)); }
  std::expected<void, std::string> commit();  // once, as the last

 private:
  DurableFile(std::string path, int descriptor) noexcept : path_(std::move(path)), descriptor_(descriptor) {}
  std::string fresh() const;
  std::unexpected<std::string> fail(const char* what);

  std::string path_;
  int descriptor_;  // -1: committed, given up, or moved from
};

// As <path><suffix>; an older one of that name goes.
bool set_file_aside(const std::string& path, std::string_view suffix) noexcept;

bool is_writable_folder(const std::string& directory) noexcept;
std::string path_in(const std::string& directory, std::string_view name);

}  // namespace vouch
