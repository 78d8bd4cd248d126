#pragma once

namespace vouch::lab {

// The manual: what `vouch-lab --help` prints.
extern const char* const kUsage;

}  // namespace vouch::lab
