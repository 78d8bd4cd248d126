// What our TLS servers and clients have in common. For the .cc files of this folder.
#pragma once

#include <new>
#include <string>
#include <utility>

#include "transports/tls/openssl_handles.h"

namespace vouch::tls {

// Versions, cipher suites, groups and how memory is kept, whatever the machine's openssl.cnf says. On failure empty;
// last_reason() tells why.
ContextHandle make_context(const SSL_METHOD* method) noexcept;

// The certificate, its key and the rest of the chain, all in PEM. False: last_reason() tells why.
bool use_pair(SSL_CTX* context, const std::string& chain, const std::string& private_key) noexcept;

// Something of ours that callbacks find at the context, and that goes with it: streams keep their context alive.
template <typename Kept>
class KeptWith {
 public:
  static bool put(SSL_CTX* context, std::unique_ptr<Kept> kept) noexcept {
    if (index() < 0 || SSL_CTX_set_ex_data(context, index(), kept.get()) != 1) { return false; }
    static_cast<void>(kept.release());
    return true;
  }
  static Kept* of(const SSL_CTX* context) noexcept { return static_cast<Kept*>(SSL_CTX_get_ex_data(context, index())); }

 private:
  static void free_it(void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) noexcept {
    delete static_cast<Kept*>(kept);
  }
  static int index() noexcept {
    static const int made = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_it);
    return made;
  }
};

}  // namespace vouch::tls
