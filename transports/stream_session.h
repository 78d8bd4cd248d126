// One client's connection on TCP, with or without TLS: queries in a pipeline, each answered as soon as its answer is
// ready, in any order. What is the same for DNS behind lengths (dns_stream_session.h) and for HTTP/2 (http/) is here.
//
// Fair: one read and a bounded number of queries, then everyone else's turn; the answers of a turn leave in one system
// call. Back pressure: no query is taken while the client leaves answers unread or has max_in_flight queries
// unanswered. In order: a PROXY header where one is due, the handshake where there is one, then queries.
// Owner: the StreamListener, which buries it once it has closed. One thread.
#pragma once

#include <array>
#include <memory>

#include "resolver/front/query_sink.h"
#include "telemetry/counters.h"
#include "transports/byte_stream.h"
#include "transports/event_loop.h"
#include "transports/length_framer.h"
#include "transports/listener_options.h"
#include "transports/proxy_header.h"
#include "transports/session_limits.h"

namespace vouch {

class StreamSession;

// Buffers that all sessions of a listener take turns in.
struct StreamScratch {
  static constexpr std::size_t kRead = 16 * 1024;
  static constexpr std::size_t kAnswer = LengthFramer::kPrefix + LengthFramer::kMaxMessage;
  std::array<Octet, kRead> input;
  std::array<Octet, 2 * kAnswer> output;  // a turn's answers, and always room for one of the largest
};

// What a session needs of its listener.
struct StreamSessionHome {
  EventLoop& loop;
  SessionLimits& limits;
  QuerySink& sink;
  SessionCounters& counters;
  StreamListenerOptions options;
  const ClientProtocol protocol;
  StreamScratch scratch;
  virtual void bury(StreamSession& session) = 0;  // it has closed: destroy it, but not before the turn's end

  StreamSessionHome(EventLoop& its_loop, SessionLimits& its_limits, QuerySink& its_sink, SessionCounters& its_counters,
                    const StreamListenerOptions& its_options, ClientProtocol its_protocol)
      : loop(its_loop),
        limits(its_limits),
        sink(its_sink),
        counters(its_counters),
        options(its_options),
        protocol(its_protocol) {}
  virtual ~StreamSessionHome() = default;
};

struct StreamSessions;

class StreamSession : public LimitedSession, public Linked<StreamSessions>, private EventLoop::TurnHook {
 public:
  struct Ends {
    SocketAddress client;
    SocketAddress local;
  };
  StreamSession(StreamSessionHome& home, std::unique_ptr<ByteStream> stream, const Ends& ends);
  ~StreamSession() override;
  // Once admitted. False: the kernel cannot watch it. `behind_proxy`: a PROXY header comes first and says who is
  // asking.
  bool start(bool behind_proxy);
  void expire(End why) final;

 protected:
  // A query's handle is known by a number of the kind's own choosing: HTTP's stream.
  using Tag = std::uint32_t;
  class Room;

  // Whether messages were whole, and whether the one that the client has owed us the rest of for longest was.
  struct Taken {
    bool any = false;
    bool oldest = false;
  };
  // What came, decrypted; empty: go on with what was left over. Answers what it may now.
  virtual Taken take(Bytes fresh) = 0;
  virtual bool has_work() const noexcept = 0;              // whole queries that take({}) would go on with
  virtual bool is_mid_message() const noexcept = 0;        // the client owes the rest of something
  virtual bool is_busy() const noexcept { return false; }  // beyond queries in flight: not to be closed as idle
  virtual void answer_late(Tag tag, Bytes message) = 0;
  virtual void give_up(Tag) {}       // the query gets no answer
  virtual void send_late() = 0;      // the end of a turn: what was gathered for the client
  virtual void before_close(End) {}  // a last word may be put on the stream

  StreamSessionHome& home() noexcept { return home_; }
  ByteStream& stream() noexcept { return *stream_; }
  const Ends& ends() const noexcept { return ends_; }
  bool may_take() const noexcept;
  bool is_closed() const noexcept { return is_closed_; }
  void write(Bytes octets);  // with all that was put() before; may close
  void wake_at_end_of_turn() { home_.loop.at_end_of_turn(*this); }
  bool has_no_room_for(std::size_t octets);  // although it was offered what waits
  void close_in_order();                     // says goodbye, sends what is left as far as the kernel takes it
  void abuse();                              // counted; what the kernel still holds for the client is dropped

 private:
  class Reply;
  struct Link;  // what handles know of us: null once we have closed

  void on_readable();
  void on_writable();
  void read_proxy_header();
  void greet();
  void note_handshake();
  void end_of_turn() final;
  void review(Taken taken);
  bool is_mid_anything() const noexcept;
  void close() noexcept;
  void abort() noexcept;  // close(), and what the kernel still holds for the client is dropped

  StreamSessionHome& home_;
  Ends ends_;
  std::unique_ptr<ByteStream> stream_;
  std::unique_ptr<ProxyHeaderReader> proxy_header_;  // null: none is due
  std::size_t in_flight_ = 0;
  bool has_handshake_ = false;  // of TLS
  bool is_established_ = false;
  bool has_more_inside_ = false;  // decrypted octets, of which the descriptor does not tell
  bool is_blocked_ = false;       // the kernel took less than all
  bool at_end_ = false;           // the client will send no more
  bool is_closed_ = false;
  std::shared_ptr<Link> link_;  // made with the first handle
  LoopWatch reads_;
  LoopWatch writes_;
};

// Room for one answer in a buffer of the session's own.
class StreamSession::Room final : public ReplyRoom {
 public:
  Room(StreamSession& session, MutableBytes buffer, Tag tag) : session_(session), buffer_(buffer), tag_(tag) {}
  MutableBytes buffer() override { return buffer_; }
  std::unique_ptr<ReplyHandle> keep() override;
  bool was_kept() const noexcept { return was_kept_; }

 private:
  StreamSession& session_;
  MutableBytes buffer_;
  const Tag tag_;
  bool was_kept_ = false;
};

}  // namespace vouch
