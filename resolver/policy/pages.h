// Memory straight from the system, page by page: it costs only what was written to, and goes back whole when it is
// freed. For tables that are built, replaced and dropped while the process runs: what the allocator keeps of them would
// add up.
#pragma once

#include <cstddef>
#include <utility>

#include "resolver/base/bytes.h"

namespace vouch {

class Pages {
 public:
  Pages() noexcept = default;
  Pages(Pages&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Pages();

  // To at least `octets`, whole pages; what is new reads as zero. Throws std::bad_alloc, and nothing has changed.
  void resize(std::size_t octets);
  Octet* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }  // octets, a multiple of the page's

 private:
  Octet* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace vouch
