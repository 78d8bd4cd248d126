#include "resolver/cache/server_cache.h"

#include <algorithm>
#include <atomic>
#include <functional>

#include "resolver/cache/forgetting.h"
#include "resolver/cache/sieve_table.h"

namespace vouch {

namespace {

// RFC 6298 section 2: alpha 1/8, beta 1/4, K 4.
constexpr int kSmoothing = 8;
constexpr int kVariation = 4;
constexpr int kDeviations = 4;
// No honest measurement is longer: a reply that late was given up on. Keeps one odd figure from weighing on the mean
// for long.
constexpr Duration kMaxMeasured = std::chrono::seconds(10);
constexpr std::uint8_t kMaxBackOff = 8;  // doublings; kMaxTimeout is reached after five at the most
// Of the octets, what lameness may take: there are far more servers than lame ones.
constexpr std::size_t kLameShare = 4;

struct Server {
  static constexpr std::size_t kSmallestMemory = 0;

  IpAddress address;
  bool measured = false;
  std::uint8_t timeouts = 0;
  Duration smoothed_rtt{};
  Duration rtt_variation{};
  Duration silence{};   // how long this silence lasts; 0: it is not silent
  Instant row_began{};  // the first of the timeouts in a row
  Instant silent_until{};
  Instant probed_until{};
  Instant edns_broken_until{};
  Instant case_broken_until{};
  Instant tcp_only_until{};
  Instant cookie_until{};
  ServerCookie cookie;

  std::size_t memory() const noexcept { return 0; }
};

// The zone stands as its keyed hash: nobody can aim at it, and one chance hit in 2^64 would cost one server for one
// zone.
struct Lame {
  static constexpr std::size_t kSmallestMemory = 0;

  IpAddress address;
  std::uint64_t zone_hash = 0;
  Instant until{};

  std::size_t memory() const noexcept { return 0; }
};

using Servers = SieveTable<Server>;
using Lameness = SieveTable<Lame>;

void measure(Server& server, Duration rtt) noexcept {
  rtt = std::clamp(rtt, Duration::zero(), kMaxMeasured);
  if (!server.measured) {  // RFC 6298 section 2.2
    server.measured = true;
    server.smoothed_rtt = rtt;
    server.rtt_variation = rtt / 2;
    return;
  }
  const Duration off = rtt > server.smoothed_rtt ? rtt - server.smoothed_rtt : server.smoothed_rtt - rtt;
  server.rtt_variation += (off - server.rtt_variation) / kVariation;  // section 2.3: this one first
  server.smoothed_rtt += (rtt - server.smoothed_rtt) / kSmoothing;
}

ServerState state_of(const Server& server, Instant now) {
  ServerState state;
  state.known = server.measured || server.timeouts > 0;
  state.smoothed_rtt = server.smoothed_rtt;
  state.rtt_variation = server.rtt_variation;
  state.timeouts = server.timeouts;
  state.silent = server.silence != Duration::zero();
  state.silent_until = server.silent_until;
  state.probing = now < server.probed_until;
  state.edns_broken = now < server.edns_broken_until;
  state.case_broken = now < server.case_broken_until;
  state.tcp_only = now < server.tcp_only_until;
  if (now < server.cookie_until) { state.cookie = server.cookie; }
  return state;
}

}  // namespace

Duration ServerState::timeout() const noexcept {
  const bool measured = smoothed_rtt > Duration::zero() || rtt_variation > Duration::zero();
  Duration wait = measured ? smoothed_rtt + kDeviations * rtt_variation : ServerCache::kFirstTimeout;
  wait = std::max(wait, ServerCache::kMinTimeout);
  wait *= std::int64_t{1} << std::min(timeouts, kMaxBackOff);  // RFC 6298 section 5.5
  return std::min(wait, ServerCache::kMaxTimeout);
}

struct ServerCache::Impl {
  explicit Impl(std::size_t capacity)
      : key(process_hash_key()), servers(capacity - capacity / kLameShare), lameness(capacity / kLameShare) {}

  // The server's place, made if there is none.
  template <typename Change>
  void change(const IpAddress& address, const Change& apply) {
    const std::uint64_t hash = std::hash<IpAddress>{}(address);
    Servers::Access shard = servers.lock(hash);
    const Servers::Place place = find_in(shard, hash, address);
    if (place != 0) {
      shard.hit(place);
      apply(shard.at(place));
      return;
    }
    Server fresh;
    fresh.address = address;
    apply(fresh);
    shard.insert(static_cast<std::uint32_t>(hash), std::move(fresh), false);
  }

