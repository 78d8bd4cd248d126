// An RRset as an owned, immutable value that threads share: one allocation that holds the owner name, every RDATA in
// uncompressed wire form, and the RRSIGs that cover it. Counted; the last holder frees it.
//
// Limits (CVE-2024-1737 and its kin): kMaxRecords records, kMaxSignatures signatures, kMaxRRsetOctets octets in all. A
// larger set cannot be made, and so is neither cached nor served.
#pragma once

#include <atomic>
#include <iterator>
#include <span>

#include "resolver/base/clock.h"
#include "resolver/base/intrusive.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

class RRset;
using RRsetPtr = Shared<const RRset>;

// For how many seconds data may live, whatever its TTL and the operator's bounds: nobody has said.
constexpr std::uint32_t kNoCeiling = 0xffffffff;

class RRset {
 public:
  static constexpr std::size_t kMaxRecords = 256;        // PowerDNS's limit; BIND's is 100; real sets rarely pass 50
  static constexpr std::size_t kMaxSignatures = 16;      // two algorithms in the midst of a key roll need 4
  static constexpr std::size_t kMaxRRsetOctets = 65535;  // what a message can carry at all

  // Null when a limit is passed (counted before duplicates are dropped) or `rdata` is empty. Throws std::bad_alloc: a
  // set that there was no memory for must not be taken for one that is not there. Records are stored in the order
  // given, duplicates dropped (RFC 2181 section 5). `rdata` and `signatures` are uncompressed. `ttl` in seconds, the
  // one to count down from (the smallest of the set, RFC 2181 section 5.2).
  static RRsetPtr make(NameView owner, Type type, std::uint32_t ttl, std::span<const Bytes> rdata,
                       std::span<const Bytes> signatures = {});
  // Null when the owner makes it too large. Throws std::bad_alloc. The same data under another TTL; or with another
  // owner (a wildcard's expansion, RFC 1034 section 4.3.3).
  RRsetPtr with_ttl(std::uint32_t ttl) const;
  RRsetPtr with_owner(NameView owner) const;

  NameView owner() const noexcept { return NameView::trusted(data(), owner_length_, owner_labels_); }
  Type type() const noexcept { return type_; }
  std::uint32_t ttl() const noexcept { return ttl_; }
  std::uint16_t count() const noexcept { return count_; }  // records, 1..kMaxRecords
  std::uint8_t signature_count() const noexcept { return signature_count_; }

  // Iterate in storage order: `for (Bytes rdata : rrset.rdata())`.
  class Iterator {
   public:
    using value_type = Bytes;
    using difference_type = std::ptrdiff_t;
    Iterator() noexcept = default;
    explicit Iterator(const Octet* at) noexcept : at_(at) {}
    Bytes operator*() const noexcept;
    Iterator& operator++() noexcept;
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const noexcept = default;

   private:
    const Octet* at_ = nullptr;
  };
  struct Range {
    Iterator first, last;
    Iterator begin() const noexcept { return first; }
    Iterator end() const noexcept { return last; }
  };
  Range rdata() const noexcept;
  Range signatures() const noexcept;
  Bytes first_rdata() const noexcept { return *rdata().begin(); }

  // Same owner (ignoring case), type and records (in any order); TTL and signatures do not matter.
  bool same_data(const RRset& other) const noexcept;
  std::size_t memory() const noexcept;  // octets that this allocation really takes, allocator's overhead included

  void retain() const noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() const noexcept;

 private:
  RRset() = default;
  static RRset* allocate(NameView owner, std::size_t rdata_and_signatures);
  RRsetPtr copy(NameView owner, std::uint32_t ttl) const;
  Octet* mutable_data() noexcept { return reinterpret_cast<Octet*>(this + 1); }
  const Octet* data() const noexcept { return reinterpret_cast<const Octet*>(this + 1); }

  mutable std::atomic<std::uint32_t> references_{0};
  std::uint32_t ttl_ = 0;
  Type type_ = Type::none;
  std::uint16_t count_ = 0;
  std::uint16_t rdata_size_ = 0;       // octets of the records' part, length prefixes included
  std::uint16_t signatures_size_ = 0;  // and of the signatures' part
  std::uint8_t signature_count_ = 0;
  std::uint8_t owner_length_ = 1;
  std::uint8_t owner_labels_ = 0;
  // then: owner, records (each a 16-bit length and its RDATA), signatures alike
};

// Typed looks at RDATA in uncompressed wire form that has passed MessageView::parse() or RRset storage.
NameView rdata_name(Type type,
                    Bytes rdata) noexcept;  // target of NS, CNAME, DNAME, PTR, MX, SRV...; root when there is none
struct SoaView {
  NameView primary, mailbox;
  std::uint32_t serial, refresh, retry, expire, minimum;
};
SoaView soa_view(Bytes rdata) noexcept;
struct RrsigView {
  Type covered;
  std::uint8_t algorithm, labels;
  std::uint32_t original_ttl, expiration, inception;
  std::uint16_t key_tag;
  NameView signer;
  Bytes signature;
};
std::optional<RrsigView> rrsig_view(Bytes rdata) noexcept;
// A signature's `expiration` or `inception` as the moment within 68 years of now: they are the low 32 bits of Unix time
// and are compared by serial number arithmetic (RFC 4034 section 3.1.5, RFC 1982).
constexpr UnixTime moment_of(std::uint32_t wire_time, UnixTime now) noexcept {
  return now + static_cast<std::int32_t>(wire_time - static_cast<std::uint32_t>(now));
}

// Presentation form of one record or a whole set, a line each, through ldns; RFC 3597 form for what ldns does not know.
std::string record_text(NameView owner, Type type, std::uint32_t ttl, Bytes rdata);
std::string rrset_text(const RRset& rrset);
// One record from zone-file text ("www.example. 300 IN A 192.0.2.1"); nothing when ldns does not understand it.
struct TextRecord {
  Name owner;
  Type type;
  std::uint32_t ttl;
  Buffer rdata;
};
std::optional<TextRecord> parse_record(std::string_view text, std::uint32_t default_ttl = 3600);

}  // namespace vouch
