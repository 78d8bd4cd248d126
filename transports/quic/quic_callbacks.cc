#include "transports/quic/quic_callbacks.h"

#include "transports/quic/quic_connection.h"

namespace vouch {

struct QuicCallbacks {
  static QuicConnection& of(void* user) noexcept { return *static_cast<QuicConnection*>(user); }
  static QueryStream* stream_of(void* user) noexcept { return static_cast<QueryStream*>(user); }

  // Runs `step`; what it throws (no memory) ends the connection instead of passing through C.
  template <typename Step>
  static int guarded(Step&& step) noexcept {
    try {
      return step() ? 0 : NGTCP2_ERR_CALLBACK_FAILURE;
    } catch (...) { return NGTCP2_ERR_CALLBACK_FAILURE; }
  }

  static int recv_crypto_data(ngtcp2_conn* raw, QuicKeyLevel level, std::uint64_t offset, const std::uint8_t* data,
                              std::size_t length, void* user) noexcept {
    // After the handshake a client has nothing to say to TLS: no KeyUpdate, no new handshake (RFC 9001 section 6), and
    // a server asks for no certificate then.
    if (of(user).tls_.raw() == nullptr) {
      constexpr std::uint8_t kUnexpectedMessage = 10;
      ngtcp2_conn_set_tls_alert(raw, kUnexpectedMessage);
      return NGTCP2_ERR_CRYPTO;
    }
    return ngtcp2_crypto_recv_crypto_data_cb(raw, level, offset, data, length, user);
  }
  static int handshake_completed(ngtcp2_conn*, void* user) noexcept {
    return guarded([user] {
      of(user).complete_handshake();
      return true;
    });
  }
  static int recv_tx_key(ngtcp2_conn*, QuicKeyLevel level, void* user) noexcept {
    if (level != kApplicationKeys) { return 0; }
    return guarded([user] { return of(user).begin_streams(); });
  }

  static int recv_stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t id, std::uint64_t,
                              const std::uint8_t* data, std::size_t length, void* user, void* stream) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      if (connection.streams_ == nullptr || connection.has_failed_) { return true; }
      const bool is_last = (flags & NGTCP2_STREAM_DATA_FLAG_FIN) != 0;
      const bool is_early = (flags & kEarlyDataFlag) != 0 && !connection.is_established_;
      return connection.streams_->received(id, stream_of(stream), {data, length}, is_last, is_early);
    });
  }
  static int acked_stream_data_offset(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t length, void* user,
                                      void*) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      connection.has_progressed_ = true;
      return connection.streams_ == nullptr || connection.streams_->acknowledged(id, length);
    });
  }
  static int stream_open(ngtcp2_conn*, std::int64_t id, void* user) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      return connection.streams_ == nullptr || connection.has_failed_ || connection.streams_->opened(id);
    });
  }
  static int stream_close(ngtcp2_conn*, std::uint32_t, std::int64_t id, std::uint64_t code, void* user,
                          void* stream) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      return connection.streams_ == nullptr || connection.streams_->closed(id, stream_of(stream), code);
    });
  }
  static int stream_reset(ngtcp2_conn*, std::int64_t id, std::uint64_t, std::uint64_t, void* user,
                          void* stream) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      return connection.streams_ == nullptr || connection.streams_->reset_by_client(id, stream_of(stream));
    });
  }
  static int extend_max_stream_data(ngtcp2_conn*, std::int64_t id, std::uint64_t, void* user, void* stream) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      return connection.streams_ == nullptr || connection.streams_->may_send_more(id, stream_of(stream));
    });
  }

  static void fill_random(std::uint8_t* out, std::size_t length, const ngtcp2_rand_ctx* context) noexcept {
    static_cast<Random*>(context->native_handle)->fill({out, length});
  }
  static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* out, std::uint8_t* token, std::size_t,
                                   void* user) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      QuicHome& home = connection.home_;
      const ConnectionId id = ConnectionId::make(home.random, home.setup.worker, home.setup.workers);
      *out = id.raw();
      if (ngtcp2_crypto_generate_stateless_reset_token(token, home.setup.secrets.reset.data(),
                                                       home.setup.secrets.reset.size(), out) != 0 ||
          !home.route(id, connection)) {
        return false;
      }
      connection.ids_.push_back(id);
      return true;
    });
  }
  static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* retired, void* user) noexcept {
    return guarded([&] {
      auto& connection = of(user);
      const ConnectionId id(*retired);
      connection.home_.unroute(id, connection);
      std::erase(connection.ids_, id);
      return true;
    });
  }

  static ngtcp2_callbacks table() noexcept {
    ngtcp2_callbacks table{};
    table.recv_client_initial = &ngtcp2_crypto_recv_client_initial_cb;
    table.recv_crypto_data = &recv_crypto_data;
    table.handshake_completed = &handshake_completed;
    table.recv_tx_key = &recv_tx_key;
    table.encrypt = &ngtcp2_crypto_encrypt_cb;
    table.decrypt = &ngtcp2_crypto_decrypt_cb;
    table.hp_mask = &ngtcp2_crypto_hp_mask_cb;
    table.update_key = &ngtcp2_crypto_update_key_cb;
    table.delete_crypto_aead_ctx = &ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    table.delete_crypto_cipher_ctx = &ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    table.get_path_challenge_data = &ngtcp2_crypto_get_path_challenge_data_cb;
    table.version_negotiation = &ngtcp2_crypto_version_negotiation_cb;
    table.recv_stream_data = &recv_stream_data;
    table.acked_stream_data_offset = &acked_stream_data_offset;
    table.stream_open = &stream_open;
    table.stream_close = &stream_close;
    table.stream_reset = &stream_reset;
    // Not stream_stop_sending: it tells of what we send, and ngtcp2 tells nobody that a client has sent it. That a
    // query was given up shows when its stream closes before it has its answer.
    table.extend_max_stream_data = &extend_max_stream_data;
    table.rand = &fill_random;
    table.get_new_connection_id = &get_new_connection_id;
    table.remove_connection_id = &remove_connection_id;
    return table;
  }
};

const ngtcp2_callbacks& quic_callbacks() noexcept {
  static const ngtcp2_callbacks table = QuicCallbacks::table();
  return table;
}

}  // namespace vouch
