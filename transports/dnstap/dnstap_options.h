// What the operator says about dnstap; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <string>

namespace vouch {

struct DnstapOptions {
  std::string socket;    // of the collector, a Unix socket of at most kMaxSocketPath octets; empty: nobody is told
  std::string identity;  // this server's name in what is told; empty: none
  bool client_queries = true;
  bool client_responses = true;
  bool resolver_queries = false;
  bool resolver_responses = true;
  std::uint32_t ipv4_prefix =
      24;  // bits of clients' addresses that are told; the rest is zero, and their ports are not
  std::uint32_t ipv6_prefix = 48;
  bool is_wanted() const noexcept { return !socket.empty(); }
};

}  // namespace vouch
