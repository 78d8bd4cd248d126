// The fast path: an answer out of the RRset cache, written as it is found: no coroutine, no allocation, and no lock
// held while anything is copied (the cache hands out counted pointers).
#pragma once

#include <optional>

#include "resolver/cache/caches.h"
#include "resolver/front/answer_writer.h"
#include "resolver/front/policy_check.h"

namespace vouch {

// RFC 8767 or not: whether expired entries count, and with what TTL they are shown.
struct Staleness {
  std::uint32_t most = 0;  // seconds past expiry; 0: only live data
  std::uint32_t ttl = 0;   // of an expired record in the answer
};

struct CachedAnswer {
  bool complete = false;  // false: something is missing; what was written must be dropped
  Rcode rcode = Rcode::no_error;
  Security security = Security::secure;  // of the weakest part
  bool authentic = false;                // all of it is secure, and live
  Reason reason = Reason::none;          // why some of it is not, where there is more to say than "unsigned"
  Name zone;                             // then: the zone at fault
  bool stale = false;                    // some of it has expired
  bool wants_refresh = false;            // positive, and in the last tenth of its TTL
  std::uint32_t fresh_for = UINT32_MAX;  // seconds until it has to be made anew: expired, or to be refreshed
};

class CacheReader {
 public:
  CacheReader(const FrontOptions& options, const Caches& caches) : options_(options), caches_(caches) {}

  // Follows aliases from `name`. Does not finish() the writer. `check` sees each set of the answer before it is
  // written; null: there is nothing to be seen to. When it decides on the whole, the walk ends there, complete.
  CachedAnswer write(AnswerWriter& writer, NameView name, TtlTime now, Staleness staleness, std::uint16_t rotate,
                     AnswerCheck* check = nullptr) const;

 private:
  struct Walk;
  std::optional<CacheEntry> look(const Walk& walk, NameView name, Type type) const;
  bool is_servable(const Walk& walk, const CacheEntry& entry) const noexcept;
  bool write_set(Walk& walk, const CacheEntry& entry) const;
  void write_negative(Walk& walk, const CacheEntry& entry) const;
  void write_proofs(Walk& walk) const;
  void write_additional(Walk& walk, const RRset& answer) const;
  bool follow(Walk& walk, NameView name) const;
  bool gather(Walk& walk, NameView name) const;
  bool write_gathered(Walk& walk, NameView name, const CacheEntry& entry) const;

  const FrontOptions& options_;
  const Caches& caches_;
};

}  // namespace vouch
