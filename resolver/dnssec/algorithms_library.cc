#include "resolver/dnssec/algorithms_library.h"

#include <cstdlib>

namespace vouch::openssl {

namespace {

thread_local std::uint64_t failed = 0;

void* counted(void* memory, std::size_t size) noexcept {
  if (memory == nullptr && size != 0) { ++failed; }
  return memory;
}
void* take(std::size_t size, const char*, int) { return size == 0 ? nullptr : counted(std::malloc(size), size); }
void* take_again(void* memory, std::size_t size, const char*, int) {
  if (size != 0) { return counted(std::realloc(memory, size), size); }
  std::free(memory);
  return nullptr;
}
void give_back(void* memory, const char*, int) { std::free(memory); }

const bool kIsCounted = count_failed_allocations();

}  // namespace

bool count_failed_allocations() noexcept {
  static const bool is_counted = CRYPTO_set_mem_functions(take, take_again, give_back) == 1;
  return is_counted;
}
std::uint64_t failed_allocations() noexcept { return failed; }

const Digests& digests() noexcept {
  static const Digests fetched = [] {
    const Digests found{EVP_MD_fetch(nullptr, "SHA1", nullptr), EVP_MD_fetch(nullptr, "SHA256", nullptr),
                        EVP_MD_fetch(nullptr, "SHA384", nullptr), EVP_MD_fetch(nullptr, "SHA512", nullptr)};
    forget_errors();
    return found;
  }();
  return fetched;
}

std::optional<unsigned> hash(const EVP_MD* digest, Bytes data, Octet* out) {
  if (digest == nullptr) { return std::nullopt; }
  unsigned size = 0;
  if (EVP_Digest(data.data(), data.size(), out, &size, digest, nullptr) != 1) { lack_memory(); }
  return size;
}

}  // namespace vouch::openssl
