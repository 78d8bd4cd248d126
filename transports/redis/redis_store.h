// A Redis or Valkey server as a RemoteStore: one connection over TCP, or TLS on it, on which commands are pipelined and
// replies come in the order of commands. Nobody waits for it but in get(), and there until his deadline.
//
//   away -> connecting -> greeting -> ready -> away
//
// away: nothing is asked or stored; the next attempt comes after a pause that grows while attempts fail. greeting: TLS,
// AUTH, SELECT and a PING, so that a server that refuses us is no better than none. ready ends with the connection:
// when the server closes it, breaks the protocol, or leaves a command unanswered for kSilence.
//
// Bounds: kMaxUnanswered commands, kMaxUnsent octets not yet taken by the kernel, one reply of RemoteStore::kMaxValue.
// Threads: the loop's alone. Lifetime: outlives who waits in get(); destroyed before the loop.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "resolver/base/random.h"
#include "resolver/fleet/remote_store.h"
#include "telemetry/counters.h"
#include "transports/event_loop.h"
#include "transports/redis/redis_protocol.h"
#include "transports/source_address.h"
#include "transports/tls/tls_client_context.h"

namespace vouch {

struct RedisServer {
  TlsPeer peer = {};  // without TLS its address alone counts
  bool tls = false;
  std::string authority_file = {};  // PEM; empty: the system's
  std::uint32_t database = 0;
  std::string user = {};      // empty: the one that has no name
  std::string password = {};  // empty: no AUTH
};

class RedisStore final : public RemoteStore, private EventLoop::TurnHook {
 public:
  static constexpr std::size_t kMaxUnanswered = 512;
  static constexpr std::size_t kMaxUnsent = 256 * 1024;
  static constexpr Duration kGreetingTime = std::chrono::seconds(3);  // to connect, shake hands and be let in
  static constexpr Duration kSilence = std::chrono::seconds(2);       // then the connection is dead, not slow
  static constexpr Duration kFirstPause = std::chrono::milliseconds(250);
  static constexpr Duration kLongestPause = std::chrono::seconds(30);  // an operator who mended it waits no longer
  static constexpr Duration kSettled = std::chrono::seconds(10);       // ready for so long: the next pause is the first

  enum class Failure : std::uint8_t { unreachable, untrusted, rejected, closed, silent, nonsense };

  // `tells`: its losses and recoveries go to the log. One of a process's stores does.
  RedisStore(EventLoop& loop, RedisServer server, const std::vector<IpAddress>& source_addresses, Random& random,
             SharedCacheCounters& counters, bool tells);
  ~RedisStore() override;  // whoever still waits is never resumed

  // Reads the trusted authorities, for which the right to may be gone later. On failure a sentence for the operator.
  std::optional<std::string> prepare_tls();
  void start();  // connects, now and whenever it has to; on the loop's thread

  bool is_ready() const noexcept override { return state_ == State::ready; }
  Task<RemoteValue> get(Bytes key, Instant deadline) override;
  bool put(Bytes key, Bytes value, std::chrono::milliseconds life) override;
  bool remove(std::span<const Buffer> keys) override;

 private:
  enum class State : std::uint8_t { away, connecting, greeting, ready };
  static constexpr std::size_t kRead = 16 * 1024;
  static constexpr int kReadsPerTurn = 8;  // then the others' turn comes

  class Waiter;  // who waits in get(): stands in its frame
  // A command that is not answered yet.
  struct Command {
    Waiter* waiter = nullptr;  // null: nobody, or he has gone
    Instant sent;
  };

  void connect();
  std::optional<std::string> begin_connecting_to();
  void greet();
  bool queue(std::span<const Bytes> words, Waiter* waiter);
  bool has_room(std::size_t octets) const noexcept;
  void lose(Failure failure, std::string why);
  void lose_broken();
  void arm_timer();
  void on_timer();
  void on_readable();
  void on_writable();
  bool read_once();
  bool take_replies();
  bool take(RedisReply reply);
  void flush();
  void end_of_turn() override;

  EventLoop& loop_;
  const RedisServer server_;
  const SourceAddresses sources_;
  Random& random_;
  SharedCacheCounters& counters_;
  const bool tells_;
  std::unique_ptr<TlsClientContext> tls_;

  State state_ = State::away;
  std::unique_ptr<ByteStream> stream_;  // null: away
  TlsStream* tls_stream_ = nullptr;     // stream_, where that is TLS
  bool is_connected_ = false;           // TCP's part of it
  Buffer output_;                       // commands that the stream has not been given yet
  RedisReplies replies_;
  std::deque<Command> unanswered_;  // oldest first
  std::uint64_t first_ = 0;         // the number of the oldest
  std::size_t greetings_left_ = 0;
  Duration pause_ = kFirstPause;
  Instant ready_since_{};
  bool more_to_read_ = false;
  bool has_told_loss_ = false;
  std::string last_told_;
  LoopTimer timer_;  // the next attempt, the end of the greeting, or of the patience with silence
  std::optional<LoopWatch> reads_, writes_;
  std::array<Octet, kRead> scratch_;
};

}  // namespace vouch
