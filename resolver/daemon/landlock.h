// Which files this process may reach once it serves, whatever their permissions say (landlock(7)): a ruleset that the
// kernel applies to the calling thread and to those that it starts, and that nobody can take back.
//
// Folders are granted, and not the files in them, because files are replaced: a renewed certificate is another file of
// the same name. No grant allows to execute, to make links, sockets or devices, or to speak to devices.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

namespace vouch {

struct FileGrants {
  std::vector<std::string> readable;  // folders with all that is below them, or single files
  std::vector<std::string> writable;  // folders: files in them are made, read, written, renamed and removed
};

// More would be a configuration that names thousands of folders; what is beyond is told as an error.
inline constexpr std::size_t kMostGrants = 1024;

// The version of the kernel's interface; 0: it has no Landlock, or has been started without.
int landlock_version() noexcept;

// For good. NO_NEW_PRIVS must be set, and no other thread be there, which would go on without. What does not exist is
// left out. On failure a sentence, and nothing has changed.
std::expected<void, std::string> restrict_files(const FileGrants& grants, int version);

}  // namespace vouch
