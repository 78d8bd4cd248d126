// Address space that becomes memory page by page as it is first written: a table can be laid out for its capacity at
// once, never has to move or double, and still costs only what it uses. Zeroed. Owner: the table.
#pragma once

#include <cstddef>

namespace vouch {

class Region {
 public:
  explicit Region(std::size_t octets);  // throws std::bad_alloc when the address space is not to be had
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region();

  std::byte* data() const noexcept { return data_; }
  // Gives whole pages back to the system; they read as zero afterwards. `first` is a multiple of page_size().
  void discard(std::size_t first, std::size_t octets) noexcept;

  static std::size_t page_size() noexcept;
  static std::size_t rounded(std::size_t octets) noexcept;  // up to whole pages

 private:
  std::size_t octets_;
  std::byte* data_;
};

}  // namespace vouch
