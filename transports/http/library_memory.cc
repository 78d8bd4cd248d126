#include "transports/http/library_memory.h"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace vouch {

// What the library gets begins behind this, as well aligned as malloc()'s own.
struct alignas(std::max_align_t) LibraryMemory::Block {
  Block* previous;
  Block* next;
  void* contents() noexcept { return this + 1; }
  static Block* of(void* contents) noexcept { return static_cast<Block*>(contents) - 1; }
};

nghttp2_mem LibraryMemory::functions() noexcept {
  return {.mem_user_data = this,
          .malloc = &LibraryMemory::allocate,
          .free = &LibraryMemory::free,
          .calloc = &LibraryMemory::allocate_zeroed,
          .realloc = &LibraryMemory::reallocate};
}

bool LibraryMemory::has_room_for(std::size_t size) const noexcept {
  return size <= most_ - sizeof(Block) && octets_ <= most_ - sizeof(Block) - size;
}

void* LibraryMemory::enter(Block* block) noexcept {
  if (block == nullptr) {
    has_refused_ = true;
    return nullptr;
  }
  block->previous = nullptr;
  block->next = std::exchange(first_, block);
  if (block->next != nullptr) { block->next->previous = block; }
  octets_ += malloc_usable_size(block);
  return block->contents();
}

void LibraryMemory::leave(Block* block) noexcept {
  (block->previous != nullptr ? block->previous->next : first_) = block->next;
  if (block->next != nullptr) { block->next->previous = block->previous; }
  octets_ -= malloc_usable_size(block);
}

void* LibraryMemory::allocate(std::size_t size, void* self) noexcept {
  auto& memory = *static_cast<LibraryMemory*>(self);
  void* const got = memory.has_room_for(size) ? std::malloc(sizeof(Block) + size) : nullptr;
  return memory.enter(static_cast<Block*>(got));
}

void* LibraryMemory::allocate_zeroed(std::size_t count, std::size_t size, void* self) noexcept {
  auto& memory = *static_cast<LibraryMemory*>(self);
  const bool fits = (size == 0 || count <= memory.most_ / size) && memory.has_room_for(count * size);
  void* const got = fits ? std::calloc(1, sizeof(Block) + count * size) : nullptr;
  return memory.enter(static_cast<Block*>(got));
}

void* LibraryMemory::reallocate(void* contents, std::size_t size, void* self) noexcept {
  if (contents == nullptr) { return allocate(size, self); }
  auto& memory = *static_cast<LibraryMemory*>(self);
  Block* const before = Block::of(contents);
  // Both lie in memory while one is copied, so there has to be room for the whole of the new one.
  if (!memory.has_room_for(size)) { return memory.enter(nullptr); }
  memory.leave(before);
  void* const got = std::realloc(before, sizeof(Block) + size);
  if (got == nullptr) {
    memory.enter(before);  // it is where it was
    memory.has_refused_ = true;
    return nullptr;
  }
  return memory.enter(static_cast<Block*>(got));
}

void LibraryMemory::free(void* contents, void* self) noexcept {
  if (contents == nullptr) { return; }
  Block* const block = Block::of(contents);
  static_cast<LibraryMemory*>(self)->leave(block);
  std::free(block);
}

void LibraryMemory::release() noexcept {
  while (first_ != nullptr) {
    Block* const block = first_;
    leave(block);
    std::free(block);
  }
}

}  // namespace vouch
