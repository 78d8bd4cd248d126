#include "telemetry/expiry_watch.h"

#include <algorithm>

namespace vouch {

void ExpiryWatch::note(NameView zone, const SignatureSpan& span, UnixTime now) {
  if (span.expiration <= span.inception) { return; }
  Name name(zone);
  name.lower_case();
  const std::lock_guard lock(mutex_);
  auto known = zones_.find(name);
  if (known == zones_.end()) {
    if (zones_.size() >= kZones) { make_room(now); }
    known = zones_.emplace(name, Entry{}).first;
  }
  Entry& entry = known->second;
  // A zone's sets are signed at different times: the soonest end counts, until the set it belonged to must have gone.
  const bool is_over = entry.span.expiration <= now || now - entry.seen > kForgetAfter / 2;
  if (entry.seen == 0 || is_over || span.expiration <= entry.span.expiration) {
    entry.span = span;
    entry.seen = now;
  }
  if (entry.answers != UINT32_MAX) { ++entry.answers; }
}

// Buckets are in no order that anybody outside could know (the hash is keyed): a run of them is as good as chance. What
// is told no more goes first, however popular it was.
void ExpiryWatch::make_room(UnixTime now) {
  constexpr int kCandidates = 16;
  const auto worth = [now](const Entry& entry) { return now - entry.seen > kForgetAfter ? 0 : entry.answers; };
  auto least = zones_.end();
  int seen = 0;
  while (seen < kCandidates) {
    const std::size_t bucket = turn_++ % zones_.bucket_count();
    for (auto at = zones_.begin(bucket); at != zones_.end(bucket); ++at, ++seen) {
      if (least == zones_.end() || worth(at->second) < worth(least->second)) { least = zones_.find(at->first); }
    }
  }
  zones_.erase(least);
}

std::vector<ExpiringZone> ExpiryWatch::soonest(UnixTime now, std::size_t most) const {
  std::vector<ExpiringZone> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, entry] : zones_) {
      const bool is_public = name.view().labels() <= 1;
      if (now - entry.seen > kForgetAfter || (entry.answers < kPopular && !is_public)) { continue; }
      ExpiringZone& zone = found.emplace_back();
      zone.zone = name.text();
      zone.expires = entry.span.expiration;
      zone.seen = entry.seen;
      const UnixTime window = entry.span.expiration - entry.span.inception;
      zone.window = static_cast<std::uint32_t>(std::min<UnixTime>(window, UINT32_MAX));
      zone.is_late = (entry.span.expiration - now) * kLatePart < window;
      zone.is_public = is_public;
    }
  }
  std::ranges::sort(found, [](const ExpiringZone& a, const ExpiringZone& b) {
    return std::tuple(!a.is_late, a.expires, a.zone) < std::tuple(!b.is_late, b.expires, b.zone);
  });
  if (found.size() > most) { found.resize(most); }
  return found;
}

}  // namespace vouch
