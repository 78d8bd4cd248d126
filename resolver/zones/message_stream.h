// Seam: a connection over which one request is answered by a stream of messages (RFC 5936 section 4), as Upstream is
// for one question and one reply. The network is one implementation (transports/), scripted primaries on virtual time
// are another (tests/).
#pragma once

#include <memory>
#include <string>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"
#include "resolver/base/clock.h"
#include "resolver/base/task.h"

namespace vouch {

struct StreamMessage {
  enum class Status : std::uint8_t {
    ok,
    timeout,      // no whole message came before the deadline
    unreachable,  // no connection could be made, or no socket was to be had
    closed,       // the peer ended it
  };
  Status status = Status::timeout;
  Buffer message;        // without its length
  std::string why = {};  // half a sentence for the operator
};

// One connection. Destroying it closes it. One thread.
class MessageStream {
 public:
  virtual ~MessageStream() = default;
  // Sent as soon as the connection stands. At most 65,535 octets.
  virtual void send(Bytes message) = 0;
  // The next message. One at a time; the stream outlives the task, or the task is destroyed first. Nothing is read from
  // the network between calls beyond what one read brought along, so that a peer who sends without end fills nothing.
  virtual Task<StreamMessage> receive(Instant deadline) = 0;
};

// One for each event loop. Outlives its streams.
class StreamDialer {
 public:
  virtual ~StreamDialer() = default;
  // Begins to connect. Never null: what fails at once is told by receive().
  virtual std::unique_ptr<MessageStream> dial(const SocketAddress& server) = 0;
};

}  // namespace vouch
