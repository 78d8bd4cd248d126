// The PROXY protocol, version 2 (HAProxy's doc/proxy-protocol.txt, section 2.2): a proxy that stands in front of us
// says in a binary header, before anything else, which client it speaks for. Version 1, the text form, is not spoken.
// Only peers that the operator lists may send one, and they must. Pure; every octet may be hostile.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"

namespace vouch {

// Addresses take at most 36 octets (UNIX sockets 216), and what proxies add beside them (TLVs: the TLS name, an id)
// some hundred; dnsdist and HAProxy send fewer than 300 in all.
constexpr std::size_t kMaxProxyHeader = 1024;

struct ProxiedEnds {
  SocketAddress client;
  SocketAddress local;  // where the client thinks that it is connected to
};

struct ProxyHeader {
  std::size_t size = 0;             // octets that it takes
  std::optional<ProxiedEnds> ends;  // nothing: the proxy speaks for itself (LOCAL, or a family without addresses)
};

// The header that a datagram begins with. Nothing: there is none, or it is against the rules.
std::optional<ProxyHeader> parse_proxy_header(Bytes octets) noexcept;

// The header of a stream, read without an octet too many: what follows belongs to TLS.
class ProxyHeaderReader {
 public:
  std::size_t wanted() const noexcept;  // octets that may be added now; 0: the header is whole
  // At most wanted() octets. False: this is no header, and the connection must end.
  bool add(Bytes octets) noexcept;
  const std::optional<ProxiedEnds>& ends() const noexcept { return header_.ends; }

 private:
  std::array<Octet, kMaxProxyHeader> octets_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;  // of the whole header, once its length has come
  ProxyHeader header_;
};

}  // namespace vouch
