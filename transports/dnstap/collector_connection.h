// One connection to a dnstap collector: a Unix socket that speaks Frame Streams. It waits, as a thread of its own may,
// and in every wait asks now and then whether it is to be given up.
//
// One thread.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <string>

#include "resolver/base/bytes.h"
#include "transports/dnstap/frame_streams.h"
#include "transports/socket.h"

namespace vouch {

class CollectorConnection {
 public:
  using IsGivenUp = std::function<bool()>;
  // Between two questions of whether a wait is to be given up.
  static constexpr std::chrono::milliseconds kTick{50};

  // Connects and agrees on the content. A collector that takes the connection and says nothing is waited for, for as
  // long as `is_given_up` lets it: whoever is busy gets to it. On failure why, for the operator.
  static std::expected<CollectorConnection, std::string> open(const std::string& path, const IsGivenUp& is_given_up);

  // False: the collector is gone, or the wait was given up; some of it may have arrived. A collector that does not read
  // is waited for.
  bool send(Bytes octets, const IsGivenUp& is_given_up) const noexcept;
  // Whether it still listens, as far as the kernel knows. A collector has nothing to say until it is told STOP.
  bool is_alive() const noexcept;
  // Parts in order, so that the collector has everything before the connection ends.
  void finish(const IsGivenUp& is_given_up) const noexcept;

 private:
  explicit CollectorConnection(Socket socket) : socket_(std::move(socket)) {}
  bool receive(MutableBytes octets, const IsGivenUp& is_given_up) const noexcept;
  bool hear(FrameControl control, const IsGivenUp& is_given_up) const noexcept;

  Socket socket_;
};

}  // namespace vouch
