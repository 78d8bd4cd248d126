// What a zone's NSEC3 records prove (RFC 5155 section 8, RFC 9276). Each speaks of hashes: mine has these types, and
// between it and the next there is none - or, with the opt-out flag, none but of unsigned delegations.
//
// Hashing is what an attacker would have us do (CVE-2023-50868): every hash is paid for from the budget before it is
// computed, once for each name, and none is computed that the proof does not turn on.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "resolver/base/budget.h"
#include "resolver/dnssec/algorithms.h"
#include "resolver/dnssec/proof.h"
#include "resolver/wire/rrset.h"

namespace vouch {

// What an NSEC3's RDATA begins with (RFC 5155 section 3.2).
struct Nsec3Parameters {
  std::uint8_t algorithm, flags;
  std::uint16_t iterations;
  bool opts_out() const noexcept { return (flags & 0x01) != 0; }
};
std::optional<Nsec3Parameters> nsec3_parameters(Bytes rdata) noexcept;  // nothing when it is cut short

// References the RRsets: they must outlive it. Remembers hashes, so the const members too belong to one thread.
class Nsec3Proofs {
 public:
  Nsec3Proofs(NameView apex, std::uint16_t max_iterations) noexcept : apex_(apex), max_iterations_(max_iterations) {}

  void add(const RRset& proof);  // left out when it is no sound NSEC3 of the zone; see Denial::add()
  bool empty() const noexcept { return nsec3s_.empty(); }
  bool is_too_costly() const noexcept { return too_costly_; }  // some set was sound but for its iterations

  // `name` at or below the apex. Never `missing` or `too_costly`: the caller knows these.
  Proof name_error(NameView name, Budget& budget) const;
  Proof no_data(NameView name, Type type, Budget& budget) const;
  Proof wildcard_answer(NameView name, std::uint8_t labels, Budget& budget) const;
  DsAbsence ds_absence(NameView name, Budget& budget) const;
  std::optional<std::uint8_t> closest_encloser_labels(NameView name, Budget& budget) const;

 private:
  struct Nsec3 {
    Nsec3Hash owner, next;
    std::uint16_t iterations;
    bool opt_out;
    Bytes salt, bitmap;
  };
  // RFC 5155 section 8.3. `match` is null when nothing was found.
  struct Encloser {
    const Nsec3* match = nullptr;
    std::uint8_t labels = 0;
    const Nsec3* next_closer = nullptr;  // covers it; null when none does, and when `match` is of the very name
  };
  struct HashedName {
    Name name;
    Nsec3Hash hash;
  };
  using NoHash = Proof;  // why there is none: work_limit, or not_proving when there is no SHA-1
  static std::optional<Nsec3> parse(const RRset& proof, NameView apex);
  std::expected<Nsec3Hash, NoHash> hash_of(NameView name, Budget& budget) const;
  std::expected<const Nsec3*, NoHash> matching(NameView name, Budget& budget) const;
  std::expected<const Nsec3*, NoHash> covering(NameView name, Budget& budget) const;
  std::expected<std::optional<Encloser>, NoHash> encloser_at(NameView name, std::size_t labels, Budget& budget) const;
  std::expected<Encloser, NoHash> closest_encloser(NameView name, Budget& budget) const;
  static bool is_proven(const Encloser& encloser) noexcept;

  NameView apex_;
  std::uint16_t max_iterations_;
  bool too_costly_ = false;
  std::vector<Nsec3> nsec3s_;               // all with the same salt and iterations
  mutable std::vector<HashedName> hashes_;  // bounded by the budget: each has cost one iteration at least
};

}  // namespace vouch
