// A whole zone in memory, as a transfer or a file brought it: every record once, in canonical order (RFC 4034 section
// 6). Immutable once made and shared by pointer, so that a newer one takes its place while readers go on with the old.
//
// Memory: 20 octets for each record, its RDATA, and its owner's name once for a run of records (64 MB for a zone of a
// million short records). Two allocations.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "resolver/wire/rrset.h"

namespace vouch {

// Class IN. References the list or zone that it is from.
struct ZoneRecord {
  NameView owner;
  Type type = Type::none;
  std::uint32_t ttl = 0;  // seconds
  Bytes rdata;            // names uncompressed, in the case in which they came
};

// Records in the order in which they came. What add() returned views of moves with the next add().
class RecordList {
 public:
  // Offsets are 32 bits wide; nobody who asks for a zone should hold more of it in memory anyway.
  static constexpr std::size_t kMaxOctets = std::size_t{1} << 31;

  bool add(NameView owner, Type type, std::uint32_t ttl, Bytes rdata);  // false: kMaxOctets would be passed
  bool add(const ZoneRecord& record) { return add(record.owner, record.type, record.ttl, record.rdata); }
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  ZoneRecord operator[](std::size_t index) const noexcept;
  std::size_t octets() const noexcept { return entries_.size() * sizeof(Entry) + octets_.size(); }  // in use
  std::size_t memory() const noexcept;                                                              // and reserved

 private:
  friend class Zone;
  struct Entry {
    std::uint32_t owner = 0;  // offsets
    std::uint32_t rdata = 0;
    std::uint32_t ttl = 0;
    Type type = Type::none;
    std::uint16_t rdata_length = 0;
    std::uint8_t owner_length = 1;
    std::uint8_t owner_labels = 0;
  };
  ZoneRecord view(const Entry& entry) const noexcept;

  std::vector<Entry> entries_;
  Buffer octets_;
};

// RFC 4034 section 6.3, names within RDATA in lower case where the type asks for it (section 6.2).
std::strong_ordering canonical_rdata_order(Type type, Bytes a, Bytes b);

class Zone;
using ZonePtr = std::shared_ptr<const Zone>;

class Zone {
 public:
  // Sorts the records and drops repeated ones (of those that differ in TTL or letters' case alone, the first stays).
  // On failure half a sentence: there is not exactly one SOA at the apex, it is malformed, a record lies outside the
  // zone, or one is of a type that no zone holds (RFC 6895 section 3.1). Takes about 2 us for each record.
  static std::expected<ZonePtr, std::string> make(NameView apex, RecordList records);

  NameView apex() const noexcept { return apex_; }
  std::uint32_t serial() const noexcept { return soa().serial; }
  SoaView soa() const noexcept { return soa_view(records_[soa_].rdata); }
  ZoneRecord soa_record() const noexcept { return records_[soa_]; }

  std::size_t size() const noexcept { return records_.size(); }
  ZoneRecord operator[](std::size_t index) const noexcept { return records_[index]; }

  // A run of records, as indices. All look-ups are binary searches: 15 comparisons of names in the root zone.
  struct Run {
    std::size_t first = 0, last = 0;  // `last` is one behind
    bool empty() const noexcept { return first == last; }
    std::size_t size() const noexcept { return last - first; }
  };
  Run at(NameView owner) const noexcept;
  Run at(NameView owner, Type type) const noexcept;
  bool has(NameView owner, Type type) const noexcept { return !at(owner, type).empty(); }
  // Whether the name exists: it owns something, or something below it does (RFC 4592 section 2.2.2).
  bool exists(NameView name) const noexcept;
  // The last owner before the name in canonical order, as the index of one of its records. The apex has none, and is
  // not asked for.
  std::size_t before(NameView name) const noexcept;
  // The set with those RRSIGs that cover it; the least of its TTLs. Null: there is none, or it is beyond what an RRset
  // holds (RRset::kMaxRecords, kMaxSignatures).
  RRsetPtr rrset(NameView owner, Type type) const;
  // That very record, TTL and letters' case aside.
  bool contains(const ZoneRecord& record) const;

  std::size_t memory() const noexcept { return sizeof *this + records_.memory(); }  // octets

 private:
  explicit Zone(NameView apex) : apex_(apex) {}
  std::size_t lower_bound(NameView owner, Type type) const noexcept;

  Name apex_;
  RecordList records_;
  std::size_t soa_ = 0;
};

// One step of an incremental transfer (RFC 1995 section 4): from one serial to the next. The SOA records are part of
// it: the old one is deleted first, the new one added first.
struct ZoneDifference {
  std::uint32_t from = 0, to = 0;
  RecordList deleted, added;
};

// The zone after the differences, in their order. On failure half a sentence: one does not start where the zone
// stands, or something is to be deleted that is not there; then the zone is not what the primary takes it for. What is
// to be added and is there already stays once. Work: linear in the zone, and n log n in the differences.
std::expected<ZonePtr, std::string> zone_after(const Zone& zone, const std::vector<ZoneDifference>& differences);

}  // namespace vouch
