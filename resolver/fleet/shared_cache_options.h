// What the operator says about the cache that a fleet shares; conf/vouch.yaml documents each key.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"

namespace vouch {

struct SharedCacheOptions {
  std::vector<SocketAddress> server;  // one, or none: then nothing is shared
  std::chrono::milliseconds patience{25};
  std::uint32_t database = 0;  // SELECT; 0 needs none
  std::string user;            // AUTH; empty: the one that has no name
  std::string password_file;   // empty: no AUTH
  std::string secret_file;
  bool tls = false;
  std::string tls_name;               // as TlsPeer's
  std::vector<std::string> tls_pins;  // likewise
  std::string tls_ca_file;            // PEM; empty: the system's authorities

  // What the files say; the loader fills them in.
  std::string password;
  Buffer secret;

  static constexpr std::size_t kLeastSecret = 32;  // octets: what the codes made with it are worth, and no less
  static constexpr std::size_t kMostSecret = 1024;
  bool is_on() const noexcept { return !server.empty(); }
};

}  // namespace vouch
