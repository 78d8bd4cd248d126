// TLS for QUIC (RFC 9001), by GnuTLS: what a listener proves itself with, and the session of one connection.
//
// Threads: one listener's. QuicCredentials are immutable once made; a connection keeps those it began with, so that a
// listener may take new ones at any time. The EarlyDataGuard outlives all sessions made with it.
#pragma once

#include <gnutls/gnutls.h>

#include <array>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "transports/quic/replay_store.h"
#include "transports/tls/identity.h"

namespace vouch {

// What a client may come to speak; chosen by ALPN (RFC 9250 section 4.1.1, RFC 9114 section 3.1).
enum class QuicProtocol : std::uint8_t { none, doq, http3 };

class QuicCredentials {
 public:
  static constexpr std::size_t kTicketSecret = 64;  // what GnuTLS derives its rotating ticket keys from
  // On failure a sentence for the operator.
  static std::expected<std::shared_ptr<const QuicCredentials>, std::string> make(
      std::shared_ptr<const Identity> identity, const std::array<Octet, kTicketSecret>& ticket_secret);
  ~QuicCredentials();
  QuicCredentials(const QuicCredentials&) = delete;
  QuicCredentials& operator=(const QuicCredentials&) = delete;

  const Identity* identity() const noexcept { return identity_.get(); }

 private:
  friend class QuicTlsSession;
  QuicCredentials() = default;
  std::shared_ptr<const Identity> identity_;
  std::array<Octet, kTicketSecret> ticket_secret_{};
  gnutls_certificate_credentials_t certificate_ = nullptr;
  gnutls_priority_t priority_ = nullptr;
};

// Lets each piece of early data in only once (RFC 8446 section 8).
class EarlyDataGuard {
 public:
  static std::unique_ptr<EarlyDataGuard> make();  // null: no memory
  ~EarlyDataGuard();
  EarlyDataGuard(const EarlyDataGuard&) = delete;
  EarlyDataGuard& operator=(const EarlyDataGuard&) = delete;

 private:
  friend class QuicTlsSession;
  EarlyDataGuard() = default;
  static int add(void* self, time_t until, const gnutls_datum_t* key, const gnutls_datum_t* data);
  gnutls_anti_replay_t guard_ = nullptr;
  ReplayStore store_;
};

// The server's side of one handshake. It has done its work when the handshake is over and the ticket is sent; the keys
// are with ngtcp2 by then.
class QuicTlsSession {
 public:
  QuicTlsSession() = default;
  ~QuicTlsSession() { end(); }
  QuicTlsSession(const QuicTlsSession&) = delete;
  QuicTlsSession& operator=(const QuicTlsSession&) = delete;

  // `connection` is the ngtcp2_crypto_conn_ref that GnuTLS' callbacks hand to ngtcp2. Without a guard no early data is
  // taken. False: no memory.
  bool begin(const QuicCredentials& credentials, EarlyDataGuard* guard, void* connection);
  void end() noexcept;
  gnutls_session_t raw() const noexcept { return session_; }

  QuicProtocol protocol() const;  // `none` until the ClientHello has been read
  bool is_resumed() const;
  bool send_ticket();

 private:
  gnutls_session_t session_ = nullptr;
};

}  // namespace vouch