  static Servers::Place find_in(const Servers::Access& shard, std::uint64_t hash, const IpAddress& address) noexcept {
    return shard.find(static_cast<std::uint32_t>(hash),
                      [&address](const Server& server) { return server.address == address; });
  }

  std::uint64_t lame_hash(const IpAddress& address, std::uint64_t zone_hash) const noexcept {
    SipState state(key);
    state.absorb<1>(std::hash<IpAddress>{}(address));
    state.absorb<1>(zone_hash);
    return state.finish<3>();
  }
  static Lameness::Place find_lame(const Lameness::Access& shard, std::uint64_t hash, const IpAddress& address,
                                   std::uint64_t zone_hash) noexcept {
    return shard.find(static_cast<std::uint32_t>(hash), [&address, zone_hash](const Lame& lame) {
      return lame.zone_hash == zone_hash && lame.address == address;
    });
  }

  SipKey key;
  Servers servers;
  Lameness lameness;
  std::atomic<std::uint64_t> generation{0};
};

ServerCache::ServerCache(std::size_t capacity) : impl_(std::make_unique<Impl>(capacity)) {}
ServerCache::~ServerCache() = default;

ServerState ServerCache::find(const IpAddress& server, Instant now) const {
  const std::uint64_t hash = std::hash<IpAddress>{}(server);
  const Servers::Access shard = impl_->servers.lock(hash);
  const Servers::Place place = Impl::find_in(shard, hash, server);
  if (place == 0) {
    shard.miss();
    return {};
  }
  shard.hit(place);
  return state_of(shard.at(place), now);
}

void ServerCache::on_reply(const IpAddress& server, Duration rtt, Instant) {
  impl_->change(server, [rtt](Server& known) {
    measure(known, rtt);
    known.timeouts = 0;
    known.silence = {};
    known.silent_until = known.probed_until = {};
  });
}

void ServerCache::on_timeout(const IpAddress& server, Instant now) {
  impl_->change(server, [now](Server& known) {
    if (known.timeouts == 0) { known.row_began = now; }
    if (known.timeouts < UINT8_MAX) { ++known.timeouts; }
    if (known.timeouts < kSilentAfter || now - known.row_began < kSilentSpan) { return; }
    // A hundred queries that were on their way when the server fell silent say together no more than one does; the
    // probe, whose timeout counts, goes out only when the silence is over.
    if (now < known.silent_until) { return; }
    known.silence = known.silence == Duration::zero() ? kMinSilence : std::min(2 * known.silence, kMaxSilence);
    known.silent_until = now + known.silence;
    known.probed_until = {};
  });
}

bool ServerCache::claim_probe(const IpAddress& server, Instant now) {
  const std::uint64_t hash = std::hash<IpAddress>{}(server);
  const Servers::Access shard = impl_->servers.lock(hash);
  const Servers::Place place = Impl::find_in(shard, hash, server);
  if (place == 0) { return false; }
  Server& known = shard.at(place);
  if (known.silence == Duration::zero() || now < known.silent_until || now < known.probed_until) { return false; }
  // Who claims and then gives up without a word (cancelled) blocks the others no longer than this.
  known.probed_until = now + kMaxTimeout;
  return true;
}

void ServerCache::on_edns_broken(const IpAddress& server, Instant now) {
  impl_->change(server, [now](Server& known) { known.edns_broken_until = now + kEdnsMemory; });
}

void ServerCache::on_case_broken(const IpAddress& server, Instant now) {
  impl_->change(server, [now](Server& known) { known.case_broken_until = now + kCaseMemory; });
}

void ServerCache::on_forgery_suspected(const IpAddress& server, Instant now) {
  impl_->change(server, [now](Server& known) { known.tcp_only_until = now + kTcpOnlyMemory; });
}

void ServerCache::on_cookie(const IpAddress& server, const ServerCookie& cookie, Instant now) {
  if (cookie.length > cookie.octets.size()) { return; }
  impl_->change(server, [&cookie, now](Server& known) {
    known.cookie = cookie;
    known.cookie_until = now + kCookieMemory;
  });
}

void ServerCache::on_lame(const IpAddress& server, NameView zone, Duration how_long, Instant now) {
  const std::uint64_t zone_hash = zone.hash(impl_->key);
  const std::uint64_t hash = impl_->lame_hash(server, zone_hash);
  Lameness::Access shard = impl_->lameness.lock(hash);
  const Lameness::Place place = Impl::find_lame(shard, hash, server, zone_hash);
  if (place != 0) {
    shard.hit(place);
    shard.at(place).until = now + how_long;
    return;
  }
  shard.insert(static_cast<std::uint32_t>(hash),
               Lame{.address = server, .zone_hash = zone_hash, .until = now + how_long}, false);
}

bool ServerCache::is_lame(const IpAddress& server, NameView zone, Instant now) const {
  const std::uint64_t zone_hash = zone.hash(impl_->key);
  const std::uint64_t hash = impl_->lame_hash(server, zone_hash);
  const Lameness::Access shard = impl_->lameness.lock(hash);
  const Lameness::Place place = Impl::find_lame(shard, hash, server, zone_hash);
  if (place == 0 || now >= shard.at(place).until) { return false; }
  shard.hit(place);
  return true;
}

std::uint64_t ServerCache::remove(const IpAddress& server, NameView zone) {
  const Forgetting forgetting(impl_->generation);
  std::uint64_t removed = 0;
  {
    const std::uint64_t hash = std::hash<IpAddress>{}(server);
    Servers::Access shard = impl_->servers.lock(hash);
    if (const Servers::Place place = Impl::find_in(shard, hash, server)) {
      shard.erase(place);
      ++removed;
    }
  }
  const std::uint64_t zone_hash = zone.hash(impl_->key);
  const std::uint64_t hash = impl_->lame_hash(server, zone_hash);
  Lameness::Access shard = impl_->lameness.lock(hash);
  if (const Lameness::Place place = Impl::find_lame(shard, hash, server, zone_hash)) {
    shard.erase(place);
    ++removed;
  }
  return removed;
}

std::uint64_t ServerCache::generation() const noexcept { return impl_->generation.load(std::memory_order_acquire); }

void ServerCache::clear() {
  const Forgetting forgetting(impl_->generation);
  impl_->servers.clear();
  impl_->lameness.clear();
}
std::uint64_t ServerCache::octets() const { return impl_->servers.stats().octets + impl_->lameness.stats().octets; }
std::uint64_t ServerCache::entries() const { return impl_->servers.stats().entries; }

std::size_t ServerCache::shards() const noexcept { return impl_->servers.shard_count(); }

bool ServerCache::look_at(std::size_t shard, std::uint32_t& position, std::uint32_t most, Instant now,
                          std::vector<KeptServer>& kept) const {
  return impl_->servers.look_at(shard, position, most, [&](const Server& server, bool) {
    if (!server.measured) { return; }
    kept.push_back({.address = server.address,
                    .smoothed_rtt = server.smoothed_rtt,
                    .rtt_variation = server.rtt_variation,
                    .edns_broken_for = std::max(Duration::zero(), server.edns_broken_until - now),
                    .case_broken_for = std::max(Duration::zero(), server.case_broken_until - now)});
  });
}

bool ServerCache::restore(const KeptServer& kept, Instant now, std::uint64_t as_of) {
  const auto within = [](Duration figure, Duration most) { return std::clamp(figure, Duration::zero(), most); };
  Server server;
  server.address = kept.address;
  server.measured = true;
  server.smoothed_rtt = within(kept.smoothed_rtt, kMaxMeasured);
  server.rtt_variation = within(kept.rtt_variation, kMaxMeasured);
  const auto until = [&](Duration left, Duration most) {
    return left > Duration::zero() ? now + within(left, most) : Instant{};
  };
  server.edns_broken_until = until(kept.edns_broken_for, kEdnsMemory);
  server.case_broken_until = until(kept.case_broken_for, kCaseMemory);
  const std::uint64_t hash = std::hash<IpAddress>{}(kept.address);
  Servers::Access shard = impl_->servers.lock(hash);
  if (generation() != as_of || !shard.has_room(0) || Impl::find_in(shard, hash, kept.address) != 0) { return false; }
  return shard.insert(static_cast<std::uint32_t>(hash), std::move(server), false);
}

}  // namespace vouch
