// PROXY headers (version 2) as a proxy would write them.
#pragma once

#include <string>

#include "resolver/base/address.h"

namespace vouch {

inline std::string proxy_header(const SocketAddress& client, const SocketAddress& local, const std::string& tlvs = {}) {
  std::string body;
  for (const SocketAddress& end : {client, local}) {
    const Bytes octets = end.ip().octets();
    body.append(octets.begin(), octets.end());
  }
  for (const SocketAddress& end : {client, local}) {
    body.push_back(static_cast<char>(end.port() >> 8U));
    body.push_back(static_cast<char>(end.port() & 0xffU));
  }
  body += tlvs;
  std::string header("\r\n\r\n\0\r\nQUIT\n", 12);
  header.push_back('\x21');
  header.push_back(client.ip().is_v4() ? '\x11' : '\x21');
  header.push_back(static_cast<char>(body.size() >> 8U));
  header.push_back(static_cast<char>(body.size() & 0xffU));
  return header + body;
}

// The proxy speaks for itself: a health check.
inline std::string proxy_header_local() { return std::string("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16); }

}  // namespace vouch
