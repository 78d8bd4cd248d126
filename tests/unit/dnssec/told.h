// How the stories about signatures read a verdict.
#pragma once

#include <string>

#include "resolver/wire/verdict.h"

namespace vouch {

inline std::string told(const Verdict& verdict) {
  if (verdict.is_secure()) { return "secure"; }
  const std::string reason(reason_id(verdict.reason()));
  return verdict.is_bogus() ? reason : "not even bogus: " + reason;
}

}  // namespace vouch
