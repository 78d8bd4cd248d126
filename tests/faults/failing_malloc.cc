// A library to be loaded before all others (LD_PRELOAD): memory runs out when the test says so. Counting begins in
// main(); what the loader and static constructors do before is nobody's to survive.
//
// $VOUCH_FAULTS names a file of four 64-bit numbers, which the test writes to while the program runs:
//   [0] allocations so far         (written here)
//   [1] until one fails: 1 is the next; 0: none will      (written by both)
//   [2] and then again after so many; 0: once is enough
//   [3] that failed so far         (written here)
// On a fatal signal the return addresses go to standard error, for addr2line.
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

struct Faults {
  std::atomic<std::uint64_t> calls;
  std::atomic<std::int64_t> left;
  std::atomic<std::int64_t> again;
  std::atomic<std::uint64_t> failed;
};
static_assert(sizeof(Faults) == 32);

Faults* faults = nullptr;  // null before main()

bool must_fail() noexcept {
  if (faults == nullptr) { return false; }
  faults->calls.fetch_add(1, std::memory_order_relaxed);
  if (faults->left.load(std::memory_order_relaxed) <= 0) { return false; }
  if (faults->left.fetch_sub(1) != 1) { return false; }
  faults->left.store(faults->again.load());
  faults->failed.fetch_add(1);
  errno = ENOMEM;
  return true;
}

void tell_where(int number) {
  void* frames[64];
  faults->left.store(0);
  faults->again.store(0);
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 64), STDERR_FILENO);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

int (*real_main)(int, char**, char**) = nullptr;

int main_with_faults(int count, char** words, char** environment) {
  const char* const path = std::getenv("VOUCH_FAULTS");
  const int file = path == nullptr ? -1 : ::open(path, O_RDWR | O_CLOEXEC);
  if (file >= 0) {
    void* const mapped = ::mmap(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    void* frame = nullptr;
    ::backtrace(&frame, 1);  // loads what it needs, while that is still possible
    for (const int number : {SIGABRT, SIGSEGV, SIGBUS}) { std::signal(number, tell_where); }
    if (mapped != MAP_FAILED) { faults = static_cast<Faults*>(mapped); }
  }
  return real_main(count, words, environment);
}

}  // namespace

extern "C" {

// NOLINTBEGIN: these are the C library's names
void* malloc(std::size_t size) { return must_fail() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return must_fail() ? nullptr : __libc_calloc(count, size); }
void* realloc(void* memory, std::size_t size) { return must_fail() ? nullptr : __libc_realloc(memory, size); }
void* memalign(std::size_t alignment, std::size_t size) {
  return must_fail() ? nullptr : __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) {
  void* const made = memalign(alignment, size);
  if (made == nullptr) { return ENOMEM; }
  *memory = made;
  return 0;
}

int __libc_start_main(int (*main)(int, char**, char**), int count, char** words, void (*init)(), void (*fini)(),
                      void (*loader_fini)(), void* stack_end) {
  using Start = int (*)(int (*)(int, char**, char**), int, char**, void (*)(), void (*)(), void (*)(), void*);
  const auto start = reinterpret_cast<Start>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  real_main = main;
  return start(main_with_faults, count, words, init, fini, loader_fini, stack_end);
}
// NOLINTEND

}  // extern "C"
