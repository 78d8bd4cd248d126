// TLS on a connected, or connecting, non-blocking socket, for a server and for a client: ByteStream over OpenSSL.
//
// What comes is read straight from the descriptor, several records with one system call. What goes is encrypted into a
// buffer of our own, from where flush() sends a turn's records with one system call. An idle connection holds no
// buffer. The end of a connection without TLS's own goodbye counts as an end: messages carry lengths, so that nobody
// can pass a part off as the whole. One read() receives at most kReceivesPerRead times and decrypts at most
// kRecordsPerRead records, so that a peer that sends without pause, be it key updates, costs others no more than that.
//
// Made by TlsServerContext and TlsClientContext, either of which may go before it. One thread, the context's.
// Nothing is said to the peer before read() is called: a client's caller begins with that, and a flush().
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "transports/byte_stream.h"
#include "transports/socket.h"

struct bio_st;
struct ssl_st;

namespace vouch {

// Why a stream failed, in a few kinds for counters.
enum class TlsFailure : std::uint8_t {
  none,
  gone,              // the peer reset its connection, or closed it before the handshake was over
  not_tls,           // it began with something else, or with a greeting longer than any client's
  no_common_ground,  // no version, cipher suite or signature that both sides know
  refused_by_peer,   // it sent an alert: it does not trust our certificate, say
  not_trusted,       // it did not prove who it is (clients only)
  against_rules,     // anything else: a damaged record, a message out of order
};

class TlsStream final : public ByteStream {
 public:
  // Takes 16 KiB at once: the largest record, and more than any flight of a handshake but a server's chain.
  static constexpr int kReceivesPerRead = 4;
  static constexpr int kRecordsPerRead = 64;
  // Octets of a handshake. A client's part takes 2 KiB, a server's with its chain some 5; OpenSSL itself would take
  // 128 KiB for one message on the peer's word.
  static constexpr std::size_t kMaxClientHandshake = 32 * 1024;
  static constexpr std::size_t kMaxServerHandshake = 128 * 1024;
  // The first message, announced by its header. Those of today are below 2 KiB. A second one, which a client sends when
  // we ask for another group, only OpenSSL looks at; the time for a handshake bounds how long it may hold its memory.
  static constexpr std::size_t kMaxClientHello = 16 * 1024;
  // Key updates and tickets after the handshake. A server sends a few tickets; keys last for millions of records.
  static constexpr std::uint32_t kMaxLateMessages = 64;

  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  int fd() const noexcept override { return socket_.fd(); }
  void close() noexcept override { socket_.close(); }
  // `into` is not empty. After octets, the end or a failure is told by the next call; may_have_more is then true.
  Read read(MutableBytes into) override;
  bool is_established() const noexcept override { return is_established_; }
  bool was_resumed() const noexcept override { return was_resumed_; }
  bool is_mid_record() const noexcept override;
  bool put(Bytes octets) override;  // false before is_established()
  std::optional<std::size_t> flush() override;
  std::optional<std::size_t> send(Bytes octets) override;
  std::size_t unsent() const noexcept override { return output_.size() - sent_; }
  void say_goodbye() noexcept override;

  TlsFailure failure() const noexcept { return failure_; }
  // For the log: OpenSSL's words or the verifier's, a line at most; empty while nothing failed. For a client whose
  // server is not_trusted, the operator's reason.
  std::string failure_text() const;
  std::string_view protocol() const noexcept;  // by ALPN: "dot", "h2"; empty: none was agreed on. Valid with the stream
  bool is_tls13() const noexcept;

 private:
  friend class TlsServerContext;
  friend class TlsClientContext;
  enum class Side : std::uint8_t { server, client };
  struct Wire;  // OpenSSL's view of us: a BIO
  // Null: no memory. Takes `ssl` over in either case.
  static std::unique_ptr<TlsStream> make(ssl_st* ssl, Socket socket, Side side);
  TlsStream(ssl_st* ssl, Socket socket, Side side) noexcept;

  bool shake_hands();
  Read broken() const noexcept;
  void fail(int result);
  bool admits(Bytes received) noexcept;
  int receive(char* into, int room) noexcept;
  void count_late_message() noexcept;
  int keep(const char* octets, int count) noexcept;
  void drop_sent() noexcept;

  ssl_st* const ssl_;
  Socket socket_;
  Buffer output_;  // encrypted; the first sent_ octets have gone
  std::size_t sent_ = 0;
  unsigned long error_ = 0;  // OpenSSL's code
  std::size_t handshake_octets_ = 0;
  std::uint32_t late_messages_ = 0;
  std::array<Octet, 9> beginning_{};  // a record's header and a message's
  const Side side_;
  TlsFailure failure_ = TlsFailure::none;
  std::int8_t receives_left_ = 0;
  bool is_established_ = false;
  bool was_resumed_ = false;
  bool has_ended_ = false;  // close_notify, or the peer's FIN
  bool is_at_eof_ = false;  // the peer's FIN
  bool said_goodbye_ = false;
};

}  // namespace vouch
