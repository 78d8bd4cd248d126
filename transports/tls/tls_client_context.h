// What all TLS connections of one worker to servers share, for DNS over TLS in the strict profile (RFC 8310): a server
// that does not prove to be the one we mean gets no octet of a query, and nothing falls back to less.
//
// One thread. Streams keep what they need and may outlive it.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "transports/tls/tls_stream.h"

struct ssl_ctx_st;

namespace vouch {

// Whom we mean. What is given must all hold; with neither a name nor a pin the certificate must have the address.
struct TlsPeer {
  SocketAddress address;
  std::string name;               // in the certificate (subjectAltName), and sent as SNI; an address is one, too
  std::vector<std::string> pins;  // the server's own key is one of these: base64 of SHA-256 (RFC 7858 appendix A)
};

class TlsClientContext {
 public:
  // The last ticket of so many servers; forwarders are few. Beyond that, that of an arbitrary one is forgotten.
  static constexpr std::size_t kMaxSessions = 256;
  // A certificate that has expired since, or was taken back, is looked at again after this.
  static constexpr std::int64_t kMaxSessionAge = 12 * 3600;  // seconds

  // What is said to be spoken within (ALPN, RFC 7301): DNS, or nothing is said.
  enum class Speaks : std::uint8_t { dns, anything };

  // `authority_file`: PEM, the certificates that are trusted, be it a server's own; empty: the system's authorities.
  // On failure a sentence for the operator.
  static std::expected<std::unique_ptr<TlsClientContext>, std::string> make(const std::string& authority_file,
                                                                            Speaks speaks = Speaks::dns);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  // On a socket that is connected or connecting. Null: no memory, or a name that is none; the socket is closed. The
  // handshake begins with the first read(), a TlsFailure::not_trusted ends it, failure_text() says why.
  std::unique_ptr<TlsStream> connect(Socket socket, const TlsPeer& peer) const;

 private:
  explicit TlsClientContext(ssl_ctx_st* context) noexcept : context_(context) {}
  ssl_ctx_st* const context_;
};

// Whether the text is a pin as TlsPeer wants it: base64 of 32 octets.
bool is_pin(std::string_view text) noexcept;

}  // namespace vouch
