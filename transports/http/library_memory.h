// The memory that nghttp2 has in one connection: bounded, counted, and known block by block. The last is for the day on
// which there is none: when an allocation of its fails, nghttp2 1.52 may free twice in nghttp2_session_del() or end the
// process by an assertion there (found by tests/faults). A session that was ever refused memory is therefore not taken
// apart by the library: it is forgotten, and its blocks are freed here. One thread.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>

namespace vouch {

class LibraryMemory {
 public:
  explicit LibraryMemory(std::size_t most) noexcept : most_(most) {}
  LibraryMemory(const LibraryMemory&) = delete;
  LibraryMemory& operator=(const LibraryMemory&) = delete;
  ~LibraryMemory() { release(); }

  nghttp2_mem functions() noexcept;
  std::size_t octets() const noexcept { return octets_; }  // in use, with what the allocator adds
  bool has_refused() const noexcept { return has_refused_; }
  void release() noexcept;  // all blocks: nothing that lies in them may be looked at any more

 private:
  struct Block;
  static void* allocate(std::size_t size, void* self) noexcept;
  static void* allocate_zeroed(std::size_t count, std::size_t size, void* self) noexcept;
  static void* reallocate(void* memory, std::size_t size, void* self) noexcept;
  static void free(void* memory, void* self) noexcept;
  bool has_room_for(std::size_t size) const noexcept;
  void* enter(Block* block) noexcept;
  void leave(Block* block) noexcept;

  std::size_t most_;
  std::size_t octets_ = 0;
  Block* first_ = nullptr;
  bool has_refused_ = false;
};

}  // namespace vouch
