// "Check a site": what this resolver finds when it looks one name up, and the chain of trust down to it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/wire/verdict.h"
#include "telemetry/taxonomy.h"

namespace vouch {

struct SiteReport {
  enum class Outcome : std::uint8_t {
    answered,  // addresses were found
    no_data,   // the name exists, without addresses
    no_such_name,
    withheld,     // what came failed validation
    unreachable,  // no server gave a usable answer
    local,        // answered here and asked of nobody (special-use names, the operator's own)
  };
  struct Key {
    std::uint16_t tag = 0;
    std::uint8_t algorithm = 0;  // IANA's number
  };
  // One zone on the way from the root, or from the closest trust anchor, down to the name.
  struct Link {
    std::string zone;
    Standing standing = Standing::unchecked;
    Reason reason = Reason::none;
    std::vector<Key> keys;  // those that may sign; only of a secure zone
  };

  std::string name;  // presentation form
  Outcome outcome = Outcome::unreachable;
  Standing standing = Standing::unchecked;  // of the answer
  std::vector<std::string> addresses;       // A and AAAA, at most 16
  std::string alias_of;                     // where a CNAME leads; empty: nowhere
  // When there is a reason:
  Reason reason = Reason::none;
  bool is_test_zone = false;  // broken on purpose
  std::string zone_at_fault;
  std::optional<Key> key;        // whose signature failed
  std::optional<UnixTime> time;  // expired since, or valid from
  std::string server;            // who gave it
  std::string extra_text;        // as clients are told (RFC 8914)
  std::uint16_t extended_error = 0;
  bool has_extended_error = false;
  std::vector<Link> chain;  // from the top down; the last one holds the name, or is where the chain breaks or ends
  std::uint32_t milliseconds = 0;  // that it took
};

// Looks names up for the page. `done` is called once, on the caller's own thread, maybe before check() returns; with
// nothing when too many look-ups are under way or the name is none.
class SiteChecker {
 public:
  virtual ~SiteChecker() = default;
  using Done = std::function<void(std::optional<SiteReport>)>;
  virtual void check(std::string_view name, Done done) = 0;
};

}  // namespace vouch
