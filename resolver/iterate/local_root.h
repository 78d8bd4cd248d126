// A copy of the root zone at home (RFC 8806), from which questions to the root are answered without asking it. What it
// says is worth no more than what a root server says, and is judged alike: signatures and proofs come from the zone.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "resolver/cache/delegation_cache.h"
#include "resolver/iterate/classify.h"
#include "resolver/wire/answer.h"
#include "resolver/zones/zone.h"

namespace vouch {

// One verified copy. Immutable and shared.
class RootCopy {
 public:
  // `zone` is the root, and verified (resolver/zones/root_verification.h), until that time.
  RootCopy(ZonePtr zone, UnixTime signed_until);

  const Zone& zone() const noexcept { return *zone_; }
  UnixTime signed_until() const noexcept { return signed_until_; }
  // The root's servers as the zone has them. Null when it has no usable NS set.
  const DelegationPtr& servers() const noexcept { return servers_; }

  // What a root server would reply: an answer, a referral or a denial with its proofs. Nothing where the zone holds
  // what a root zone has not, or not in a form that we answer from (wildcards, aliases, NSEC3, questions for any type):
  // then the servers are asked. Takes some microseconds.
  std::optional<Response> reply(const Question& question) const;

 private:
  std::optional<Response> referral(NameView cut) const;
  std::optional<Response> at_name(NameView name, Type type) const;
  std::optional<Response> denial(NameView name) const;
  bool prove(NameView name, Response& response) const;
  DelegationPtr servers_of(NameView cut) const;

  ZonePtr zone_;
  UnixTime signed_until_;
  DelegationPtr servers_;
};
using RootCopyPtr = std::shared_ptr<const RootCopy>;

// What is used now: replaced as a whole when a newer one has been verified. One for the process, thread-safe.
class LocalRoot {
 public:
  // Null: there is none, or its time is over; the servers are asked then.
  RootCopyPtr current(UnixTime now) const;
  // What the current copy says; nothing where the servers are to be asked.
  std::optional<Response> reply(const Question& question, UnixTime now) const;
  // `until`: when it expires, unless that is put off; it is not used beyond its signatures' time either.
  void replace(RootCopyPtr copy, UnixTime until);
  void keep_until(UnixTime until);  // somebody has confirmed it
  // For whoever keeps it and reports: the copy, be its time over or not, and when it goes or went out of use.
  RootCopyPtr latest() const;
  UnixTime until() const;
  std::uint64_t replies() const noexcept { return replies_.load(std::memory_order_relaxed); }  // given so far

 private:
  mutable std::atomic<std::uint64_t> replies_{0};
  mutable std::mutex mutex_;
  RootCopyPtr copy_;
  UnixTime until_ = 0;
};

}  // namespace vouch
