// Names that are answered here and asked of nobody: special-use zones (RFC 6303, 6761, 7686, 8375, 9476...), what this
// resolver says of itself (RFC 9462, RFC 9606) and the operator's own records (`local_data`). Immutable once built;
// shared by all workers.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/policy/discovery_options.h"
#include "resolver/policy/local_data_options.h"
#include "resolver/wire/rrset.h"
#include "telemetry/taxonomy.h"

namespace vouch {

struct LocalAnswer {
  Rcode rcode = Rcode::no_error;
  RRsetPtr answer;     // null: none
  RRsetPtr authority;  // the zone's SOA for a negative answer; null otherwise
  // AA: clients drop a RESINFO record without it, for another resolver further up may have answered (RFC 9606 section
  // 3).
  bool authoritative = false;
  std::optional<SpecialName> special = std::nullopt;  // of a special-use zone: which kind
  std::optional<Ede> ede = std::nullopt;              // of an operator's zone that keeps something back (RFC 8914)
  bool is_silence = false;                            // no answer at all
};

// The SOA of a zone that is made up here: the zone names itself as its server and nobody as its keeper (RFC 6303
// section 3). `ttl` in seconds, for its record and for what is not there (RFC 2308 section 5).
RRsetPtr made_up_soa(NameView zone, std::uint32_t ttl);

// Its RDATA alone. No allocation: a blocked name has one in its answer.
class MadeUpSoa {
 public:
  MadeUpSoa(NameView zone, std::uint32_t ttl) noexcept;
  Bytes rdata() const noexcept { return Bytes(octets_).first(size_); }

 private:
  static constexpr std::string_view kMailbox{"\x06nobody\x07invalid\x00", 16};  // RFC 2606 section 2
  static constexpr std::size_t kFields = 5;                                     // of 32 bits, behind the names
  std::array<Octet, kMaxNameLength + kMailbox.size() + kFields * 4> octets_;
  std::size_t size_;
};

class LocalZones {
 public:
  // The error names the record and what is wrong with it. Where there is something to discover, resolver.arpa is
  // answered here even without the other special-use zones: it is a locally served zone (RFC 9462 section 6.4), unless
  // the operator spares it by name.
  static std::expected<LocalZones, std::string> build(const LocalDataOptions& options,
                                                      const DiscoveryOptions* discovery = nullptr);
  LocalZones();
  LocalZones(LocalZones&&) noexcept;
  LocalZones& operator=(LocalZones&&) noexcept;
  ~LocalZones();

  // Nothing: not ours, go on. Cheap for the ordinary case (no local zone at or above the name).
  std::optional<LocalAnswer> find(NameView name, Type type) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace vouch
