// Seam: how the iterator reaches servers. The network is one implementation (transports/), scripted servers on virtual
// time are another (tests/). An Upstream knows sockets and nothing of DNS but the length prefix of TCP: what fits is
// judged by `check`.
#pragma once

#include <functional>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "resolver/base/task.h"

namespace vouch {

enum class UpstreamProtocol : std::uint8_t { udp, tcp, tls };

enum class ReplyFit : std::uint8_t {
  accept,   // this is the reply
  ignore,   // not for us (malformed, stray): go on listening, the right one may follow
  forgery,  // a guess (wrong id, wrong question): stop, somebody may be trying; the caller will ask over TCP
};

struct UpstreamQuestion {
  SocketAddress server;
  UpstreamProtocol protocol = UpstreamProtocol::udp;
  Bytes packet;               // a whole message without length prefix; must live until the reply
  Instant deadline{};         // monotonic
  std::string_view tls_name;  // for tls: whom the certificate must name
  // Called for every datagram or message from `server`, on the asking thread.
  const std::function<ReplyFit(Bytes)>* check = nullptr;
};

struct UpstreamReply {
  enum class Status : std::uint8_t {
    ok,
    timeout,      // nothing that fits came before the deadline
    unreachable,  // the kernel or the peer says no: ICMP, RST, no route, no socket to be had
    forgery,      // `check` said so
    no_room,      // nothing was sent: this machine has no socket, port or memory left for it
  };
  Status status = Status::timeout;
  Buffer packet;
  Duration rtt{};  // from sending to the reply
};

// One per worker; used on its thread alone. Destroying the Task gives up the question and its socket.
class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual Task<UpstreamReply> ask(UpstreamQuestion question) = 0;
};

}  // namespace vouch
