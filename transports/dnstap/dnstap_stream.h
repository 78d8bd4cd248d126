// The way of dnstap frames to their collector: one connection of the process (Frame Streams over a Unix socket), on a
// thread of its own that connects, and connects again where the collector was away. A worker never waits for it: each
// has a queue of bounded size, and what the queue does not take is lost, and counted.
//
// A library exists for it, libfstrm, and why it is not used says docs/decisions/0019.
//
// While the collector is away, frames are kept for kGrace, so that one that restarts misses nothing but what it had
// taken and not read. After that nothing is queued: what clients ask does not lie about for whoever comes.
//
// Threads: made, and its queues opened, on the main thread; start() there, after the process has become who it will be
// (threads inherit its confinement); a queue's methods by one thread each. Lifetime: outlives its queues' users.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "resolver/base/clock.h"
#include "telemetry/counters.h"
#include "transports/dnstap/collector_connection.h"
#include "transports/dnstap/frame_ring.h"

namespace vouch {

class DnstapStream {
 public:
  // Octets of frames that may wait for each worker: some twenty thousand messages, or a collector's pause of a tenth of
  // a second at 100,000 queries a second.
  static constexpr std::size_t kQueueSize = 4 << 20;
  // How long a collector may be away before nothing is kept for it any more: a restart, not an outage.
  static constexpr std::chrono::seconds kGrace{5};
  // Between two attempts to reach it, and two looks at a connection over which nothing is sent.
  static constexpr std::chrono::milliseconds kPeriod{500};
  // From the first frame after a pause until it is sent, with all that have come meanwhile.
  static constexpr std::chrono::milliseconds kGather{10};
  // What finish() waits for a collector that does not read.
  static constexpr std::chrono::milliseconds kEndPatience{500};

  class Queue {
   public:
    Queue(DnstapStream& stream, TransportCounters& counters)
        : ring_(kQueueSize), stream_(stream), counters_(counters) {}
    // False: nobody has been there for kGrace. Counted as lost; it need not even be encoded.
    bool is_open() noexcept;
    // At most 70,000 octets. Where there is no room it is lost, and counted.
    void submit(Bytes frame) noexcept;

   private:
    friend class DnstapStream;
    FrameRing ring_;
    DnstapStream& stream_;
    TransportCounters& counters_;
  };

  explicit DnstapStream(std::string socket, std::chrono::milliseconds grace = kGrace)
      : socket_(std::move(socket)), grace_(grace) {}
  ~DnstapStream() { finish(); }
  DnstapStream(const DnstapStream&) = delete;
  DnstapStream& operator=(const DnstapStream&) = delete;

  // Before start(). `counters` are the worker's, and outlive finish().
  Queue& open_queue(TransportCounters& counters);
  // The caller has blocked the signals that are not for this thread. Throws std::system_error where no thread is to be
  // had.
  void start();
  // Sends what waits, tells the collector that this was all, and waits for its word: for kEndPatience at most, and a
  // tick or two. What is submitted afterwards stays where it is.
  void finish() noexcept;

 private:
  void run() noexcept;
  void serve_until_the_end();
  void connect();
  void send_what_waits();
  bool send_from(Queue& queue);
  void disconnected();
  void note_outage(std::string_view problem);
  void discard_what_waits() noexcept;
  void rest();
  void wake() noexcept;
  bool is_ending() noexcept;
  bool is_empty() const noexcept;

  const std::string socket_;
  const std::chrono::milliseconds grace_;
  std::vector<std::unique_ptr<Queue>> queues_;
  std::atomic<bool> is_open_{true};
  std::atomic<bool> is_asleep_{false};  // the thread waits for a frame
  std::mutex mutex_;                    // never held while anything waits but the condition below
  std::condition_variable changed_;
  bool is_woken_ = false;  // this and the next guarded by mutex_
  bool is_ending_ = false;
  std::atomic<Instant> give_up_at_{Instant::max()};

  // The thread's own.
  std::optional<CollectorConnection> connection_;
  Instant away_since_{};
  bool is_outage_told_ = false;
  const CollectorConnection::IsGivenUp is_given_up_ = [this] {
    return std::chrono::steady_clock::now() >= give_up_at_.load(std::memory_order_relaxed);
  };
  std::thread thread_;
};

}  // namespace vouch
