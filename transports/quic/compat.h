// ngtcp2 0.12 (Debian 12) and 1.x (Debian 13) under one set of names: everything that differs between them and that we
// use is here, and nowhere else. nghttp3 needs nothing of the kind.
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_gnutls.h>

#include "resolver/base/bytes.h"

namespace vouch {

#if NGTCP2_VERSION_NUM < 0x010000

using QuicCloseError = ngtcp2_connection_close_error;
using QuicKeyLevel = ngtcp2_crypto_level;
inline constexpr QuicKeyLevel kApplicationKeys = NGTCP2_CRYPTO_LEVEL_APPLICATION;
inline constexpr std::uint32_t kEarlyDataFlag = NGTCP2_STREAM_DATA_FLAG_EARLY;

inline void set_library_error(QuicCloseError& error, int code) noexcept {
  ngtcp2_connection_close_error_set_transport_error_liberr(&error, code, nullptr, 0);
}
inline void set_tls_alert(QuicCloseError& error, std::uint8_t alert) noexcept {
  ngtcp2_connection_close_error_set_transport_error_tls_alert(&error, alert, nullptr, 0);
}
inline void set_application_error(QuicCloseError& error, std::uint64_t code) noexcept {
  ngtcp2_connection_close_error_set_application_error(&error, code, nullptr, 0);
}
inline Bytes token_of(const ngtcp2_pkt_hd& header) noexcept { return {header.token.base, header.token.len}; }
// The library copies it.
inline void set_retry_token(ngtcp2_settings& settings, Bytes token) noexcept {
  settings.token = {.base = const_cast<Octet*>(token.data()), .len = token.size()};
}
inline void set_original_id(ngtcp2_transport_params& parameters, const ngtcp2_cid& id) noexcept {
  parameters.original_dcid = id;
}
inline int shutdown_stream(ngtcp2_conn* connection, std::int64_t stream, std::uint64_t code) noexcept {
  return ngtcp2_conn_shutdown_stream(connection, stream, code);
}
inline int shutdown_stream_write(ngtcp2_conn* connection, std::int64_t stream, std::uint64_t code) noexcept {
  return ngtcp2_conn_shutdown_stream_write(connection, stream, code);
}
inline int shutdown_stream_read(ngtcp2_conn* connection, std::int64_t stream, std::uint64_t code) noexcept {
  return ngtcp2_conn_shutdown_stream_read(connection, stream, code);
}

#else

using QuicCloseError = ngtcp2_ccerr;
using QuicKeyLevel = ngtcp2_encryption_level;
inline constexpr QuicKeyLevel kApplicationKeys = NGTCP2_ENCRYPTION_LEVEL_1RTT;
inline constexpr std::uint32_t kEarlyDataFlag = NGTCP2_STREAM_DATA_FLAG_0RTT;

inline void set_library_error(QuicCloseError& error, int code) noexcept {
  ngtcp2_ccerr_set_liberr(&error, code, nullptr, 0);
}
inline void set_tls_alert(QuicCloseError& error, std::uint8_t alert) noexcept {
  ngtcp2_ccerr_set_tls_alert(&error, alert, nullptr, 0);
}
inline void set_application_error(QuicCloseError& error, std::uint64_t code) noexcept {
  ngtcp2_ccerr_set_application_error(&error, code, nullptr, 0);
}
inline Bytes token_of(const ngtcp2_pkt_hd& header) noexcept { return {header.token, header.tokenlen}; }
inline void set_retry_token(ngtcp2_settings& settings, Bytes token) noexcept {
  settings.token = token.data();
  settings.tokenlen = token.size();
  settings.token_type = NGTCP2_TOKEN_TYPE_RETRY;
}
inline void set_original_id(ngtcp2_transport_params& parameters, const ngtcp2_cid& id) noexcept {
  parameters.original_dcid = id;
  parameters.original_dcid_present = 1;
}
inline int shutdown_stream(ngtcp2_conn* connection, std::int64_t stream, std::uint64_t code) noexcept {
  return ngtcp2_conn_shutdown_stream(connection, 0, stream, code);
}
inline int shutdown_stream_write(ngtcp2_conn* connection, std::int64_t stream, std::uint64_t code) noexcept {
  return ngtcp2_conn_shutdown_stream_write(connection, 0, stream, code);
}
inline int shutdown_stream_read(ngtcp2_conn* connection, std::int64_t stream, std::uint64_t code) noexcept {
  return ngtcp2_conn_shutdown_stream_read(connection, 0, stream, code);
}

#endif

}  // namespace vouch
