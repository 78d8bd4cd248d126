#include "transports/tls/tls_service.h"

#include "transports/dns_stream_session.h"
#include "transports/http/http_session.h"

namespace vouch {

std::unique_ptr<ByteStream> TlsServer::accept(Socket socket) {
  auto identity = identities_.current();
  if (context_ == nullptr || context_->identity() != identity) {
    if (identity == nullptr) { return nullptr; }
    auto made = TlsServerContext::make(std::move(identity), keys_, service_);
    if (made) { context_ = std::move(*made); }  // else the one before serves on: whoever replaced it has tried it out
  }
  return context_ == nullptr ? nullptr : context_->accept(std::move(socket));
}

StreamService dns_over_tls(std::shared_ptr<TlsServer> tls) {
  return {.protocol = ClientProtocol::tls,
          .name = "DNS over TLS",
          .wrap = [tls = std::move(tls)](Socket socket) { return tls->accept(std::move(socket)); },
          .session =
              [](StreamSessionHome& home, std::unique_ptr<ByteStream> stream, const StreamSession::Ends& ends) {
                return std::make_unique<DnsStreamSession>(home, std::move(stream), ends);
              }};
}

StreamService dns_over_https(std::shared_ptr<TlsServer> tls, const HttpOptions& options) {
  return {.protocol = ClientProtocol::https,
          .name = "DNS over HTTPS",
          .wrap = [tls = std::move(tls)](Socket socket) { return tls->accept(std::move(socket)); },
          .session = http_sessions(options)};
}

}  // namespace vouch
