#include "resolver/base/frame_pool.h"

#include <array>
#include <new>
#include <type_traits>

#include "resolver/base/thread_end.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define VOUCH_FRAMES_FROM_MALLOC 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VOUCH_FRAMES_FROM_MALLOC 1
#endif

namespace vouch::frame_pool {

#ifdef VOUCH_FRAMES_FROM_MALLOC

void* allocate(std::size_t size) { return ::operator new(size); }
void release(void* frame, std::size_t) noexcept { ::operator delete(frame); }

#else

namespace {

constexpr std::size_t kStep = 256;           // frames here run from 150 octets to 3 KiB
constexpr std::size_t kClasses = 16;         // so up to 4 KiB; a larger frame goes to the allocator
constexpr std::size_t kKeptPerClass = 1024;  // at most 1024 x 4 KiB per class: a busy worker's frames in flight

struct FreeFrame {
  FreeFrame* next;
};
struct FreeList {
  FreeFrame* head = nullptr;
  std::size_t kept = kKeptPerClass;  // a pool that is not open takes nothing: frames go straight back to the allocator
};
struct Pool {
  std::array<FreeList, kClasses> lists{};
  bool is_open = false;
};
constinit thread_local Pool pool;
static_assert(std::is_trivially_destructible_v<Pool>);

void close(void*) noexcept {
  for (FreeList& list : pool.lists) {
    while (list.head != nullptr) {
      FreeFrame* frame = list.head;
      list.head = frame->next;
      ::operator delete(frame);
    }
    list.kept = kKeptPerClass;
  }
  pool.is_open = false;
}
const ThreadEnd kPoolEnd(close);

// A pool that nobody would empty at its thread's end stays as it is: slower, no worse.
void open() noexcept {
  if (!kPoolEnd.arm(&pool)) { return; }
  pool.is_open = true;
  for (FreeList& list : pool.lists) { list.kept = 0; }
}

constexpr std::size_t class_of(std::size_t size) { return (size + kStep - 1) / kStep - 1; }

}  // namespace

void* allocate(std::size_t size) {
  const std::size_t which = class_of(size);
  if (which >= kClasses) { return ::operator new(size); }
  FreeList& list = pool.lists[which];
  if (list.head == nullptr) {
    if (!pool.is_open) { open(); }
    return ::operator new((which + 1) * kStep);
  }
  FreeFrame* frame = list.head;
  list.head = frame->next;
  --list.kept;
  return frame;
}

void release(void* frame, std::size_t size) noexcept {
  const std::size_t which = class_of(size);
  if (which >= kClasses || pool.lists[which].kept >= kKeptPerClass) {
    ::operator delete(frame);
    return;
  }
  FreeList& list = pool.lists[which];
  list.head = ::new (frame) FreeFrame{list.head};
  ++list.kept;
}

#endif

}  // namespace vouch::frame_pool
