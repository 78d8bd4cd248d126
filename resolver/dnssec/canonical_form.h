// The octets that a signature was made over (RFC 4034 sections 3.1.8.1 and 6, RFC 4035 section 5.3.2).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "resolver/wire/rrset.h"

namespace vouch {

// One RRset's canonical form, for as many signatures as it has: sorted once, written out again only when a signature
// has other labels or another original TTL than the one before. Holds scratch memory that is worth keeping for the next
// RRset (400 KB at most). References the RRset, which must outlive the calls. One thread at a time.
class CanonicalForm {
 public:
  // Begins with another RRset.
  void begin(const RRset& rrset);

  // What was signed when the set has this signature. Valid until the next call. `rrsig` is the RDATA that `view` was
  // made of; its labels are at most signed_labels() of the set's owner.
  Bytes signed_data(const RrsigView& view, Bytes rrsig);

  // The RDATA in canonical form and order, duplicates removed (RFC 4034 section 6.3).
  std::span<const Bytes> records() const noexcept { return records_; }

 private:
  void write_records(std::uint8_t labels, std::uint32_t original_ttl);

  const RRset* rrset_ = nullptr;
  std::vector<Bytes> records_;
  Buffer lower_cased_;  // RDATA that is not canonical as it is stored
  Buffer data_;         // room for the RRSIG's own fields, then the records
  bool is_written_ = false;
  std::uint8_t written_labels_ = 0;
  std::uint32_t written_ttl_ = 0;
};

// The labels that a signature counts for this owner: a leading "*" does not (RFC 4034 section 3.1.3).
std::uint8_t signed_labels(NameView owner) noexcept;

}  // namespace vouch
