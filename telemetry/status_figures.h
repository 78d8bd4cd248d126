// What the pages and /metrics tell of this resolver itself, as the daemon knows it: plain data, taken at one moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/clock.h"

namespace vouch {

struct CacheFigures {
  std::string cache;  // "rrset", "delegation", "server", "failure", "denial", "trust"
  std::uint64_t entries = 0, octets = 0, capacity = 0;
  // Counted by the RRset cache alone; elsewhere 0.
  std::uint64_t hits = 0, misses = 0, evictions = 0, insertions = 0;
};

struct AnchorFigures {
  std::string zone;  // presentation form
  std::uint16_t key_tag = 0;
  std::uint8_t algorithm = 0;
  std::string state;  // RFC 5011's: "valid", "add_pending", "missing", "revoked", ...; "configured": not yet seen
};

struct NegativeAnchorFigures {
  std::string zone;
  std::string reason;  // the operator's own words; may be empty
  UnixTime until = 0;  // 0: until the operator takes it out
};

struct CertificateFigures {
  std::string name;  // of the subject
  UnixTime not_after = 0;
  bool self_made = false;
  std::string pin;  // RFC 7858's, base64
};

struct ListenerFigures {
  std::string protocol;  // "dns", "tls", "https", "cleartext_https", "quic", "web"
  std::string address;   // "127.0.0.1@53"
};

// What becomes of the hourly history.
struct HistoryFigures {
  bool enabled = false;
  std::string file;
  std::string problem;              // why nothing can be written now; empty: all is well
  std::optional<UnixTime> written;  // when last
  std::uint32_t days = 0;           // kept
};

// Which names other resolvers are asked for (forward.zones), and are shown whole.
enum class Forwarding : std::uint8_t { none, some, all };

// How much is kept of clients and zones (privacy rules, docs/telemetry.md).
struct PrivacyFigures {
  std::uint32_t min_prefixes = 0;                   // k
  std::uint8_t ipv4_prefix = 0, ipv6_prefix = 0;    // bits of a client's address that are looked at
  std::uint32_t listed_zones = 0, listed_tlds = 0;  // most that /metrics names
  bool minimises = false;                           // RFC 9156 upstream
  bool encrypted_offered = false;                   // some encrypted transport is served
  bool copies_messages = false;                     // the operator's collector is told of every message (dnstap)
  std::uint8_t copied_ipv4_prefix = 0, copied_ipv6_prefix = 0;  // bits of a client's address that it is told
  Forwarding forwards = Forwarding::none;
};

// The root zone at home (RFC 8806).
struct LocalRootFigures {
  bool in_use = false;                  // questions to the root are answered from it
  std::optional<std::uint32_t> serial;  // of what is in use
  UnixTime checked = 0;                 // when a source last gave or confirmed it; 0: never
  UnixTime expires = 0;                 // when it goes out of use unless somebody confirms it; 0: none is in use
  std::string source;                   // an address, a file, or "state directory"
  std::string failure;                  // the last one, for the operator; empty: there was none
  UnixTime failed = 0;                  // and when
  std::uint64_t whole = 0, incremental = 0, up_to_date = 0;  // looks at a source that went well, by what came
  std::uint64_t failures = 0;                                // that did not
  std::uint64_t rejected = 0;                                // of these: what came was not the root
  std::uint64_t foreign = 0;                                 // records that sources sent and that are not the root's
  std::uint64_t replies = 0;                                 // given in the place of a root server
  std::uint64_t octets = 0;                                  // memory that the copy takes
};

// The store that a fleet shares. What became of it is counted by the workers.
struct SharedCacheFigures {
  std::string server;  // "192.0.2.1@6379"
  bool tls = false;
};

// What the web server has to do, since the start.
struct WebFigures {
  std::uint64_t accepted = 0, refused = 0, evicted = 0;  // connections
  std::uint64_t requests = 0;
  std::uint64_t overdue = 0;  // cut by a time limit
};

// What the process gave up once it served (server.confinement).
struct ConfinementFigures {
  std::string text;       // "no capabilities, files by Landlock 7, 60 system calls"; "off"
  bool is_whole = false;  // false: some of it is switched off, or not to be had from this kernel
};

struct StatusFigures {
  std::string version;
  std::vector<std::string> libraries;  // "OpenSSL 3.0.17", ...
  std::string validation;              // "enforce", "observe" or "off"
  std::uint32_t workers = 0;
  std::vector<AnchorFigures> anchors;
  std::vector<NegativeAnchorFigures> negative_anchors;
  std::optional<LocalRootFigures> local_root;      // nothing: it is switched off
  std::optional<SharedCacheFigures> shared_cache;  // nothing: none is shared
  bool clock_trusted = true;                       // the root's own signatures fit it, as far as has been seen
  std::optional<UnixTime> root_validated;          // when the root's keys were last found good
  std::optional<CertificateFigures> certificate;
  std::vector<ListenerFigures> listeners;
  std::vector<CacheFigures> caches;
  HistoryFigures history;
  PrivacyFigures privacy;
  WebFigures web;
  ConfinementFigures confinement;
  std::uint64_t resident_octets = 0;
  double cpu_seconds = 0;
  std::uint32_t open_descriptors = 0, max_descriptors = 0;
  std::uint64_t queries_in_flight = 0;
};

}  // namespace vouch
