// What the operator says about asking servers; conf/vouch.yaml documents each key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/iterate/local_root_options.h"
#include "resolver/wire/name.h"

namespace vouch {

// RFC 9156: off sends whole names; relaxed falls back to the whole name where a server errs on a shortened one; strict
// does not.
enum class Minimisation : std::uint8_t { off, relaxed, strict };

// A zone whose servers the operator names. Stub: authoritative servers to iterate from. Forward: recursive servers to
// ask.
struct ConfiguredZone {
  Name zone;
  std::vector<SocketAddress> servers;
  bool first = false;      // forward: when they fail, resolve by iteration after all; never where `tls` is set
  bool cache = true;       // false: nothing learnt through them is cached
  bool tls = false;        // forward: over TLS (RFC 7858) and not otherwise
  std::string tls_name{};  // whom their certificate must name; empty: the pins decide
  std::vector<std::string> tls_pins{};  // one of which their key must have, base64 of SHA-256; empty: the name decides
  friend bool operator==(const ConfiguredZone&, const ConfiguredZone&) = default;
};

struct RootHint {
  Name name;
  std::vector<IpAddress> addresses;
};

struct ResolverOptions {
  bool ipv4 = true;
  bool ipv6 = true;
  std::uint16_t upstream_port = 53;  // other than 53 in labs only
  bool ask_loopback = false;         // whether learnt addresses on loopback may be asked (configured ones always may)
  Minimisation minimisation = Minimisation::relaxed;
  bool case_randomisation = true;    // 0x20 (draft-vixie-dnsext-dns0x20)
  bool cookies = true;               // RFC 7873
  bool priming = true;               // RFC 8109: the root's own NS set replaces the hints
  bool harden_glue = true;           // only in-domain and same-parent sibling glue
  std::uint16_t edns_size = 1232;    // octets, RFC 9715; 512..4096
  std::vector<RootHint> root_hints;  // empty: the built-in ones
  LocalRootOptions local_root;
  std::vector<ConfiguredZone> stub_zones;
  std::vector<ConfiguredZone> forward_zones;
};

}  // namespace vouch
