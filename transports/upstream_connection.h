// One connection to a server, over TCP or over TLS on it, with the questions that wait on it. Questions are pipelined
// (RFC 7766 section 6.2.1.1) and replies may come in any order: each is offered to the waiting questions' checks,
// oldest first.
//
// Invariants: owed_ is the number of replies that may still come for questions that were given up; a message that fits
// nobody is one of those, or else nobody asked for it and the connection ends as a forgery for whoever rejected it. No
// octet of a question is given to the stream before the stream is established, and over TLS that is when the server has
// proven who it is (RFC 8310 section 5).
// Owner: StreamUpstream, which buries it once it has closed. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "resolver/iterate/upstream.h"
#include "transports/byte_stream.h"
#include "transports/event_loop.h"
#include "transports/length_framer.h"
#include "transports/tls/tls_client_context.h"

namespace vouch {

class StreamUpstream;
class UpstreamConnection;
struct IdleConnections;

TlsPeer peer_of(const UpstreamQuestion& question);
bool is_peer_of(const TlsPeer& peer, const UpstreamQuestion& question) noexcept;

struct StreamOutcome {
  UpstreamReply reply;
  bool may_retry = false;  // a reused connection ended: the server may have closed it before the question arrived
};

// One question on one connection: lives in the frame of StreamUpstream::ask().
class UpstreamExchange : public Linked<UpstreamExchange> {
 public:
  UpstreamExchange(StreamUpstream& upstream, const UpstreamQuestion& question);
  UpstreamExchange(const UpstreamExchange&) = delete;
  UpstreamExchange& operator=(const UpstreamExchange&) = delete;
  ~UpstreamExchange();

  bool begin(bool on_fresh_connection);  // false: no connection to be had
  OneShot<StreamOutcome> done;

 private:
  friend class UpstreamConnection;
  static void expired(void* self);
  void finish(UpstreamReply::Status status, Bytes packet, bool may_retry, std::string_view why = {});
  ReplyFit judge(Bytes message) const;

  StreamUpstream& upstream_;
  const UpstreamQuestion& question_;
  UpstreamConnection* connection_ = nullptr;  // null once it has let go of us
  LoopTimer timer_;
  Instant sent_at_{};
  bool on_used_connection_ = false;
};

class UpstreamConnection : public Linked<IdleConnections>, private EventLoop::TurnHook {
 public:
  // Already connecting; `tls` is `stream` where that is TLS, else null.
  UpstreamConnection(StreamUpstream& upstream, std::unique_ptr<ByteStream> stream, TlsStream* tls, TlsPeer peer);
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;
  ~UpstreamConnection() override;

  bool start();  // false: the kernel cannot watch it
  bool takes_questions(std::size_t most) const noexcept {
    return !retired_ && !closed_ && waiting_count_ + owed_ < most;
  }
  // Whether the question may use it: what one name or key has proven is no proof of another.
  bool leads_to_peer_of(const UpstreamQuestion& question) const noexcept;
  bool is_tls() const noexcept { return tls_ != nullptr; }
  const SocketAddress& server() const noexcept { return peer_.address; }
  void join(UpstreamExchange& exchange);
  void leave(UpstreamExchange& exchange, bool has_timed_out) noexcept;
  // Whoever waits hears this status.
  void close(UpstreamReply::Status status, std::string_view why = {}) noexcept;
  Instant idle_since{};  // while in the list of idle ones

 private:
  // A server owes at most what was asked; the others' turn comes before the rest of a large batch.
  static constexpr int kReadsPerTurn = 8;

  void on_readable();
  void on_writable();
  void end_of_turn() override;
  void take_all(Bytes octets);
  void take(Bytes message);
  UpstreamExchange* find_match(Bytes message, bool& is_rejected) const;
  void let_go(UpstreamExchange& exchange) noexcept;
  void flush();
  void fail();
  void review() noexcept;

  StreamUpstream& upstream_;
  const std::unique_ptr<ByteStream> stream_;
  TlsStream* const tls_;
  const TlsPeer peer_;  // over TCP the address alone
  LengthFramer framer_;
  Buffer output_;  // frames of questions that the stream has not been given yet
  LinkedList<UpstreamExchange, UpstreamExchange> waiting_;
  std::size_t waiting_count_ = 0;
  std::size_t owed_ = 0;
  Instant heard_at_{};  // when the last reply came
  bool connected_ = false;
  bool more_to_read_ = false;  // inside the stream, of which the descriptor does not tell
  bool used_ = false;          // a reply has come over it
  bool retired_ = false;       // nothing came while a question timed out: it may be dead, so no other is put on it
  bool closed_ = false;
  LoopWatch reads_;
  LoopWatch writes_;
};

}  // namespace vouch
