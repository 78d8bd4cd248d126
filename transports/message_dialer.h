// The network as a StreamDialer: connections over TCP, on which a zone comes. Each is for one transfer and is not kept.
//
// Threads: the loop's alone. Lifetime: outlives its streams; destroyed before the loop and the random source. Limits: a
// stream holds at most one incomplete message and one read of kRead octets; it reads only while somebody waits.
#pragma once

#include <array>
#include <memory>

#include "resolver/base/random.h"
#include "resolver/zones/message_stream.h"
#include "transports/event_loop.h"
#include "transports/listener_options.h"
#include "transports/source_address.h"

namespace vouch {

class MessageDialer final : public StreamDialer {
 public:
  static constexpr std::size_t kRead = 64 * 1024;  // one of the largest messages, about

  // Of the options the source addresses count; they are copied.
  MessageDialer(EventLoop& loop, const OutgoingOptions& options, Random& random);
  ~MessageDialer() override;

  std::unique_ptr<MessageStream> dial(const SocketAddress& server) override;

 private:
  class Stream;
  EventLoop& loop_;
  Random& random_;
  const SourceAddresses sources_;
  std::unique_ptr<std::array<Octet, kRead>> scratch_;
};

}  // namespace vouch
