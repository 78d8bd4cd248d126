// A QUIC client for tests and measurements: DNS over QUIC by hand, stream by stream, right or wrong; and HTTP/3 on top
// of it. Never blocks: whoever owns it calls pump() until what it waits for has happened. Knows nothing of a loop.
#pragma once

#include <gnutls/gnutls.h>
#include <nghttp3/nghttp3.h>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "transports/quic/compat.h"
#include "transports/quic/datagrams.h"
#include "transports/socket.h"

namespace vouch {

// What a client may bring from an earlier visit.
struct QuicVisit {
  Buffer ticket;      // the TLS session; empty: none
  Buffer parameters;  // the server's limits then, which early data keeps to
  Buffer token;       // of NEW_TOKEN
};

struct QuicClientOptions {
  SocketAddress server;
  std::optional<IpAddress> local{};  // any otherwise
  std::vector<std::string> protocols{"doq"};
  std::string server_name = "localhost";
  std::string trusted_certificates{};  // PEM; empty: any certificate will do
  QuicVisit visit{};
  bool early_data = false;
  Buffer token{};  // sent with the first Initial, whatever it is
  std::uint32_t version = NGTCP2_PROTO_VER_V1;
  std::uint64_t stream_window = 256 * 1024;  // octets that the server may send on one stream
  std::uint64_t unidirectional_streams = 100;
  ngtcp2_duration idle_timeout = 60 * NGTCP2_SECONDS;
};

class QuicClient {
 public:
  struct Stream {
    Buffer received;
    Buffer unsent;
    bool wants_end = false;  // the stream ends with `unsent`
    bool is_queued = false;
    bool has_ended = false;              // the server has sent all
    bool is_closed = false;              // nothing more comes or goes
    std::optional<std::uint64_t> reset;  // the server's code

    std::deque<Buffer> sent;  // lent to ngtcp2 until the stream is closed
  };
  enum class End : std::uint8_t { none, application, transport, reset, silent };

  static std::unique_ptr<QuicClient> connect(const QuicClientOptions& options);  // null: no socket or no memory
  virtual ~QuicClient();
  QuicClient(const QuicClient&) = delete;
  QuicClient& operator=(const QuicClient&) = delete;

  void pump();  // takes what has come, does what is due, sends what there is
  int fd() const noexcept { return socket_.fd(); }
  // When pump() must be called at the latest, in nanoseconds of the monotonic clock.
  ngtcp2_tstamp due() const { return is_over() ? ~ngtcp2_tstamp{0} : ngtcp2_conn_get_expiry(connection_); }

  // Streams. -1: the server allows none now.
  std::int64_t open_stream();
  std::int64_t open_unidirectional_stream();
  std::uint64_t streams_left() const { return ngtcp2_conn_get_streams_bidi_left(connection_); }
  void send(std::int64_t stream, Bytes octets, bool is_last);
  void reset(std::int64_t stream, std::uint64_t code);
  void stop_reading(std::int64_t stream, std::uint64_t code);
  const Stream* stream(std::int64_t id) const;

  // DNS over QUIC, as it should be. -1: no stream now.
  std::int64_t ask(std::string_view message);
  static std::string framed(std::string_view message);
  std::optional<std::string> answer(std::int64_t stream) const;  // once it is whole and the stream has ended

  void close(std::uint64_t code);  // CONNECTION_CLOSE of the application
  bool is_established() const noexcept { return is_established_; }
  bool is_over() const noexcept { return end_ != End::none; }
  End how_ended() const noexcept { return end_; }
  std::uint64_t code() const noexcept { return code_; }  // with `application` and `transport`
  bool is_resumed() const noexcept { return is_resumed_; }
  bool was_early_data_taken() const noexcept { return early_data_taken_; }
  bool was_retried() const noexcept { return !retry_token_.empty(); }
  const Buffer& retry_token() const noexcept { return retry_token_; }
  const QuicVisit& visit() const noexcept { return visit_; }  // for the next one
  const std::vector<std::uint32_t>& offered_versions() const noexcept { return offered_versions_; }
  std::size_t octets_sent() const noexcept { return octets_sent_; }
  std::size_t octets_received() const noexcept { return octets_received_; }
  std::uint64_t datagrams_sent() const noexcept { return datagrams_sent_; }
  std::string peer_certificate() const;  // DER

