// What clients' sessions may take from us, for the sessions of one kind (TCP; TLS and HTTPS; QUIC) of one worker: how
// many there are, how many from one source, and for how long one may shake hands, sit idle, dribble a message or leave
// its answers unread.
//
// Invariant: a session that was admitted is counted until it leaves (its destructor at the latest). Each of the four
// waits is a list in order of time, so that looking for what is overdue costs nothing while nothing is.
// Owner: the worker. One thread; outlives its sessions, is destroyed before the loop.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "resolver/base/address.h"
#include "transports/event_loop.h"
#include "transports/linked_list.h"
#include "transports/listener_options.h"

namespace vouch {

class SessionLimits;

struct IdleSessions;
struct HandshakingSessions;
struct ReceivingSessions;
struct StalledSessions;

// A session of any transport.
class LimitedSession : public Linked<IdleSessions>,
                       public Linked<HandshakingSessions>,
                       public Linked<ReceivingSessions>,
                       public Linked<StalledSessions> {
 public:
  enum class End : std::uint8_t {
    idle,            // nothing asked for too long
    evicted,         // idle the longest when another client needed the place
    slow_handshake,  // it has not finished what comes before the first query
    slow_message,    // a message was begun and not finished
    stalled,         // the answers are not being read
  };
  virtual ~LimitedSession();
  // The session must end now: close the connection and leave(). It may not destroy itself within this call.
  virtual void expire(End why) = 0;

 private:
  friend class SessionLimits;
  SessionLimits* limits_ = nullptr;
  IpAddress source_;
  bool is_attributed_ = false;  // counted to source_
  Instant idle_since_{};
  Instant handshaking_since_{};
  Instant receiving_since_{};
  Instant stalled_since_{};
};

class SessionLimits {
 public:
  SessionLimits(EventLoop& loop, const SessionLimitOptions& options);
  // Other limits from now on. Sessions beyond them stay until they end; waits are measured by the new ones.
  void adopt(const SessionLimitOptions& options);

  // Counts a new session. When all places are taken, evict_one() makes room. False: refused, either because its source
  // has its share or because every session is at work.
  bool admit(LimitedSession& session, const IpAddress& source);
  // The same for one whose source is not known yet: a proxy will say it. Until then the total alone bounds it.
  bool admit_unattributed(LimitedSession& session);
  bool attribute(LimitedSession& session, const IpAddress& source);  // false: its source has its share; it must go
  void leave(LimitedSession& session) noexcept;
  // Gives up the longest idle session, or else one that has dawdled over its handshake, a message or its answers for
  // longer than kGraceUnderPressure; false: there is none.
  bool evict_one();
  static constexpr Duration kGraceUnderPressure = std::chrono::milliseconds(500);  // more than a retransmission takes

  // What a session waits for. Setting what is set already starts its time anew.
  void set_idle(LimitedSession& session, bool is_idle) noexcept;
  void set_handshaking(LimitedSession& session, bool is_handshaking) noexcept;
  void set_receiving(LimitedSession& session, bool is_receiving) noexcept;
  void set_stalled(LimitedSession& session, bool is_stalled) noexcept;
  static bool is_receiving(const LimitedSession& session) noexcept;
  static bool is_idle(const LimitedSession& session) noexcept;

  // A step of a handshake costs up to a hundred answers. False: enough of them in this turn, others are waiting.
  bool may_shake_hands() noexcept;
  // With the dearest key (RSA of 4096 bits) some 10 ms, with the usual one (P-256) 2 ms.
  static constexpr unsigned kHandshakesPerTurn = 4;

  std::size_t sessions() const noexcept { return sessions_; }
  std::chrono::milliseconds stall() const noexcept { return options_.stall; }
  // How long a session may be idle now: the configured time while there is room, a hundredth when there is hardly any.
  Duration idle_timeout() const noexcept;

 private:
  LimitedSession* longest_idle(Instant grace) const noexcept;
  static void sweep(void* self);
  void arm();
  static IpAddress source_of(const IpAddress& client) noexcept;

  EventLoop& loop_;
  SessionLimitOptions options_;
  std::size_t per_source_ = 1;
  std::size_t sessions_ = 0;
  std::uint64_t handshake_turn_ = 0;  // the loop's, and what was done in it
  unsigned handshakes_in_turn_ = 0;
  std::unordered_map<IpAddress, std::size_t> by_source_;  // at most one entry per session
  LinkedList<LimitedSession, IdleSessions> idle_;
  LinkedList<LimitedSession, HandshakingSessions> handshaking_;
  LinkedList<LimitedSession, ReceivingSessions> receiving_;
  LinkedList<LimitedSession, StalledSessions> stalled_;
  LoopTimer sweep_timer_;
};

}  // namespace vouch
