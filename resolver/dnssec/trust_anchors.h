// Where trust begins and where the operator ended it: trust anchors (RFC 4033 section 2, RFC 5011) and negative trust
// anchors (RFC 7646).
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "resolver/base/clock.h"
#include "resolver/dnssec/dnssec_options.h"
#include "resolver/wire/name.h"

namespace vouch {

// Immutable once made.
class AnchorSet {
 public:
  struct Point {
    Name zone;
    std::vector<Buffer> ds;       // RDATA
    std::vector<Buffer> dnskeys;  // RDATA
    bool empty() const noexcept { return ds.empty() && dnskeys.empty(); }
    friend bool operator==(const Point&, const Point&) = default;
  };
  AnchorSet(std::vector<Point> points, std::vector<Name> negative);

  // The anchor closest above or at the name; null: none.
  const Point* closest(NameView name) const noexcept;
  // The negative anchor at or above the name, unless a trust anchor lies below it on the way (RFC 7646 section 2: the
  // more specific wins). Null: none.
  const Name* negative(NameView name) const noexcept;
  const std::vector<Point>& points() const noexcept { return points_; }
  const std::vector<Name>& negatives() const noexcept { return negative_; }

 private:
  std::vector<Point> points_;   // most labels first
  std::vector<Name> negative_;  // likewise
};
using AnchorSetPtr = std::shared_ptr<const AnchorSet>;

// What the options say; the built-in root anchor joins when no other for the root is given.
std::vector<AnchorSet::Point> configured_points(const DnssecOptions& options);
// The negative anchors of the options that have not run out at that time.
std::vector<Name> negative_at(const DnssecOptions& options, UnixTime now);
// Both. Where a key roll may have been followed (RFC 5011), the points of the state file take the first's place.
AnchorSetPtr anchors_from(const DnssecOptions& options, UnixTime now = 0);

// What is trusted now: replaced as a whole when keys roll (RFC 5011) or the operator changes a negative anchor. Shared
// by all workers, thread-safe.
class TrustAnchors {
 public:
  // The negative anchors of `start` are the configured ones.
  explicit TrustAnchors(AnchorSetPtr start) : current_(std::move(start)), configured_(current_->negatives()) {}
  AnchorSetPtr current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  // One part replaced, the others left as they are.
  void replace_points(std::vector<AnchorSet::Point> points);
  void replace_negatives(std::vector<Name> configured);
  void replace_temporary_negatives(std::vector<Name> temporary);  // set while the program runs
  std::vector<Name> configured_negatives() const {
    const std::lock_guard lock(mutex_);
    return configured_;
  }

 private:
  void make(std::vector<AnchorSet::Point> points);

  mutable std::mutex mutex_;
  AnchorSetPtr current_;
  std::vector<Name> configured_, temporary_;  // negatives; a name may be among both
};

}  // namespace vouch
