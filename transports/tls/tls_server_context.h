// What all TLS connections of one listener share: the certificate, the ticket keys and what is agreed to (RFC 7858,
// RFC 8484 section 5.2, RFC 9325): TLS 1.2 with forward secrecy and AEAD alone, or 1.3; no renegotiation, compression,
// client certificates or early data; nothing is remembered of a client but what its own ticket holds.
//
// One for each worker and service, on the worker's thread. When IdentityHolder::current() has become another than
// identity(), make a new one. Streams keep what they need and may outlive it.
#pragma once

#include <expected>
#include <memory>
#include <string>

#include "transports/tls/identity.h"
#include "transports/tls/ticket_keys.h"
#include "transports/tls/tls_stream.h"

struct ssl_ctx_st;

namespace vouch {

class TlsServerContext {
 public:
  enum class Service : std::uint8_t {
    dot,    // ALPN "dot" where it is offered, as RFC 7858 does not ask for it
    https,  // "h2", or "http/1.1", so that such a client can be told what it should have spoken; else none
  };
  // Without keys there are no tickets, and every handshake is a full one. On failure a sentence for the operator.
  static std::expected<std::unique_ptr<TlsServerContext>, std::string> make(std::shared_ptr<const Identity> identity,
                                                                            std::shared_ptr<const TicketKeys> keys,
                                                                            Service service);
  ~TlsServerContext();
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  std::unique_ptr<TlsStream> accept(Socket socket) const;  // null: no memory; the socket is closed
  const std::shared_ptr<const Identity>& identity() const noexcept { return identity_; }

 private:
  TlsServerContext(ssl_ctx_st* context, std::shared_ptr<const Identity> identity) noexcept;
  ssl_ctx_st* const context_;
  const std::shared_ptr<const Identity> identity_;
};

}  // namespace vouch
