// When the signatures of popular zones run out, so that a zone's fault can be seen before it breaks. Of every genuine
// answer that a server gave, the soonest end among its signatures. Bounded: when the table is full, the least asked of
// a few chosen at random makes way, so that the popular ones stay.
//
// Names of zones, in memory and for the operator alone. Any thread.
#pragma once

#include <mutex>
#include <unordered_map>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/wire/name.h"
#include "telemetry/figures.h"

namespace vouch {

// How long a signature holds (RFC 4034 section 3.1.5), as moments.
struct SignatureSpan {
  UnixTime inception = 0, expiration = 0;
};

class ExpiryWatch {
 public:
  static constexpr std::size_t kZones = 1024;
  static constexpr std::uint32_t kPopular = 20;  // genuine resolutions, for a zone to be told of
  // Of its span a signature has less than this part left: signers renew with a quarter left (BIND, Knot, OpenDNSSEC),
  // or make signatures anew for each answer.
  static constexpr UnixTime kLatePart = 8;
  static constexpr UnixTime kForgetAfter = 2 * 86400;  // not seen for so long: it has been signed anew, or nobody asks

  void note(NameView zone, const SignatureSpan& span, UnixTime now);
  // The soonest first, at most `most`; those of the root and of TLDs however seldom they were asked.
  std::vector<ExpiringZone> soonest(UnixTime now, std::size_t most) const;

 private:
  struct Entry {
    SignatureSpan span;
    UnixTime seen = 0;
    std::uint32_t answers = 0;
  };
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept { return name.view().hash(process_hash_key()); }
  };
  void make_room(UnixTime now);

  mutable std::mutex mutex_;
  std::unordered_map<Name, Entry, Hash> zones_;
  std::uint64_t turn_ = 0;  // where the next search for room begins
};

}  // namespace vouch
