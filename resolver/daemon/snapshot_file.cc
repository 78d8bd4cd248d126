#include "resolver/daemon/snapshot_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <system_error>

#include "resolver/daemon/machine_start.h"

namespace vouch {

namespace {

constexpr mode_t kMode = 0600;  // what people have asked for is nobody's business

std::string reason(int error) { return std::generic_category().message(error); }

// Why an owner or a mode is not to be trusted; empty: it is.
std::string distrust(const struct stat& status, uid_t us) {
  if (status.st_uid != us && status.st_uid != 0) {
    return "belongs to another user (" + std::to_string(status.st_uid) + "): give it to the server's";
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) { return "may be written to by others: chmod go-w"; }
  return {};
}

class Folder {
 public:
  explicit Folder(const std::string& path) noexcept
      : descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) {}
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    if (descriptor_ >= 0) { ::close(descriptor_); }
  }
  int get() const noexcept { return descriptor_; }
  // Empty: it can be used.
  std::string problem(const std::string& path, uid_t us) const {
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) { return path + ": " + reason(errno); }
    const std::string why = distrust(status, us);
    return why.empty() ? why : path + " " + why;
  }

 private:
  const int descriptor_;
};

}  // namespace

std::expected<std::unique_ptr<SnapshotFileSource>, std::string> SnapshotFileSource::open(const std::string& directory,
                                                                                         uid_t us) {
  const Folder folder(directory);
  if (folder.get() < 0 && errno == ENOENT) { return nullptr; }
  if (auto problem = folder.problem(directory, us); !problem.empty()) { return std::unexpected(std::move(problem)); }
  const std::string path = path_in(directory, kSnapshotFile);
  // Not blocking: a pipe in the place must not hold us up. Seen from the folder that was looked at.
  const int descriptor = ::openat(folder.get(), std::string(kSnapshotFile).c_str(),
                                  O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0 && errno == ENOENT) { return nullptr; }
  if (descriptor < 0) { return std::unexpected(path + ": " + reason(errno)); }
  std::unique_ptr<SnapshotFileSource> source(new SnapshotFileSource(descriptor));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) { return std::unexpected(path + ": " + reason(errno)); }
  if (!S_ISREG(status.st_mode)) { return std::unexpected(path + ": not a file"); }
  if (const std::string why = distrust(status, us); !why.empty()) { return std::unexpected(path + " " + why); }
  return source;
}

SnapshotFileSource::~SnapshotFileSource() { ::close(descriptor_); }

std::size_t SnapshotFileSource::read(MutableBytes to) {
  std::size_t got = 0;
  while (got < to.size()) {
    const ssize_t count = ::read(descriptor_, to.data() + got, to.size() - got);
    if (count < 0 && errno == EINTR) { continue; }
    if (count <= 0) { break; }  // the end, or a disk that fails: what is there ends here
    got += static_cast<std::size_t>(count);
  }
  return got;
}

std::expected<DurableFile, std::string> create_snapshot_file(const std::string& directory, uid_t us) {
  const Folder folder(directory);
  if (auto problem = folder.problem(directory, us); !problem.empty()) { return std::unexpected(std::move(problem)); }
  return DurableFile::create(path_in(directory, kSnapshotFile), kMode);
}

namespace {

// The environment's word is that of the unit (conf/systemd/vouch.service), under which /proc has no such file.
MachineStart start_of_machine() { return machine_start("/proc/sys/kernel/random/boot_id", "VOUCH_BOOT_ID"); }

}  // namespace

MachineFacts MachineFacts::read() {
  timex state{};
  const bool is_clock_set = ::adjtimex(&state) >= 0 && (state.status & STA_UNSYNC) == 0;
  return {.us = ::geteuid(), .start = start_of_machine(), .is_clock_set = is_clock_set};
}

SnapshotMoment snapshot_moment(const MachineFacts& machine, const Clock& clock) {
  const bool is_set = machine.is_clock_set || ::access("/run/systemd/timesync/synchronized", F_OK) == 0;
  timespec uptime{};
  ::clock_gettime(CLOCK_BOOTTIME, &uptime);
  return {.wall = clock.wall(), .uptime = uptime.tv_sec, .start = machine.start, .is_clock_set = is_set};
}

}  // namespace vouch
