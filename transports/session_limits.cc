#include "transports/session_limits.h"

#include <algorithm>
#include <utility>

namespace vouch {

namespace {

// How the idle time shrinks as the places fill up (after Unbound, util/netevent.c): a flood of idle connections then
// empties faster than it can be poured in, and a client that asks at once never notices.
struct Pressure {
  std::size_t above_percent;
  int divisor;
};
constexpr Pressure kPressures[] = {{80, 100}, {65, 20}, {50, 4}};

// Often enough that nobody overstays by much, seldom enough that it costs nothing.
constexpr Duration kLongestSweep = std::chrono::milliseconds(250);
constexpr Duration kShortestSweep = std::chrono::milliseconds(5);

// The share of one source when the operator names none: ten sources fill the house, one never does.
constexpr std::size_t kSourceShare = 10;

template <typename List, typename Since>
void expire_all(List& list, Instant before, LimitedSession::End why, Since since) {
  while (LimitedSession* const session = list.front()) {
    if (since(*session) > before) { return; }
    session->expire(why);
  }
}

}  // namespace

LimitedSession::~LimitedSession() {
  if (limits_ != nullptr) { limits_->leave(*this); }
}

SessionLimits::SessionLimits(EventLoop& loop, const SessionLimitOptions& options)
    : loop_(loop), sweep_timer_(loop.base(), &SessionLimits::sweep, this) {
  adopt(options);
}

void SessionLimits::adopt(const SessionLimitOptions& options) {
  options_ = options;
  per_source_ = options.per_source != 0 ? options.per_source : std::max<std::size_t>(1, options.total / kSourceShare);
}

// Whoever has an IPv6 address has a /64 full of them.
IpAddress SessionLimits::source_of(const IpAddress& client) noexcept {
  return client.is_v4() ? client : Prefix(client, 64).address();
}

bool SessionLimits::admit(LimitedSession& session, const IpAddress& client) {
  const auto known = by_source_.find(source_of(client));
  if (known != by_source_.end() && known->second >= per_source_) { return false; }
  return admit_unattributed(session) && attribute(session, client);
}

bool SessionLimits::admit_unattributed(LimitedSession& session) {
  if (sessions_ >= options_.total && !evict_one()) { return false; }
  ++sessions_;
  session.limits_ = this;
  return true;
}

bool SessionLimits::attribute(LimitedSession& session, const IpAddress& client) {
  if (session.is_attributed_) { return true; }
  const IpAddress source = source_of(client);
  std::size_t& held = by_source_[source];
  if (held >= per_source_) { return false; }
  ++held;
  session.source_ = source;
  session.is_attributed_ = true;
  return true;
}

void SessionLimits::leave(LimitedSession& session) noexcept {
  if (session.limits_ == nullptr) { return; }
  session.limits_ = nullptr;
  session.Linked<IdleSessions>::unlink();
  session.Linked<HandshakingSessions>::unlink();
  session.Linked<ReceivingSessions>::unlink();
  session.Linked<StalledSessions>::unlink();
  --sessions_;
  if (!std::exchange(session.is_attributed_, false)) { return; }
  const auto known = by_source_.find(session.source_);
  if (--known->second == 0) { by_source_.erase(known); }
}

// The longest idle session that is not in the midst of a message that has only just begun.
LimitedSession* SessionLimits::longest_idle(Instant grace) const noexcept {
  LimitedSession* session = idle_.front();
  while (session != nullptr && is_receiving(*session) && session->receiving_since_ > grace) {
    session = idle_.after(*session);
  }
  return session;
}

bool SessionLimits::evict_one() {
  // Half a message or unread answers must not hold a place for long when others want it: an honest message takes one
  // flight.
  const Instant grace = loop_.now() - kGraceUnderPressure;
  if (LimitedSession* const longest = longest_idle(grace)) {
    longest->expire(LimitedSession::End::evicted);
    return true;
  }
  if (LimitedSession* const slow = handshaking_.front(); slow != nullptr && slow->handshaking_since_ <= grace) {
    slow->expire(LimitedSession::End::slow_handshake);
    return true;
  }
  if (LimitedSession* const slow = receiving_.front(); slow != nullptr && slow->receiving_since_ <= grace) {
    slow->expire(LimitedSession::End::slow_message);
    return true;
  }
  if (LimitedSession* const stuck = stalled_.front(); stuck != nullptr && stuck->stalled_since_ <= grace) {
    stuck->expire(LimitedSession::End::stalled);
    return true;
  }
  return false;
}

void SessionLimits::set_idle(LimitedSession& session, bool is_idle) noexcept {
  if (!is_idle) {
    session.Linked<IdleSessions>::unlink();
    return;
  }
  session.idle_since_ = loop_.now();
  idle_.push_back(session);
  arm();
}

void SessionLimits::set_handshaking(LimitedSession& session, bool is_handshaking) noexcept {
  if (!is_handshaking) {
    session.Linked<HandshakingSessions>::unlink();
    return;
  }
  session.handshaking_since_ = loop_.now();
  handshaking_.push_back(session);
  arm();
}

void SessionLimits::set_receiving(LimitedSession& session, bool is_receiving) noexcept {
  if (!is_receiving) {
    session.Linked<ReceivingSessions>::unlink();
    return;
  }
  session.receiving_since_ = loop_.now();
  receiving_.push_back(session);
  arm();
}

void SessionLimits::set_stalled(LimitedSession& session, bool is_stalled) noexcept {
  if (!is_stalled) {
    session.Linked<StalledSessions>::unlink();
    return;
  }
  session.stalled_since_ = loop_.now();
  stalled_.push_back(session);
  arm();
}

bool SessionLimits::is_receiving(const LimitedSession& session) noexcept {
  return session.Linked<ReceivingSessions>::is_linked();
}

bool SessionLimits::is_idle(const LimitedSession& session) noexcept {
  return session.Linked<IdleSessions>::is_linked();
}

bool SessionLimits::may_shake_hands() noexcept {
  if (std::exchange(handshake_turn_, loop_.turn()) != loop_.turn()) { handshakes_in_turn_ = 0; }
  return ++handshakes_in_turn_ <= kHandshakesPerTurn;
}

Duration SessionLimits::idle_timeout() const noexcept {
  for (const Pressure& pressure : kPressures) {
    if (sessions_ * 100 > options_.total * pressure.above_percent) {
      return Duration(options_.idle) / pressure.divisor;
    }
  }
  return options_.idle;
}

void SessionLimits::arm() {
  if (sweep_timer_.is_armed()) { return; }
  const Duration shortest =
      std::min({idle_timeout(), Duration(options_.handshake), Duration(options_.message), Duration(options_.stall)});
  sweep_timer_.arm(std::clamp(shortest / 4, kShortestSweep, kLongestSweep));
}

void SessionLimits::sweep(void* self) {
  auto& limits = *static_cast<SessionLimits*>(self);
  const Instant now = limits.loop_.now();
  expire_all(limits.handshaking_, now - limits.options_.handshake, LimitedSession::End::slow_handshake,
             [](const LimitedSession& session) { return session.handshaking_since_; });
  expire_all(limits.receiving_, now - limits.options_.message, LimitedSession::End::slow_message,
             [](const LimitedSession& session) { return session.receiving_since_; });
  expire_all(limits.stalled_, now - limits.options_.stall, LimitedSession::End::stalled,
             [](const LimitedSession& session) { return session.stalled_since_; });
  // Each that goes lowers the pressure, so the timeout is asked for anew.
  while (LimitedSession* const session = limits.longest_idle(now - kGraceUnderPressure)) {
    if (session->idle_since_ > now - limits.idle_timeout()) { break; }
    session->expire(LimitedSession::End::idle);
  }
  const bool nobody_waits =
      limits.idle_.empty() && limits.handshaking_.empty() && limits.receiving_.empty() && limits.stalled_.empty();
  if (!nobody_waits) { limits.arm(); }
}

}  // namespace vouch
