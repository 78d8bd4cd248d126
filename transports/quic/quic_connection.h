// One client's connection (RFC 9000): ngtcp2 moves packets, GnuTLS shakes hands, QueryStreams knows what is asked.
//
// Nothing happens inside a library's callback but taking note; answers are asked for when ngtcp2 has returned, and
// packets are written at the end of the turn, when everything that is to go out has been gathered.
//
// Back pressure: no query is taken while kMaxHeld octets of answers are unsent or not acknowledged. Memory: what the
// handshake takes (kHandshakeMemory, given back when it is over), then what ngtcp2 asks for, counted, and no more than
// kMaxMemory. Owner: the QuicListener, which buries it once it has ended. One thread.
#pragma once

#include <vector>

#include "transports/quic/allowance.h"
#include "transports/quic/memory_account.h"
#include "transports/quic/query_streams.h"
#include "transports/quic/quic_home.h"

namespace vouch {

struct QuicConnections;
struct AwakeConnections;

class QuicConnection final : public LimitedSession, public Linked<QuicConnections>, public Linked<AwakeConnections> {
 public:
  static constexpr std::size_t kMaxStreams = 100;      // open at once: what a browser's page asks for, with room
  static constexpr std::size_t kMaxHeld = 256 * 1024;  // octets of answers
  static constexpr std::size_t kMaxMemory = 1024 * 1024;
  // What GnuTLS holds during a handshake (measured: 23 KiB); ngtcp2's part is counted as it is taken.
  static constexpr std::size_t kHandshakeMemory = 24 * 1024;
  // What a new connection comes to, all told, before it has answered anything (measured: 106 KiB).
  static constexpr std::size_t kNewMemory = 112 * 1024;

  // The Initial that a client begins with.
  struct Arrival {
    const ngtcp2_pkt_hd& header;
    const QuicInbox::Datagram& datagram;
    const ConnectionId* original = nullptr;  // after a Retry: where the client's first Initial went
  };
  QuicConnection(QuicHome& home, std::shared_ptr<const QuicCredentials> credentials, const Arrival& arrival,
                 Instant now);
  ~QuicConnection() override;
  bool start(const Arrival& arrival, Instant now);  // once admitted; false: no memory

  void read(const QuicInbox::Datagram& datagram, Instant now);
  void write(Instant now);  // what there is to send, at the end of the turn
  void expire(End why) override;
  void leave_politely();  // we are going; the client may come back at once

  const std::vector<ConnectionId>& ids() const noexcept { return ids_; }
  const SocketAddress& client() const noexcept { return client_; }

  // For its QueryStreams.
  ngtcp2_conn* raw() noexcept { return connection_; }
  MemoryAccount& memory() noexcept { return memory_; }
  QuicHome& home() noexcept { return home_; }
  bool is_closed() const noexcept { return is_closed_; }
  bool is_established() const noexcept { return is_established_; }
  bool may_take() const noexcept { return !is_closed_ && !has_failed_ && held_ < kMaxHeld; }
  bool may_hold() const noexcept { return !is_closed_ && held_ < kMaxHeld; }  // one more answer
  void hold(std::size_t octets) noexcept;  // an answer is kept until it has been acknowledged
  void let_go(std::size_t octets) noexcept;
  void set_stream(std::int64_t id, QueryStream* stream) noexcept {
    ngtcp2_conn_set_stream_user_data(connection_, id, stream);
  }
  void ask(QueryStream& stream, Bytes query);
  void wake() { home_.wake(*this); }
  // Ends the connection with this code of the application's, once the current step is done.
  void fail(std::uint64_t code) noexcept;
  // One more thing undone: a stream reset, an answer cancelled. Too many end the connection.
  void count_cancellation() noexcept;

 private:
  friend struct QuicCallbacks;
  class Room;
  bool begin_streams();
  void complete_handshake();
  void give_visit_token();
  void follow_path(const QuicInbox::Datagram& datagram, Instant now);
  void after_step(int error, Instant now);
  bool write_packet(Instant now);
  bool settle(Instant now);
  void review();
  void schedule(Instant now);
  static void timer_fired(void* self);
  void close(const QuicCloseError& error, Instant now);
  void close_with(std::uint64_t code, Instant now);
  void end(Bytes farewell, bool may_come_late);
  void count_end_of_handshake() noexcept;
  SessionCounters& session_counters() noexcept;

  QuicHome& home_;
  std::shared_ptr<const QuicCredentials> credentials_;
  MemoryAccount memory_;
  ngtcp2_crypto_conn_ref reference_;
  QuicTlsSession tls_;
  ngtcp2_conn* connection_ = nullptr;
  std::unique_ptr<QueryStreams> streams_;
  QuicProtocol protocol_ = QuicProtocol::none;
  RawAddress client_raw_;
  SocketAddress client_;
  SocketAddress local_;
  std::vector<ConnectionId> ids_;  // all that lead to us; ngtcp2 holds the number below a dozen
  LoopTimer timer_;
  Instant timer_due_{};
  Allowance packets_;
  Allowance cancellations_;
  Allowance migrations_;
  std::size_t held_ = 0;
  std::int64_t watched_stream_ = -1;  // the one that SessionLimits' wait for a message is for
  std::uint64_t failure_ = 0;
  bool has_failed_ = false;
  bool is_established_ = false;
  bool is_closed_ = false;
  bool is_counted_stalled_ = false;
  bool is_counted_idle_ = false;
  bool has_progressed_ = false;  // an answer was taken, a query served
  bool has_served_ = false;
};

}  // namespace vouch
