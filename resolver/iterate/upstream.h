// Seam: how the iterator reaches servers. The network is one implementation (transports/), scripted servers on virtual
// time are another (tests/). An Upstream knows sockets and nothing of DNS but the length prefix of TCP: what fits is
// judged by `check`.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

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
  Bytes packet;        // a whole message without length prefix; must live until the reply
  Instant deadline{};  // monotonic
  // For tls, whom the server must prove to be (RFC 8310): a certificate of this name that an authority signed, unless
  // the name is empty; and the holder of one of these keys (base64 of SHA-256, RFC 7858 appendix A), unless there is
  // none. Both must outlive the question.
  std::string_view tls_name;
  std::span<const std::string> tls_pins;
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
    untrusted,    // nothing was sent: over TLS the server did not prove who it is; `why` tells how it failed
  };
  Status status = Status::timeout;
  Buffer packet;
  Duration rtt{};        // from sending to the reply
  std::string why = {};  // of `untrusted`: half a sentence for the operator
};

// One per worker; used on its thread alone. Destroying the Task gives up the question and its socket.
class Upstream {
 public:
  virtual ~Upstream() = default;
  virtual Task<UpstreamReply> ask(UpstreamQuestion question) = 0;
};

}  // namespace vouch
