// Policy zones from their primaries: each is kept as a secondary keeps a zone (resolver/zones/secondary.h), made into
// rules, put into the store, and written to the state directory, from which a restart begins with it.
//
// A transfer that fails changes nothing. When nobody has confirmed the zone for as long as its SOA says (expire), its
// rules are given up, with a line in the log: they are somebody else's word, and he has said for how long it holds.
//
// One thread: that of the executor.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "resolver/base/task_scope.h"
#include "resolver/daemon/rpz_store.h"
#include "resolver/zones/secondary.h"

namespace vouch {

// "rpz-feed.example.zone" in that directory; names' octets that a file name does not bear are written as numbers.
std::string rpz_state_path(const std::string& directory, const Name& zone);

// A zone as rules. Where `zone` has come from a primary, its records' numbers are the places of what is told.
std::expected<RpzZonePtr, std::string> rpz_zone_of(const Zone& zone);

class RpzTransfers {
 public:
  // A million rules, each with a wildcard beside it, with long names.
  static constexpr TransferLimits kLimits{
      .octets = std::size_t{1} << 30, .records = 10'000'000, .messages = 10'000'000};

  struct Parts {
    Secondary::Parts network;
    RpzStore& store;
    std::function<void()> changed;  // some zone is another now, or gone
  };
  // All that is referenced outlives this.
  explicit RpzTransfers(Parts parts);
  ~RpzTransfers();

  // From now on these, of which those with primaries count; what is kept already, from the same primaries with the same
  // key, goes on. `state_directory` empty: nothing is kept on disk. Begins with what the directory has; where that has
  // nothing, what the store has under the zone's name is given up.
  void keep(const std::vector<RpzZoneOptions>& zones, const std::string& state_directory);

 private:
  class Kept;
  Parts parts_;
  std::vector<std::unique_ptr<Kept>> kept_;
};

}  // namespace vouch
