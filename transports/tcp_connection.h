// One TCP connection to a server, with the questions that wait on it. Questions are pipelined (RFC 7766
// section 6.2.1.1) and replies may come in any order: each is offered to the waiting questions' checks, oldest first.
//
// Invariant: owed_ is the number of replies that may still come for questions that were given up; a message that fits
// nobody is one of those, or else nobody asked for it and the connection ends as a forgery for whoever rejected it.
// Owner: TcpUpstream, which buries it once it has closed. One thread.
#pragma once

#include <cstdint>

#include "resolver/iterate/upstream.h"
#include "transports/event_loop.h"
#include "transports/length_framer.h"

namespace vouch {

class TcpConnection;
class TcpUpstream;
struct IdleConnections;

struct TcpOutcome {
  UpstreamReply reply;
  bool may_retry = false;  // a reused connection ended: the server may have closed it before the question arrived
};

// One question on one connection: lives in the frame of TcpUpstream::ask().
class TcpExchange : public Linked<TcpExchange> {
 public:
  TcpExchange(TcpUpstream& upstream, const UpstreamQuestion& question);
  TcpExchange(const TcpExchange&) = delete;
  TcpExchange& operator=(const TcpExchange&) = delete;
  ~TcpExchange();

  bool begin(bool on_fresh_connection);  // false: no connection to be had
  OneShot<TcpOutcome> done;

 private:
  friend class TcpConnection;
  static void expired(void* self);
  void finish(UpstreamReply::Status status, Bytes packet, bool may_retry);
  ReplyFit judge(Bytes message) const;

  TcpUpstream& upstream_;
  const UpstreamQuestion& question_;
  TcpConnection* connection_ = nullptr;  // null once it has let go of us
  LoopTimer timer_;
  Instant sent_at_{};
  bool on_used_connection_ = false;
};

class TcpConnection : public Linked<IdleConnections>, private EventLoop::TurnHook {
 public:
  TcpConnection(TcpUpstream& upstream, Socket socket, const SocketAddress& server);  // already connecting
  TcpConnection(const TcpConnection&) = delete;
  TcpConnection& operator=(const TcpConnection&) = delete;
  ~TcpConnection() override;

  bool start();  // false: the kernel cannot watch it
  bool takes_questions(std::size_t most) const noexcept {
    return !retired_ && !closed_ && waiting_count_ + owed_ < most;
  }
  bool is_closed() const noexcept { return closed_; }
  const SocketAddress& server() const noexcept { return server_; }
  void join(TcpExchange& exchange);
  void leave(TcpExchange& exchange, bool has_timed_out) noexcept;
  void close(UpstreamReply::Status status) noexcept;  // whoever waits hears this status
  Instant idle_since{};                               // while in the list of idle ones

 private:
  void on_readable();
  void on_writable();
  void end_of_turn() override { flush(); }
  void take(Bytes message);
  TcpExchange* find_match(Bytes message, bool& is_rejected) const;
  void let_go(TcpExchange& exchange) noexcept;
  void flush();
  void review() noexcept;

  TcpUpstream& upstream_;
  const SocketAddress server_;
  Socket socket_;
  LengthFramer framer_;
  Buffer output_;  // frames of questions that the kernel has not taken yet
  LinkedList<TcpExchange, TcpExchange> waiting_;
  std::size_t waiting_count_ = 0;
  std::size_t owed_ = 0;
  bool connected_ = false;
  bool used_ = false;     // a reply has come over it
  bool retired_ = false;  // a question timed out on it: it may be dead, so no other is put on it
  bool closed_ = false;
  LoopWatch reads_;
  LoopWatch writes_;
};

}  // namespace vouch
