#include "resolver/policy/pages.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace vouch {

namespace {

constexpr std::size_t kPage = 65536;  // the largest page of the platforms we know (arm64)

}  // namespace

Pages::~Pages() {
  if (data_ != nullptr) { ::munmap(data_, size_); }
}

void Pages::resize(std::size_t octets) {
  const std::size_t size = (octets + kPage - 1) / kPage * kPage;
  if (size == size_) { return; }
  if (size == 0) {
    *this = Pages();
    return;
  }
  if (size < size_) {
    ::munmap(data_ + size, size_ - size);
    size_ = size;
    return;
  }
  // Copied, and not moved by mremap(2): a confined process has no such call.
  void* const made = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) { throw std::bad_alloc(); }
  Pages before = std::move(*this);
  data_ = static_cast<Octet*>(made);
  size_ = size;
  if (before.size() > 0) { std::memcpy(data_, before.data(), before.size()); }
}

}  // namespace vouch
