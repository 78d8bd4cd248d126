// One client's visit to a DNS-over-TLS server (RFC 7858): connect, shake hands, ask one question, leave.
#pragma once

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>

namespace vouch::load {

constexpr std::chrono::seconds kVisitPatience{10};  // for each read and write: on a busy machine a server may be slow

// What all visits share: TLS 1.3 alone, the authority that the server's certificate must come from, and the newest
// session ticket. One thread. Does not move, since OpenSSL keeps its address; outlives its visits.
class Visitor {
 public:
  // ca_file: PEM. Empty: the certificate is not looked at.
  static std::expected<std::unique_ptr<Visitor>, std::string> make(const std::string& ca_file);
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;
  ~Visitor();

  SSL_CTX* context() const { return context_; }
  bool has_ticket() const { return ticket_ != nullptr; }
  // The newest ticket, if any. Each is used once (RFC 8446 appendix C.4) where a server gives a new one for it.
  SSL_SESSION* ticket() const { return ticket_; }

 private:
  Visitor() = default;
  static int keep_ticket(SSL* ssl, SSL_SESSION* given) noexcept;

  SSL_CTX* context_ = nullptr;
  SSL_SESSION* ticket_ = nullptr;
};

class Visit {
 public:
  // Connects and shakes hands, by the visitor's ticket when `resuming`.
  static std::expected<Visit, std::string> begin(const Visitor& visitor, const sockaddr_in& server, bool resuming);
  Visit(Visit&& other) noexcept;
  Visit& operator=(Visit&&) = delete;
  ~Visit();  // closes without a word

  // Sends the query (an id and all) and waits for the reply. The error also tells of a reply that is none to it, or of
  // an RCODE other than NOERROR.
  std::expected<void, std::string> ask(std::span<const std::uint8_t> query);
  bool was_resumed() const { return SSL_session_reused(ssl_) == 1; }
  bool is_open() const;  // whether the server has not closed it
  void say_goodbye();    // close_notify; the server's own is not waited for

 private:
  Visit(SSL* ssl, int descriptor) : ssl_(ssl), descriptor_(descriptor) {}
  std::expected<void, std::string> read_all(std::span<std::uint8_t> room);

  SSL* ssl_;
  int descriptor_;
};

}  // namespace vouch::load