  // Misfortunes.
  void rebind(const std::optional<IpAddress>& local = std::nullopt);  // another port, as a NAT does it
  bool is_mute = false;                                               // whatever it sends is lost
  bool is_deaf = false;                                               // does not even look
  bool gives_credit = true;                   // lets the server send more on a stream once something has been read
  void talk_to_tls(Bytes octets);             // CRYPTO after the handshake
  void keep_alive(ngtcp2_duration interval);  // packets that ask for nothing
  Buffer first_datagram;                      // a copy of its first

  bool forgets_streams = false;                       // that are closed: for many thousands of them
  std::function<void(std::int64_t, Stream&)> on_end;  // the server has ended a stream, or reset it

 protected:
  QuicClient() = default;
  bool begin(const QuicClientOptions& options);

  // What is spoken on the streams.
  struct Output {
    std::int64_t id = -1;
    bool is_last = false;
    std::array<ngtcp2_vec, 16> octets{};
    std::size_t count = 0;
  };
  virtual bool ready() { return true; }  // streams may be opened now
  virtual bool received(std::int64_t id, Bytes octets, bool is_last);
  virtual bool acknowledged(std::int64_t, std::uint64_t) { return true; }
  virtual void closed(std::int64_t id, std::uint64_t code);
  virtual void was_reset(std::int64_t id, std::uint64_t code);
  virtual Output next_output();
  virtual void sent(const Output& output, std::size_t octets);
  virtual void blocked(const Output& output);
  virtual void unwanted(const Output& output);
  virtual void not_now(const Output& output);  // the packet was full: again with the next
  virtual void unblocked(std::int64_t id);

  ngtcp2_conn* connection_ = nullptr;
  std::map<std::int64_t, Stream> streams_;

 private:
  struct Callbacks;
  bool begin_tls(const QuicClientOptions& options);
  bool open_socket(const std::optional<IpAddress>& local);
  void receive();
  void note_retry(Bytes datagram);
  void write();
  void finish(int error);
  void put_out(std::size_t octets);
  ngtcp2_path path() const noexcept;

  QuicClientOptions options_;
  Socket socket_;
  RawAddress local_;
  RawAddress server_;
  gnutls_certificate_credentials_t credentials_ = nullptr;
  gnutls_session_t tls_ = nullptr;
  ngtcp2_crypto_conn_ref reference_{};
  std::deque<std::int64_t> queue_;
  std::array<Octet, 1500> room_;
  QuicVisit visit_;
  Buffer retry_token_;
  std::vector<std::uint32_t> offered_versions_;
  End end_ = End::none;
  std::uint64_t code_ = 0;
  bool is_established_ = false;
  bool is_resumed_ = false;
  bool early_data_taken_ = false;
  bool is_early_ = false;
  std::size_t octets_sent_ = 0;
  std::size_t octets_received_ = 0;
  std::uint64_t datagrams_sent_ = 0;
};

// HTTP/3 requests over the same.
class Http3Client final : public QuicClient {
 public:
  struct Response {
    std::string status;
    std::map<std::string, std::string> fields;
    std::string body;
    bool is_whole = false;
    std::optional<std::uint64_t> reset;
  };
  using Fields = std::vector<std::pair<std::string, std::string>>;

  static std::unique_ptr<Http3Client> connect(QuicClientOptions options);  // with protocol h3
  ~Http3Client() override;

  // -1: not possible now. `has_more`: the body does not end with this, and never will.
  std::int64_t request(const Fields& fields, std::string_view body = {}, bool has_more = false);
  std::int64_t get(std::string target);
  std::int64_t post(std::string target, std::string_view body, std::string content_type = "application/dns-message");
  const Response* response(std::int64_t stream) const;

 private:
  struct Library;
  Http3Client() = default;
  bool ready() override;
  bool received(std::int64_t id, Bytes octets, bool is_last) override;
  bool acknowledged(std::int64_t id, std::uint64_t octets) override;
  void closed(std::int64_t id, std::uint64_t code) override;
  void was_reset(std::int64_t id, std::uint64_t code) override;
  Output next_output() override;
  void sent(const Output& output, std::size_t octets) override;
  void blocked(const Output& output) override;
  void unwanted(const Output& output) override;
  void not_now(const Output&) override {}
  void unblocked(std::int64_t id) override;

  struct Body {
    std::string octets;
    bool has_more = false;
    bool is_lent = false;
  };
  nghttp3_conn* http_ = nullptr;
  std::map<std::int64_t, Response> responses_;
  std::map<std::int64_t, Body> bodies_;
};

}  // namespace vouch
