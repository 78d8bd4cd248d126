// Memory for coroutine frames: per-thread free lists of a few size classes, so that a query's dozen frames cost no trip
// to the allocator. Owner: the thread; a frame freed on another thread joins that thread's list. Bounded: each list
// keeps at most kKeptPerClass frames and gives the rest back. Sanitizer builds take frames from malloc, since a pool
// would hide a use after free.
#pragma once

#include <cstddef>

namespace vouch::frame_pool {

void* allocate(std::size_t size);
void release(void* frame, std::size_t size) noexcept;

}  // namespace vouch::frame_pool
