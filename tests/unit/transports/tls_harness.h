// What the tests over TLS share: a folder of its own, identities by name, and two ends of one connection in memory.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "resolver/base/bytes.h"
#include "tests/unit/transports/certificates.h"
#include "transports/socket.h"
#include "transports/tls/tls_client_context.h"
#include "transports/tls/tls_server_context.h"

namespace vouch {

// Gone with the test.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vouch-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) { ADD_FAILURE() << "no folder for the test"; }
    path_ = pattern;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path() const { return path_.string(); }
  std::string path(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return path(name);
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool has(const std::string& name) const { return std::filesystem::exists(path_ / name); }

 private:
  std::filesystem::path path_;
};

inline std::shared_ptr<const Identity> identity_of(const TestCertificate& certificate,
                                                   const std::string& rest_of_chain = {}) {
  auto identity = Identity::from_pem(certificate.pem() + rest_of_chain, certificate.key());
  if (!identity) { ADD_FAILURE() << identity.error(); }
  return identity.value_or(nullptr);
}

inline std::shared_ptr<const TicketKeys> ticket_keys(Octet seed = 1) {
  const Buffer secret(TicketKeys::kLeastSecret, seed);
  return std::make_shared<const TicketKeys>(secret);
}

inline std::unique_ptr<TlsServerContext> server_context(
    const TestCertificate& certificate, std::shared_ptr<const TicketKeys> keys = ticket_keys(),
    TlsServerContext::Service service = TlsServerContext::Service::dot, const std::string& rest_of_chain = {}) {
  auto context = TlsServerContext::make(identity_of(certificate, rest_of_chain), std::move(keys), service);
  if (!context) {
    ADD_FAILURE() << context.error();
    return nullptr;
  }
  return std::move(*context);
}

inline std::unique_ptr<TlsClientContext> client_context(const std::string& authority_file) {
  auto context = TlsClientContext::make(authority_file);
  if (!context) {
    ADD_FAILURE() << context.error();
    return nullptr;
  }
  return std::move(*context);
}

inline std::pair<Socket, Socket> socket_pair() {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    ADD_FAILURE() << "no socket pair";
  }
  return {Socket(ends[0]), Socket(ends[1])};
}

// Reads what is there now; appends to `into`.
inline ByteStream::Status read_all(ByteStream& stream, std::string& into) {
  std::array<Octet, 16 * 1024> room;
  while (true) {
    const ByteStream::Read got = stream.read(room);
    into.append(text_of(Bytes(room).first(got.octets)));
    if (got.status != ByteStream::Status::open || (got.octets == 0 && !got.may_have_more)) { return got.status; }
  }
}

// Carries both handshakes to their ends, of whatever kind.
inline bool shake_hands(ByteStream& one, ByteStream& other) {
  std::string unexpected;
  for (int i = 0; i < 10; ++i) {
    for (ByteStream* const stream : {&one, &other}) {
      read_all(*stream, unexpected);
      stream->flush();
    }
  }
  EXPECT_EQ(unexpected, "");
  return one.is_established() && other.is_established();
}

// A client of our own and a server, connected.
struct TlsEnds {
  std::unique_ptr<TlsStream> client;
  std::unique_ptr<TlsStream> server;
  TlsEnds(const TlsClientContext& from, const TlsPeer& peer, const TlsServerContext& to) {
    auto [near, far] = socket_pair();
    client = from.connect(std::move(near), peer);
    server = to.accept(std::move(far));
  }
  bool shake_hands() { return client && server && vouch::shake_hands(*client, *server); }
};

// OpenSSL's own client, for what ours would not do.
class RawTlsClient {
 public:
  using Setting = std::function<void(SSL*)>;
  explicit RawTlsClient(const Setting& setting = [](SSL*) {})
      : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_set_security_level(context_.get(), 0);
    ssl_ = std::shared_ptr<SSL>(SSL_new(context_.get()), &SSL_free);
    auto [near, far] = socket_pair();
    near_ = std::move(near);
    far_ = std::move(far);
    SSL_set_fd(ssl_.get(), near_.fd());
    SSL_set_connect_state(ssl_.get());
    setting(ssl_.get());
  }
  Socket other_end() { return std::move(far_); }
  int other_fd() const { return far_.fd(); }  // while it has not been taken
  SSL* ssl() const { return ssl_.get(); }
  int fd() const { return near_.fd(); }
  // False: one of the two has failed.
  bool shake_hands(TlsStream& server) {
    std::array<Octet, 16 * 1024> room;
    for (int i = 0; i < 10; ++i) {
      SSL_do_handshake(ssl());
      server.read(room);
      server.flush();
    }
    ERR_clear_error();
    return SSL_is_init_finished(ssl()) == 1 && server.is_established();
  }
  void send(std::string_view octets) {
    EXPECT_EQ(SSL_write(ssl(), octets.data(), static_cast<int>(octets.size())), static_cast<int>(octets.size()));
  }
  std::string receive() {
    std::string all;
    std::array<char, 16 * 1024> room;
    while (true) {
      const int got = SSL_read(ssl(), room.data(), static_cast<int>(room.size()));
      if (got <= 0) { break; }
      all.append(room.data(), static_cast<std::size_t>(got));
    }
    ERR_clear_error();
    return all;
  }

 private:
  std::shared_ptr<SSL_CTX> context_;
  Socket near_, far_;
  std::shared_ptr<SSL> ssl_;  // before the socket that it uses
};

}  // namespace vouch
