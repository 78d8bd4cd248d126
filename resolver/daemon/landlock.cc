#include "resolver/daemon/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

#include "resolver/base/log.h"
#include "transports/socket.h"

namespace vouch {

namespace {

// Later than the headers of Debian 12.
constexpr std::uint64_t kTruncate = 1ULL << 14U;       // version 3
constexpr std::uint64_t kDeviceControl = 1ULL << 15U;  // version 5
constexpr std::uint64_t kScopedSockets = 1ULL << 0U;   // version 6: Unix sockets of the abstract namespace
constexpr std::uint64_t kScopedSignals = 1ULL << 1U;

struct Ruleset {  // struct landlock_ruleset_attr, as of version 6
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

constexpr std::uint64_t kReadFile = LANDLOCK_ACCESS_FS_READ_FILE;
constexpr std::uint64_t kRead = kReadFile | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite =
    kRead | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | kTruncate;

// All that this version can forbid. The network is left to the filter of system calls: a resolver connects to whatever
// address and port a zone or its operator names.
Ruleset all_of(int version) noexcept {
  constexpr std::uint64_t kFirst = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;
  Ruleset all{.files = kFirst};
  if (version >= 2) { all.files |= LANDLOCK_ACCESS_FS_REFER; }
  if (version >= 3) { all.files |= kTruncate; }
  if (version >= 5) { all.files |= kDeviceControl; }
  if (version >= 6) { all.scoped = kScopedSockets | kScopedSignals; }
  return all;
}

std::size_t size_for(int version) noexcept {
  constexpr std::size_t kMember = sizeof(std::uint64_t);
  return version >= 6 ? 3 * kMember : version >= 4 ? 2 * kMember : kMember;
}

std::string reason(int error) { return std::generic_category().message(error); }

std::expected<void, std::string> grant(int ruleset, const std::string& path, std::uint64_t access) {
  const Socket place(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place.is_open() || ::fstat(place.fd(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) { return {}; }  // nothing that could be granted
    return std::unexpected("Landlock: " + log_value(path) + ": " + reason(errno));
  }
  if (!S_ISDIR(status.st_mode)) { access &= kReadFile | LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate; }
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = place.fd();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return std::unexpected("Landlock: " + log_value(path) + ": " + reason(errno));
  }
  return {};
}

}  // namespace

int landlock_version() noexcept {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

std::expected<void, std::string> restrict_files(const FileGrants& grants, int version) {
  if (grants.readable.size() + grants.writable.size() > kMostGrants) {
    return std::unexpected("Landlock: more than " + std::to_string(kMostGrants) + " folders and files to be granted");
  }
  const Ruleset all = all_of(version);
  const Socket ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, size_for(version), 0)));
  if (!ruleset.is_open()) { return std::unexpected("Landlock: " + reason(errno)); }
  const auto grant_each = [&](const std::vector<std::string>& paths,
                              std::uint64_t access) -> std::expected<void, std::string> {
    for (const std::string& path : paths) {
      if (auto granted = grant(ruleset.fd(), path, access & all.files); !granted) { return granted; }
    }
    return {};
  };
  if (auto granted = grant_each(grants.readable, kRead); !granted) { return granted; }
  if (auto granted = grant_each(grants.writable, kWrite); !granted) { return granted; }
  if (::syscall(SYS_landlock_restrict_self, ruleset.fd(), 0) != 0) {
    return std::unexpected("Landlock: " + reason(errno));
  }
  return {};
}

}  // namespace vouch
