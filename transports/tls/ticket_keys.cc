#include "transports/tls/ticket_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cassert>
#include <new>

namespace vouch {

namespace {

using Digest = std::array<Octet, 32>;

Digest hmac(Bytes key, Bytes content) {
  Digest out;
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), content.data(), content.size(), out.data(),
           &length) == nullptr) {
    throw std::bad_alloc();  // the only way in which it fails
  }
  return out;
}

// Before 1970 no clock is right, and all of that time is one period.
std::uint64_t period_of(std::int64_t now) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(now, 0) / TicketKeys::kPeriod);
}

// One part of one period's key. Servers that share a secret must all count and name alike: this is an interface.
Digest part_of(Bytes secret, std::string_view part, std::uint64_t period) {
  Buffer content(part.begin(), part.end());
  content.resize(part.size() + 8);
  store32(content.data() + part.size(), u32(period >> 32U));
  store32(content.data() + part.size() + 4, u32(period & 0xffffffffU));
  return hmac(secret, content);
}

std::array<Octet, 16> name_of(Bytes secret, std::uint64_t period) {
  const Digest whole = part_of(secret, "vouch ticket name", period);
  std::array<Octet, 16> name;
  std::copy_n(whole.begin(), name.size(), name.begin());
  return name;
}

TicketKey key_of(Bytes secret, std::uint64_t period, const std::array<Octet, 16>& name) {
  return {.name = name,
          .encryption = part_of(secret, "vouch ticket encryption", period),
          .authentication = part_of(secret, "vouch ticket authentication", period)};
}

}  // namespace

TicketKey::~TicketKey() {
  OPENSSL_cleanse(encryption.data(), encryption.size());
  OPENSSL_cleanse(authentication.data(), authentication.size());
}

TicketKeys::TicketKeys(Bytes secret) : secret_(hmac(bytes_of("vouch ticket secret"), secret)) {
  assert(secret.size() >= kLeastSecret);
}

TicketKeys::~TicketKeys() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

TicketKey TicketKeys::to_make(std::int64_t now) const {
  const std::uint64_t period = period_of(now);
  return key_of(secret_, period, name_of(secret_, period));
}

std::optional<TicketKeys::Found> TicketKeys::to_open(Bytes name, std::int64_t now) const {
  const std::uint64_t current = period_of(now);
  for (const std::uint64_t period : {current, current - 1}) {
    if (period > current) { break; }  // there was none before the first
    const auto known = name_of(secret_, period);
    if (std::ranges::equal(known, name)) {
      return Found{.key = key_of(secret_, period, known), .is_fresh = period == current};
    }
  }
  return std::nullopt;
}

std::array<Octet, 64> TicketKeys::derived_for(std::string_view purpose) const {
  const std::string label = "vouch derived secret for " + std::string(purpose);
  std::array<Octet, 64> out;
  for (std::uint64_t half = 0; half < 2; ++half) {
    std::ranges::copy(part_of(secret_, label, half), out.begin() + static_cast<std::ptrdiff_t>(32 * half));
  }
  return out;
}

}  // namespace vouch
