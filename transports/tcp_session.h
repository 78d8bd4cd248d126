// One client's TCP connection (RFC 7766): queries in a pipeline, each answered as soon as its answer is ready, in any
// order.
//
// Fair: one read and kMessagesPerTurn queries, then everyone else's turn; the answers of a turn leave in one system
// call. Back pressure: no query is taken while the client leaves answers unread or has max_in_flight queries
// unanswered. Memory while idle: this object. At most: one read and one message in, max_output out. Owner: the
// TcpListener, which buries it once it has closed. One thread.
#pragma once

#include <array>
#include <memory>

#include "resolver/front/query_sink.h"
#include "telemetry/counters.h"
#include "transports/event_loop.h"
#include "transports/length_framer.h"
#include "transports/listener_options.h"
#include "transports/session_limits.h"

namespace vouch {

class TcpSession;

// Buffers that all sessions of a listener take turns in.
struct TcpScratch {
  static constexpr std::size_t kRead = 16 * 1024;
  static constexpr std::size_t kAnswer = LengthFramer::kPrefix + LengthFramer::kMaxMessage;
  std::array<Octet, kRead> input;
  std::array<Octet, 2 * kAnswer> output;  // a turn's answers, and always room for one of the largest
};

// What a session needs of its listener.
struct TcpSessionHome {
  EventLoop& loop;
  SessionLimits& limits;
  QuerySink& sink;
  TransportCounters& counters;
  const TcpListenerOptions options;
  TcpScratch scratch;
  virtual void bury(TcpSession& session) = 0;  // it has closed: destroy it, but not before the turn's end

  TcpSessionHome(EventLoop& its_loop, SessionLimits& its_limits, QuerySink& its_sink, TransportCounters& its_counters,
                 const TcpListenerOptions& its_options)
      : loop(its_loop), limits(its_limits), sink(its_sink), counters(its_counters), options(its_options) {}
  virtual ~TcpSessionHome() = default;
};

struct TcpSessions;

class TcpSession final : public LimitedSession, public Linked<TcpSessions>, private EventLoop::TurnHook {
 public:
  TcpSession(TcpSessionHome& home, Socket socket, const SocketAddress& client, const SocketAddress& local);
  ~TcpSession() override;
  bool start();  // once admitted; false: the kernel cannot watch it
  void expire(End why) override;

 private:
  class Room;
  class Reply;
  struct Link;  // what handles know of us: null once we have closed

  void on_readable();
  void end_of_turn() override;
  bool may_take() const noexcept;
  void take(Bytes fresh);
  std::size_t serve(Bytes message, std::size_t used);
  void answer_later(Bytes message);
  void write(Bytes fresh);
  void keep_unsent(std::size_t sent, Bytes fresh);
  void review(bool has_completed_message);
  void close() noexcept;
  void abort() noexcept;  // close(), and what the kernel still holds for the client is dropped

  TcpSessionHome& home_;
  const SocketAddress client_;
  const SocketAddress local_;
  Socket socket_;
  LengthFramer framer_;
  Buffer output_;  // answers that are not with the kernel yet
  std::size_t in_flight_ = 0;
  bool is_blocked_ = false;  // the kernel took less than all of output_
  bool at_end_ = false;      // the client will send no more
  bool is_closed_ = false;
  std::shared_ptr<Link> link_;  // made with the first handle
  LoopWatch reads_;
  LoopWatch writes_;
};

}  // namespace vouch
