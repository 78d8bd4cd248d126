#include "tests/bench/load/visit.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace vouch::load {

namespace {

constexpr std::size_t kHeaderSize = 12;
constexpr unsigned char kDot[] = {3, 'd', 'o', 't'};  // ALPN as it goes over the wire (RFC 7858 registered it)

std::unexpected<std::string> system_failure(const char* what) {
  return std::unexpected(std::string(what) + ": " + std::strerror(errno));
}

std::unexpected<std::string> tls_failure(const char* what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return std::unexpected(std::string(what) + ": " + (reason != nullptr ? reason : "the server closed the connection"));
}

std::expected<int, std::string> connected(const sockaddr_in& server) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) { return system_failure("cannot open a socket"); }
  const timeval patience{kVisitPatience.count(), 0};
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // a query must not wait for an ACK
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
    const auto failed = system_failure("cannot connect");
    close(descriptor);
    return failed;
  }
  return descriptor;
}

// Acknowledges at once what comes next. A server that writes its tickets and its answer one after the other without
// TCP_NODELAY would otherwise wait 40 ms between them, for each connection: what counts here is what it does.
void hurry(int descriptor) {
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

}  // namespace

std::expected<std::unique_ptr<Visitor>, std::string> Visitor::make(const std::string& ca_file) {
  std::unique_ptr<Visitor> made(new Visitor);
  made->context_ = SSL_CTX_new(TLS_client_method());
  SSL_CTX* const context = made->context_;
  if (context == nullptr) { return tls_failure("OpenSSL makes no context"); }
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_alpn_protos(context, kDot, sizeof kDot);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, &Visitor::keep_ticket);
  SSL_CTX_set_app_data(context, made.get());
  if (!ca_file.empty()) {
    if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) {
      return tls_failure(("cannot use " + ca_file).c_str());
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  return made;
}

Visitor::~Visitor() {
  SSL_SESSION_free(ticket_);
  SSL_CTX_free(context_);
}

int Visitor::keep_ticket(SSL* ssl, SSL_SESSION* given) noexcept {
  auto* const visitor = static_cast<Visitor*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  SSL_SESSION_free(std::exchange(visitor->ticket_, given));
  return 1;  // the reference is ours now
}

std::expected<Visit, std::string> Visit::begin(const Visitor& visitor, const sockaddr_in& server, bool resuming) {
  const auto descriptor = connected(server);
  if (!descriptor) { return std::unexpected(descriptor.error()); }
  Visit visit(SSL_new(visitor.context()), *descriptor);
  if (visit.ssl_ == nullptr) { return tls_failure("OpenSSL makes no connection"); }
  SSL_set_fd(visit.ssl_, *descriptor);
  if (resuming && visitor.has_ticket()) {
    // A copy: OpenSSL makes a ticket that was used unusable, and not every server gives another for it.
    SSL_SESSION* const copy = SSL_SESSION_dup(visitor.ticket());
    SSL_set_session(visit.ssl_, copy);
    SSL_SESSION_free(copy);
  }
  if (SSL_connect(visit.ssl_) != 1) { return tls_failure("the handshake failed"); }
  return visit;
}

Visit::Visit(Visit&& other) noexcept
    : ssl_(std::exchange(other.ssl_, nullptr)), descriptor_(std::exchange(other.descriptor_, -1)) {}

Visit::~Visit() {
  SSL_free(ssl_);
  if (descriptor_ >= 0) { close(descriptor_); }
}

std::expected<void, std::string> Visit::ask(std::span<const std::uint8_t> query) {
  std::vector<std::uint8_t> framed{static_cast<std::uint8_t>(query.size() >> 8),
                                   static_cast<std::uint8_t>(query.size() & 0xff)};
  framed.insert(framed.end(), query.begin(), query.end());
  if (SSL_write(ssl_, framed.data(), static_cast<int>(framed.size())) <= 0) { return tls_failure("cannot send"); }
  std::array<std::uint8_t, 2> length{};
  if (auto read = read_all(length); !read) { return read; }
  std::vector<std::uint8_t> reply(static_cast<std::size_t>(length[0] << 8 | length[1]));
  if (auto read = read_all(reply); !read) { return read; }
  const bool is_reply = reply.size() >= kHeaderSize && std::equal(query.begin(), query.begin() + 2, reply.begin()) &&
                        (reply[2] & 0x80) != 0;
  if (!is_reply) { return std::unexpected("what came is no reply to the query"); }
  if (const int rcode = reply[3] & 0x0f; rcode != 0) {
    return std::unexpected("a reply with RCODE " + std::to_string(rcode));
  }
  return {};
}

std::expected<void, std::string> Visit::read_all(std::span<std::uint8_t> room) {
  while (!room.empty()) {
    hurry(descriptor_);
    const int got = SSL_read(ssl_, room.data(), static_cast<int>(room.size()));
    if (got <= 0) {
      const bool is_late = SSL_get_error(ssl_, got) == SSL_ERROR_WANT_READ;
      return is_late ? std::unexpected<std::string>("no reply in time") : tls_failure("no reply");
    }
    room = room.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

bool Visit::is_open() const {
  pollfd now{descriptor_, POLLRDHUP, 0};
  return poll(&now, 1, 0) == 0;
}

void Visit::say_goodbye() { SSL_shutdown(ssl_); }

}  // namespace vouch::load
