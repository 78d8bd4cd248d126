// Resolution failures (RFC 9520): a question that could not be answered is not asked again at once: for 5 s first,
// doubling with each failure in a row up to 300 s. Keeps the first cause, so that the client is told it again (EDE 13
// beside it). Shared by all workers; every member may be called from any thread. Bounded by octets.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "resolver/base/clock.h"
#include "resolver/cache/cache_options.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"
#include "resolver/wire/verdict.h"

namespace vouch {

struct Failure {
  Ede cause = Ede::other;
  Reason reason = Reason::none;  // of a failed validation; none: nobody answered, or something else went wrong
  Name zone;                     // of a failed validation: the zone at fault; the root where none was told
  std::string text;              // EXTRA-TEXT, at most kMaxText octets, ASCII
  std::uint32_t ttl = 0;         // seconds left
  static constexpr std::size_t kMaxText = 128;
};

class FailureCache {
 public:
  FailureCache(std::size_t capacity, const CacheOptions& options);
  ~FailureCache();

  std::optional<Failure> find(NameView name, Type type, TtlTime now) const;
  // `zone` counts when there is a reason. Returns for how many seconds it holds. Every call counts as one more failure
  // in the row; a row that has been over for `failure_ttl_max` seconds is forgotten. Of `text`, what is not printable
  // ASCII becomes '?'.
  std::uint32_t put(NameView name, Type type, Ede cause, std::string_view text, TtlTime now,
                    Reason reason = Reason::none, NameView zone = {});
  // Each returns how many went. What is gone starts anew: with the first, it was answered.
  std::uint64_t remove(NameView name, Type type);
  std::uint64_t remove_name(NameView name);  // every type
  std::uint64_t remove_below(NameView zone);
  std::uint64_t remove_type(Type type);
  std::uint64_t remove_bogus();  // failures of validation
  // Failed validations whose zone at fault is that one, or lies below or above it: where an alias leads into it, too.
  std::uint64_t remove_blamed_on(NameView zone);
  void clear();
  std::uint64_t octets() const;
  std::uint64_t entries() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
