// What a block from the allocator really costs: a cache that counts only what it asked for outgrows its bound by a
// third.
#pragma once

#include <malloc.h>

#include <cstddef>

namespace vouch {

// Octets behind a pointer that malloc or operator new returned: the usable size and the chunk's own header. 0 for null.
inline std::size_t heap_octets(const void* block) noexcept {
  return block == nullptr ? 0 : malloc_usable_size(const_cast<void*>(block)) + sizeof(std::size_t);
}

}  // namespace vouch
