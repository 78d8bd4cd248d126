// One who speaks over the control socket: takes in a line, has it answered, and takes in the next. Requests that come
// early wait in a bounded buffer, and beyond it in the kernel's.
//
// One thread, that of the loop. Whoever calls into it may find it closed afterwards; it is destroyed by its server, in
// a later turn.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "resolver/daemon/control/control_socket.h"
#include "resolver/daemon/control/registry.h"
#include "transports/event_loop.h"

namespace vouch {

// The defaults are what runs; tests shorten the times.
struct ControlLimits {
  std::size_t connections = 16;  // operators and their scripts; the longest idle one makes room for a new one
  Duration idle = std::chrono::seconds(10);         // without a whole request, however its octets dribble
  Duration stall = std::chrono::minutes(10);        // without the next octet being taken: an operator reads in a pager
  std::size_t unsent_low = 16 << 10;                // a command may go on below this,
  std::size_t unsent_high = 128 << 10;              // and should stop above this
  std::size_t unsent_most = 16 << 20;               // who leaves this much, of answers that cannot wait, is let go
  Duration sweep = std::chrono::milliseconds(500);  // how often the times are looked at
};

struct ControlTraffic {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // neither root nor the daemon's user
  std::uint64_t evicted = 0;  // idle ones that made room, and new ones for which there was none
  std::uint64_t overdue = 0;  // idle or deaf for too long
  std::uint64_t requests = 0;
  std::uint64_t malformed = 0;  // of these, or no requests at all
};

class ControlConnection final : public CallReplies {
 public:
  struct Parts {
    EventLoop& loop;
    const ControlRegistry& registry;
    const ControlLimits& limits;
    ControlTraffic& traffic;
  };
  ControlConnection(const Parts& parts, Socket socket, const ControlPeer& peer);
  ~ControlConnection() override;

  bool start() { return readable_.watch(true); }  // false: the kernel has no room to watch it
  bool is_open() const noexcept { return socket_.is_open(); }
  bool is_idle() const noexcept { return call_ == nullptr && unsent() == 0; }
  Instant since() const noexcept { return since_; }  // it is idle, or the last that was read or written
  void sweep(Instant now);                           // ends what has lasted too long
  // One more line, as far as the kernel takes it, and the end.
  void turn_away(std::string_view code, std::string_view sentence);

  void put(std::string line, bool is_last) override;
  bool is_full() const override { return unsent() >= parts_.limits.unsent_high; }
  void when_drained(std::function<void()> work) override;

 private:
  std::size_t unsent() const noexcept { return output_.size() - sent_; }
  void close();
  void read();
  void take_requests();
  void finish();
  void begin(std::string_view line);
  void complain(std::string_view code, std::string_view sentence);
  void send();
  void resume_if_drained();

  Parts parts_;
  Socket socket_;
  const ControlPeer peer_;
  LoopWatch readable_, writable_;
  std::string input_;
  std::string output_;
  std::size_t sent_ = 0;  // octets of output_
  CallPtr call_;          // under way
  Instant deadline_{};    // of the call, unless it goes on
  Duration patience_{};
  Instant since_;
  std::function<void()> drained_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for what is posted: false when this has gone
  bool has_ended_ = false;                                      // the other side will say nothing more
  bool closes_ = false;                                         // when all is sent
  bool is_taking_ = false;  // requests: a call that ends at once must not begin the next one within
};

}  // namespace vouch
