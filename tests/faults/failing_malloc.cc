// A library to be loaded before all others (LD_PRELOAD): memory runs out when the test says so. Counting begins in
// main(); what the loader and static constructors do before is nobody's to survive.
//
// $VOUCH_FAULTS names the file of Faults, which the test writes to while the program runs; a call is an allocation.
// On a fatal signal the return addresses go to standard error, for addr2line.
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>

#include "tests/faults/faults.h"

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace {

Faults* faults = nullptr;  // null before main()

bool must_fail() noexcept {
  if (faults == nullptr || !faults->is_due()) { return false; }
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
