// How many octets one connection takes, counted as ngtcp2 and nghttp3 ask for them, and how many all connections of a
// listener take together. Owner: the connection, which destroys what was allocated before its account.
#pragma once

#include <malloc.h>
#include <nghttp3/nghttp3.h>
#include <ngtcp2/ngtcp2.h>

#include <cstdlib>

namespace vouch {

class MemoryAccount {
 public:
  explicit MemoryAccount(std::size_t& total) noexcept
      : total_(total),
        transport_{this, &allocate, &release_block, &allocate_many, &resize},
        http_{this, &allocate, &release_block, &allocate_many, &resize} {}
  ~MemoryAccount() { total_ -= own_; }
  MemoryAccount(const MemoryAccount&) = delete;
  MemoryAccount& operator=(const MemoryAccount&) = delete;

  void charge(std::size_t octets) noexcept {
    own_ += octets;
    total_ += octets;
  }
  void release(std::size_t octets) noexcept {
    own_ -= octets;
    total_ -= octets;
  }
  std::size_t octets() const noexcept { return own_; }
  const ngtcp2_mem* for_transport() const noexcept { return &transport_; }
  const nghttp3_mem* for_http() const noexcept { return &http_; }

 private:
  // The allocator knows the size of its blocks, so we need not write it down beside them.
  static void* counted(void* self, void* block) noexcept {
    static_cast<MemoryAccount*>(self)->charge(malloc_usable_size(block));
    return block;
  }
  static void* allocate(std::size_t size, void* self) { return counted(self, std::malloc(size)); }
  static void* allocate_many(std::size_t count, std::size_t size, void* self) {
    return counted(self, std::calloc(count, size));
  }
  static void release_block(void* block, void* self) {
    static_cast<MemoryAccount*>(self)->release(malloc_usable_size(block));
    std::free(block);
  }
  static void* resize(void* block, std::size_t size, void* self) {
    const std::size_t before = malloc_usable_size(block);
    void* const moved = std::realloc(block, size);
    if (moved == nullptr && size != 0) { return nullptr; }  // the old block is as it was
    static_cast<MemoryAccount*>(self)->release(before);
    return counted(self, moved);
  }

  std::size_t& total_;
  std::size_t own_ = 0;
  ngtcp2_mem transport_;
  nghttp3_mem http_;
};

}  // namespace vouch
