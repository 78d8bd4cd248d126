// What the operator says about clients that ask too much; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

struct RateLimitOptions {
  std::uint32_t answers_per_second = 0;   // over UDP, to one prefix whose addresses are not proven; 0: no limit
  std::uint32_t errors_per_second = 100;  // of these, answers that say only what is wrong with the query; 0: no limit
  std::uint32_t slip = 2;                 // every so many answers beyond are truncated ones, not silence; 0: none
  std::uint32_t ipv4_prefix = 24;         // bits of an address that clients are counted by
  std::uint32_t ipv6_prefix = 56;
  std::vector<Prefix> exempt{};  // not counted at all
  bool fair = true;              // one prefix cannot take what others need (front/fair_share.h, front/resolutions.h)
};

}  // namespace vouch
