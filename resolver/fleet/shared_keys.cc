#include "resolver/fleet/shared_keys.h"

#include <algorithm>

#include "resolver/dnssec/algorithms_mac.h"
#include "resolver/fleet/shared_entry.h"

namespace vouch {

namespace {

std::optional<SharedKeys::Digest> hmac(Bytes key, std::initializer_list<Bytes> parts) {
  Hasher hasher(HashKind::sha256, key);
  for (const Bytes part : parts) { hasher.add(part); }
  const auto value = hasher.finish();
  if (!value) { return std::nullopt; }
  SharedKeys::Digest digest{};
  std::ranges::copy(value->view(), digest.begin());
  return digest;
}

}  // namespace

std::optional<SharedKeys> SharedKeys::make(Bytes secret) {
  const auto names = hmac(secret, {bytes_of("vouch shared cache: names")});
  const auto codes = hmac(secret, {bytes_of("vouch shared cache: codes")});
  if (!names || !codes) { return std::nullopt; }
  return SharedKeys(*names, *codes);
}

std::optional<SharedKeys::Digest> SharedKeys::digest(const SnapshotGrounds& grounds, NameView name, Type type) const {
  Name lower(name);
  lower.lower_case();
  std::array<Octet, 3> rest{};
  rest[0] = kSharedFormat;
  store16(rest.data() + 1, static_cast<std::uint16_t>(type));
  return hmac(names_,
              {grounds.sources, grounds.verdicts, rest, lower.view().octets()});  // all but the last of one size
}

std::optional<SharedKeys::Code> SharedKeys::code(const Digest& digest, Bytes content) const {
  const auto whole = hmac(codes_, {digest, content});
  if (!whole) { return std::nullopt; }
  Code code{};
  std::copy_n(whole->begin(), code.size(), code.begin());
  return code;
}

Buffer store_key(const SharedKeys::Digest& digest) {
  constexpr std::string_view kPrefix = "vouch:", kDigits = "0123456789abcdef";
  constexpr std::size_t kOctets = 16;
  Buffer key(kPrefix.begin(), kPrefix.end());
  for (const Octet octet : Bytes(digest).first(kOctets)) {
    key.push_back(static_cast<Octet>(kDigits[octet >> 4U]));
    key.push_back(static_cast<Octet>(kDigits[octet & 0xfU]));
  }
  return key;
}

}  // namespace vouch
