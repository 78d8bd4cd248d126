#include "resolver/dnssec/algorithms_mac.h"

#include <openssl/crypto.h>

#include "resolver/dnssec/algorithms_library.h"

namespace vouch {

namespace {

const EVP_MD* method_of(HashKind kind) noexcept {
  switch (kind) {
    case HashKind::sha256:
      return openssl::digests().sha256;
    case HashKind::sha384:
      return openssl::digests().sha384;
    case HashKind::sha512:
      return openssl::digests().sha512;
  }
  return nullptr;
}

}  // namespace

struct Hasher::Impl {
  openssl::DigestContext context{EVP_MD_CTX_new()};
  openssl::Key key;  // of an HMAC; the context refers to it
  bool is_sound = false;
};

Hasher::Hasher(HashKind kind) : impl_(std::make_unique<Impl>()) {
  const EVP_MD* const method = method_of(kind);
  impl_->is_sound =
      method != nullptr && impl_->context && EVP_DigestInit_ex2(impl_->context.get(), method, nullptr) == 1;
}

Hasher::Hasher(HashKind kind, Bytes key) : impl_(std::make_unique<Impl>()) {
  const EVP_MD* const method = method_of(kind);
  impl_->key.reset(EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, nullptr, key.data(), key.size()));
  impl_->is_sound = method != nullptr && impl_->context && impl_->key &&
                    EVP_DigestSignInit(impl_->context.get(), nullptr, method, nullptr, impl_->key.get()) == 1;
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::add(Bytes octets) noexcept {
  if (!impl_->is_sound || octets.empty()) { return; }
  EVP_MD_CTX* const context = impl_->context.get();
  impl_->is_sound = (impl_->key ? EVP_DigestSignUpdate(context, octets.data(), octets.size())
                                : EVP_DigestUpdate(context, octets.data(), octets.size())) == 1;
}

std::optional<HashValue> Hasher::finish() noexcept {
  HashValue value;
  if (impl_->is_sound && impl_->key) {
    std::size_t size = value.octets.size();
    impl_->is_sound = EVP_DigestSignFinal(impl_->context.get(), value.octets.data(), &size) == 1;
    value.size = u8(size);
  } else if (impl_->is_sound) {
    unsigned size = 0;
    impl_->is_sound = EVP_DigestFinal_ex(impl_->context.get(), value.octets.data(), &size) == 1;
    value.size = u8(size);
  }
  if (!impl_->is_sound) {
    openssl::forget_errors();
    return std::nullopt;
  }
  impl_->is_sound = false;
  return value;
}

bool equal_in_constant_time(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace vouch
