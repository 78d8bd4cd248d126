// A library to be loaded before all others (LD_PRELOAD): the disk fails when the test says so. What counts is every
// call that changes something below one folder: files made, written, cut, flushed and renamed.
//
// $VOUCH_DISK is that folder, with a slash at its end. $VOUCH_FAULTS names the file of Faults; 1 for `again`: the disk
// stays full.
// $VOUCH_DISK_TOLD names a file that gets a line for each call that failed: its name and the path.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/faults/faults.h"

namespace {

Faults* faults = nullptr;
const char* folder = nullptr;
int told = -1;

constexpr std::size_t kPath = 256;               // longer ones are told cut short
constexpr std::size_t kFiles = 4096;             // descriptors that can be ours; the test's vouchd has far fewer
std::array<std::atomic<char*>, kFiles> paths{};  // by descriptor: of a file below the folder

template <typename Function>
Function* real(const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool is_below(const char* path) noexcept {
  return faults != nullptr && path != nullptr && std::strncmp(path, folder, std::strlen(folder)) == 0;
}

const char* path_of(int descriptor) noexcept {
  return descriptor >= 0 && static_cast<std::size_t>(descriptor) < kFiles
             ? paths[static_cast<std::size_t>(descriptor)].load()
             : nullptr;
}

bool must_fail(const char* call, const char* path) noexcept {
  if (!faults->is_due()) { return false; }
  std::array<char, kPath + 32> line{};
  const int size = std::snprintf(line.data(), line.size(), "%s %.*s\n", call, static_cast<int>(kPath), path);
  static auto* const write_through = real<ssize_t(int, const void*, std::size_t)>("write");
  static_cast<void>(write_through(told, line.data(), static_cast<std::size_t>(size)));
  errno = ENOSPC;
  return true;
}

bool must_fail(const char* call, int descriptor) noexcept {
  const char* const path = path_of(descriptor);
  return path != nullptr && must_fail(call, path);
}

int open_file(const char* path, int flags, mode_t mode) noexcept {
  static auto* const open_through = real<int(const char*, int, ...)>("open64");
  if (!is_below(path) || (flags & O_ACCMODE) == O_RDONLY) { return open_through(path, flags, mode); }
  // One that is there already and is not cut takes no room.
  if ((flags & (O_CREAT | O_TRUNC)) != 0 && must_fail("open", path)) { return -1; }
  const int descriptor = open_through(path, flags, mode);
  if (descriptor >= 0 && static_cast<std::size_t>(descriptor) < kFiles) {
    std::free(paths[static_cast<std::size_t>(descriptor)].exchange(::strdup(path)));
  }
  return descriptor;
}

__attribute__((constructor)) void begin() {
  folder = std::getenv("VOUCH_DISK");
  const char* const numbers = std::getenv("VOUCH_FAULTS");
  const char* const telling = std::getenv("VOUCH_DISK_TOLD");
  if (folder == nullptr || numbers == nullptr || telling == nullptr) { return; }
  static auto* const open_through = real<int(const char*, int, ...)>("open64");
  told = open_through(telling, O_WRONLY | O_APPEND | O_CLOEXEC);
  const int file = open_through(numbers, O_RDWR | O_CLOEXEC);
  if (file < 0 || told < 0) { return; }
  void* const mapped = ::mmap(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped != MAP_FAILED) { faults = static_cast<Faults*>(mapped); }
}

}  // namespace

extern "C" {

// NOLINTBEGIN: these are the C library's names
int open(const char* path, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  std::va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open_file(path, flags, mode);
}
int close(int descriptor) {
  static auto* const through = real<int(int)>("close");
  if (path_of(descriptor) != nullptr) { std::free(paths[static_cast<std::size_t>(descriptor)].exchange(nullptr)); }
  return through(descriptor);
}
ssize_t write(int descriptor, const void* octets, size_t count) {
  static auto* const through = real<ssize_t(int, const void*, size_t)>("write");
  return must_fail("write", descriptor) ? -1 : through(descriptor, octets, count);
}
ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  static auto* const through = real<ssize_t(int, const struct iovec*, int)>("writev");
  return must_fail("writev", descriptor) ? -1 : through(descriptor, parts, count);
}
ssize_t pwrite64(int descriptor, const void* octets, size_t count, off64_t at) {
  static auto* const through = real<ssize_t(int, const void*, size_t, off64_t)>("pwrite64");
  return must_fail("pwrite", descriptor) ? -1 : through(descriptor, octets, count, at);
}
ssize_t pwrite(int descriptor, const void* octets, size_t count, off_t at) {
  return pwrite64(descriptor, octets, count, at);
}
int ftruncate64(int descriptor, off64_t size) {
  static auto* const through = real<int(int, off64_t)>("ftruncate64");
  return must_fail("ftruncate", descriptor) ? -1 : through(descriptor, size);
}
int ftruncate(int descriptor, off_t size) { return ftruncate64(descriptor, size); }
int fsync(int descriptor) {
  static auto* const through = real<int(int)>("fsync");
  return must_fail("fsync", descriptor) ? -1 : through(descriptor);
}
int fdatasync(int descriptor) {
  static auto* const through = real<int(int)>("fdatasync");
  return must_fail("fdatasync", descriptor) ? -1 : through(descriptor);
}
int rename(const char* from, const char* to) {
  static auto* const through = real<int(const char*, const char*)>("rename");
  return is_below(to) && must_fail("rename", to) ? -1 : through(from, to);
}
int mkdir(const char* path, mode_t mode) {
  static auto* const through = real<int(const char*, mode_t)>("mkdir");
  return is_below(path) && must_fail("mkdir", path) ? -1 : through(path, mode);
}
// NOLINTEND

}  // extern "C"
