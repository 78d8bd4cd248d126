#include "resolver/cache/region.h"

#include <sys/auxv.h>
#include <sys/mman.h>

#include <new>

namespace vouch {

Region::Region(std::size_t octets) : octets_(rounded(octets)), data_(nullptr) {
  void* const got = mmap(nullptr, octets_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (got == MAP_FAILED) { throw std::bad_alloc(); }
  data_ = static_cast<std::byte*>(got);
  // One touched octet would otherwise bring in 2 MiB where huge pages are always on, and the bound on memory would be a
  // bound on paper. Failure means that the kernel has no huge pages.
  (void)madvise(data_, octets_, MADV_NOHUGEPAGE);
}

Region::~Region() { munmap(data_, octets_); }

void Region::discard(std::size_t first, std::size_t octets) noexcept {
  if (octets != 0) { (void)madvise(data_ + first, rounded(octets), MADV_DONTNEED); }
}

std::size_t Region::page_size() noexcept {
  static const std::size_t size = getauxval(AT_PAGESZ);
  return size;
}

std::size_t Region::rounded(std::size_t octets) noexcept {
  const std::size_t page = page_size();
  return (octets + page - 1) / page * page;
}

}  // namespace vouch
