// What is known of authoritative servers, by address: round-trip time, how long it has been silent, which zones it is
// lame for, whether it speaks EDNS, keeps QNAME case, and its DNS cookie. Shared by all workers; every member may be
// called from any thread. Bounded by octets.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/clock.h"
#include "resolver/wire/name.h"

namespace vouch {

struct ServerCookie {  // RFC 7873 section 4: the server's part is 8 to 32 octets
  std::uint8_t length = 0;
  std::array<Octet, 32> octets{};
};

// A copy of what is known at one moment.
struct ServerState {
  bool known = false;         // an RTT has been measured or a timeout seen
  Duration smoothed_rtt{};    // RFC 6298's SRTT
  Duration rtt_variation{};   // and RTTVAR
  std::uint8_t timeouts = 0;  // in a row, saturating
  bool silent = false;        // it has stopped answering: whoever asks it claims the probe first
  Instant silent_until{};     // before this nobody gets to probe it
  bool probing = false;       // somebody is trying it right now although it is silent
  bool edns_broken = false;   // answers FORMERR/NOTIMP or silence to EDNS; forgotten after kEdnsMemory
  bool case_broken = false;   // does not copy the QNAME's case (0x20)
  bool tcp_only = false;      // a forged reply was suspected: ask over TCP for a while (RFC 5452 section 9.2)
  ServerCookie cookie;
  // What to wait for a reply over UDP before trying elsewhere.
  Duration timeout() const noexcept;
};

// A server as a snapshot keeps it (resolver/cache/snapshot.h): how fast it is and what it cannot do. Not that it is
// silent or lame: that is of the moment; nor its cookie, which is bound to ours.
struct KeptServer {
  IpAddress address;
  Duration smoothed_rtt{};
  Duration rtt_variation{};
  Duration edns_broken_for{};  // from now on; 0: it is not
  Duration case_broken_for{};
};

class ServerCache {
 public:
  static constexpr Duration kFirstTimeout =
      std::chrono::milliseconds(400);  // an unknown server; most of the world answers in 300 ms
  static constexpr Duration kMinTimeout = std::chrono::milliseconds(50);    // scheduling noise on a small device
  static constexpr Duration kMaxTimeout = std::chrono::milliseconds(1500);  // two tries must fit into 5 s
  static constexpr Duration kMaxSilence = std::chrono::seconds(60);  // a dead server that returns is found within this
  static constexpr Duration kMinSilence = std::chrono::seconds(1);   // at most one probe a second to a dead server
  static constexpr Duration kEdnsMemory = std::chrono::minutes(5);  // a forced downgrade must not last (CVE-2026-52690)
  static constexpr Duration kCookieMemory =
      std::chrono::minutes(30);  // a server that gave cookies up must not stay out for good
  static constexpr Duration kCaseMemory = std::chrono::hours(1);
  static constexpr Duration kTcpOnlyMemory =
      std::chrono::seconds(1);  // CVE-2023-26437: suspicion must not shut out the real server
  // Silent is who lets kSilentAfter questions in a row go by, over at least kSilentSpan: where many are under way at
  // once, three losses may fall together by chance.
  static constexpr std::uint8_t kSilentAfter = 3;
  static constexpr Duration kSilentSpan = std::chrono::seconds(1);

  explicit ServerCache(std::size_t capacity);
  ~ServerCache();

  ServerState find(const IpAddress& server, Instant now) const;
  void on_reply(const IpAddress& server, Duration rtt, Instant now);  // UDP or TCP: it lives
  void on_timeout(const IpAddress& server, Instant now);  // silence doubles, from kMinSilence to kMaxSilence
  // Claims the right to probe a silent server: true for one caller once its silence period has passed. The probe's own
  // timeout begins the next period, its reply ends the silence.
  bool claim_probe(const IpAddress& server, Instant now);
  void on_edns_broken(const IpAddress& server, Instant now);
  void on_case_broken(const IpAddress& server, Instant now);
  void on_forgery_suspected(const IpAddress& server, Instant now);
  void on_cookie(const IpAddress& server, const ServerCookie& cookie, Instant now);
  // A server that answers without authority, with REFUSED or SERVFAIL, or upward referrals for a zone that was
  // delegated to it.
  void on_lame(const IpAddress& server, NameView zone, Duration how_long, Instant now);
  bool is_lame(const IpAddress& server, NameView zone, Instant now) const;
  // All that is known of it, and whether it is lame for this zone. Returns how many entries went.
  std::uint64_t remove(const IpAddress& server, NameView zone);
  void clear();
  // As RRsetCache::generation().
  std::uint64_t generation() const noexcept;
  std::uint64_t octets() const;
  std::uint64_t entries() const;

  // For a snapshot, as RRsetCache::look_at(): servers that have answered.
  std::size_t shards() const noexcept;
  bool look_at(std::size_t shard, std::uint32_t& position, std::uint32_t most, Instant now,
               std::vector<KeptServer>& kept) const;
  // From a snapshot: refused (false) where something is known of the server already, where something would have to go
  // for it, and once generation() is not `as_of` any more. Figures are brought within the bounds of what could have
  // been measured.
  bool restore(const KeptServer& kept, Instant now, std::uint64_t as_of);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vouch
