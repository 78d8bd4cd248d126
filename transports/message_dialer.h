// The network as a StreamDialer: connections over TCP, or TLS on it, on which a zone comes. Each is for one transfer
// and is not kept.
//
// Threads: the loop's alone. Lifetime: outlives its streams; destroyed before the loop and the random source. Limits: a
// stream holds at most one incomplete message and one read of kRead octets; it reads only while somebody waits.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "resolver/base/random.h"
#include "resolver/zones/message_stream.h"
#include "transports/event_loop.h"
#include "transports/listener_options.h"
#include "transports/source_address.h"
#include "transports/tls/tls_client_context.h"

namespace vouch {

class MessageDialer final : public StreamDialer {
 public:
  static constexpr std::size_t kRead = 64 * 1024;  // one of the largest messages, about

  // Of the options the source addresses and the trusted authorities count; they are copied.
  MessageDialer(EventLoop& loop, const OutgoingOptions& options, Random& random);
  ~MessageDialer() override;

  std::unique_ptr<MessageStream> dial(const StreamPeer& peer) override;
  // Reads the trusted authorities, for which the right to may be gone later. On failure a sentence for the operator;
  // then nothing is fetched over TLS.
  std::optional<std::string> prepare_tls();

 private:
  class Stream;
  EventLoop& loop_;
  Random& random_;
  const std::string authority_file_;
  const SourceAddresses sources_;
  std::unique_ptr<std::array<Octet, kRead>> scratch_;
  std::unique_ptr<TlsClientContext> tls_;  // made for the first connection over TLS
};

}  // namespace vouch
