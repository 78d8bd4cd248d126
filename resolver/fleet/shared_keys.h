// What the fleet's one secret is good for: names in the store under which nobody but the fleet finds anything, and
// codes that nobody else can make (HMAC-SHA-256, RFC 2104). Two keys are made of the secret, so that a name tells
// nothing of a code.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "resolver/cache/snapshot.h"
#include "resolver/wire/answer.h"

namespace vouch {

class SharedKeys {
 public:
  static constexpr std::size_t kDigest = 32;
  static constexpr std::size_t kCode = 16;  // octets of a code: 128 bits, cut from 256 (RFC 2104 section 5)
  using Digest = std::array<Octet, kDigest>;
  using Code = std::array<Octet, kCode>;

  // Nothing when the library has no SHA-256 under its present policy.
  static std::optional<SharedKeys> make(Bytes secret);

  // Of a question under grounds: other grounds, or another format, and it is another entry. Nothing: memory is out.
  std::optional<Digest> digest(const SnapshotGrounds& grounds, NameView name, Type type) const;
  // Of what lies under that digest.
  std::optional<Code> code(const Digest& digest, Bytes content) const;

 private:
  SharedKeys(const Digest& names, const Digest& codes) noexcept : names_(names), codes_(codes) {}
  Digest names_, codes_;
};

// Under what the store has it: "vouch:" and 32 hexadecimal digits, so that an operator can tell them from others' keys.
// Half of the digest is enough to tell entries apart; the code is made of all of it.
Buffer store_key(const SharedKeys::Digest& digest);

}  // namespace vouch
