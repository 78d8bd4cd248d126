// The TLS beneath a worker's listeners of one kind: new connections get the identity that is current when they come.
//
// One per worker and service; the worker's thread. Outlived by the streams it made.
#pragma once

#include <memory>

#include "transports/stream_listener.h"
#include "transports/tls/tls_server_context.h"

namespace vouch {

class TlsServer {
 public:
  TlsServer(const IdentityHolder& identities, std::shared_ptr<const TicketKeys> keys, TlsServerContext::Service service)
      : identities_(identities), keys_(std::move(keys)), service_(service) {}
  std::unique_ptr<ByteStream> accept(Socket socket);  // null: there is no identity yet, or no memory

 private:
  const IdentityHolder& identities_;
  const std::shared_ptr<const TicketKeys> keys_;
  const TlsServerContext::Service service_;
  std::unique_ptr<TlsServerContext> context_;
};

StreamService dns_over_tls(std::shared_ptr<TlsServer> tls);
StreamService dns_over_https(std::shared_ptr<TlsServer> tls, const HttpOptions& options);

}  // namespace vouch
