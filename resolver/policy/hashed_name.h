// A name that is about to be looked up in lists: in lower case, with a hash of each of its suffixes, all made in one
// walk from the root downwards. However many lists there are, the name is hashed once. Lives on the stack of one
// look-up.
#pragma once

#include <array>
#include <cstdint>

#include "resolver/base/siphash.h"
#include "resolver/wire/name.h"

namespace vouch {

class HashedName {
 public:
  // Longer names are looked up by their last kMaxDepth labels alone: no list holds a deeper name (name_list.h).
  static constexpr std::size_t kMaxDepth = 32;

  explicit HashedName(NameView name) noexcept;

  NameView name() const noexcept { return name_; }       // in lower case
  std::size_t depth() const noexcept { return depth_; }  // labels that are hashed
  bool is_whole() const noexcept { return depth_ == name_.view().labels(); }
  // Of the rightmost `labels` labels, 0..depth(). Keyed with the process's key; equal names have equal hashes.
  std::uint64_t hash(std::size_t labels) const noexcept { return hashes_[labels]; }
  NameView suffix(std::size_t labels) const noexcept { return {name_.view().suffix(u8(labels))}; }

  // The hash of a name that consists of `label` in front of what `above` is the hash of. `label` in lower case, with
  // its length octet.
  static std::uint64_t extend(std::uint64_t above, Bytes label, const SipKey& key) noexcept;
  static std::uint64_t of_root(const SipKey& key) noexcept { return key.k0 ^ 0x9e3779b97f4a7c15U; }

 private:
  Name name_;
  std::size_t depth_ = 0;
  std::array<std::uint64_t, kMaxDepth + 1> hashes_;  // only the first depth_ + 1 are set
};

}  // namespace vouch
