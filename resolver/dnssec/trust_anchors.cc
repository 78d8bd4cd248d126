#include "resolver/dnssec/trust_anchors.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "resolver/dnssec/root_anchors.h"
#include "resolver/wire/rrset.h"

namespace vouch {

namespace {

// Names in the order of their labels, most first: the first that lies at or above a name is the closest.
template <typename Item, typename NameOf>
void sort_deepest_first(std::vector<Item>& items, NameOf name_of) {
  std::ranges::sort(items, [&](const Item& a, const Item& b) {
    const NameView first = name_of(a), second = name_of(b);
    return first.labels() != second.labels() ? first.labels() > second.labels() : canonical_order(first, second) < 0;
  });
}

template <typename Item, typename NameOf>
const Item* first_at_or_above(const std::vector<Item>& items, NameView name, NameOf name_of) noexcept {
  // Those with more labels than the name cannot be above it.
  const auto from = std::ranges::partition_point(
      items, [&](const Item& item) { return name_of(item).view().labels() > name.labels(); });
  const auto found =
      std::find_if(from, items.end(), [&](const Item& item) { return name.is_at_or_below(name_of(item).view()); });
  return found == items.end() ? nullptr : &*found;
}

const Name& zone_of(const AnchorSet::Point& point) noexcept { return point.zone; }
const Name& itself(const Name& name) noexcept { return name; }

AnchorSet::Point& point_for(std::vector<AnchorSet::Point>& points, const Name& zone) {
  const auto found = std::ranges::find(points, zone, &AnchorSet::Point::zone);
  if (found != points.end()) { return *found; }
  points.push_back({.zone = zone, .ds = {}, .dnskeys = {}});
  return points.back();
}

void add_builtin(AnchorSet::Point& root) {
  for (const std::string_view text : kBuiltinRootAnchors) {
    auto record = parse_record(text);
    assert(record && record->type == Type::DS && record->owner.view().is_root());
    if (record) { root.ds.push_back(std::move(record->rdata)); }
  }
}

}  // namespace

AnchorSet::AnchorSet(std::vector<Point> points, std::vector<Name> negative)
    : points_(std::move(points)), negative_(std::move(negative)) {
  sort_deepest_first(points_, zone_of);
  sort_deepest_first(negative_, itself);
}

const AnchorSet::Point* AnchorSet::closest(NameView name) const noexcept {
  return first_at_or_above(points_, name, zone_of);
}

const Name* AnchorSet::negative(NameView name) const noexcept {
  const Name* const off = first_at_or_above(negative_, name, itself);
  if (off == nullptr) { return nullptr; }
  const Point* const on = closest(name);
  return on != nullptr && on->zone.view().is_below(off->view()) ? nullptr : off;
}

std::vector<AnchorSet::Point> configured_points(const DnssecOptions& options) {
  std::vector<AnchorSet::Point> points;
  for (const TrustAnchor& anchor : options.trust_anchors) {
    AnchorSet::Point& point = point_for(points, anchor.owner);
    (anchor.type == Type::DS ? point.ds : point.dnskeys).push_back(anchor.rdata);
  }
  const bool has_root =
      std::ranges::any_of(points, [](const AnchorSet::Point& point) { return point.zone.view().is_root(); });
  if (options.builtin_root_anchor && !has_root) { add_builtin(point_for(points, Name())); }
  return points;
}

std::vector<Name> negative_at(const DnssecOptions& options, UnixTime now) {
  std::vector<Name> names;
  for (const NegativeAnchor& anchor : options.negative_trust_anchors) {
    if (anchor.until == 0 || now < anchor.until) { names.push_back(anchor.name); }
  }
  return names;
}

AnchorSetPtr anchors_from(const DnssecOptions& options, UnixTime now) {
  return std::make_shared<const AnchorSet>(configured_points(options), negative_at(options, now));
}

// Under the lock.
void TrustAnchors::make(std::vector<AnchorSet::Point> points) {
  std::vector<Name> negatives = configured_;
  for (const Name& name : temporary_) {
    if (std::ranges::find(configured_, name) == configured_.end()) { negatives.push_back(name); }
  }
  current_ = std::make_shared<const AnchorSet>(std::move(points), std::move(negatives));
}

void TrustAnchors::replace_points(std::vector<AnchorSet::Point> points) {
  const std::lock_guard lock(mutex_);
  make(std::move(points));
}

void TrustAnchors::replace_negatives(std::vector<Name> configured) {
  const std::lock_guard lock(mutex_);
  configured_ = std::move(configured);
  make(current_->points());
}

void TrustAnchors::replace_temporary_negatives(std::vector<Name> temporary) {
  const std::lock_guard lock(mutex_);
  temporary_ = std::move(temporary);
  make(current_->points());
}

}  // namespace vouch
