// DNS over HTTP/2 in the clear, for a reverse proxy on this machine: what is encrypted ends there.
#pragma once

#include "transports/http/http_session.h"
#include "transports/plain_stream.h"
#include "transports/stream_listener.h"

namespace vouch {

inline StreamService dns_over_cleartext_http(HttpOptions options) {
  options.http3_port =
      0;  // of this machine; clients know the proxy's name, and what else it serves is the proxy's to say
  return {.protocol = ClientProtocol::https,
          .name = "DNS over cleartext HTTP/2",
          .wrap = [](Socket socket) { return std::make_unique<PlainStream>(std::move(socket)); },
          .session = http_sessions(options)};
}

}  // namespace vouch
