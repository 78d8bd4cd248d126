// The source of synthesis (RFC 4592 section 3.3.1).
#pragma once

#include <cassert>

#include "resolver/wire/name.h"

namespace vouch {

// `*.encloser`, for an encloser that is a proper ancestor of some name: it has room for a label of one octet.
inline Name wildcard_at(NameView encloser) noexcept {
  Name name(encloser);
  [[maybe_unused]] const bool fits = name.prepend_label(bytes_of("*"));
  assert(fits);
  return name;
}

}  // namespace vouch
