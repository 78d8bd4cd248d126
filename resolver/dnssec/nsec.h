// What a zone's NSEC records prove (RFC 4034 section 4, RFC 4035 section 5.4, RFC 6840 section 4; RFC 9824 for those
// made up on demand). Each says: my owner has these types, and between my owner and the next name there is nothing.
#pragma once

#include <optional>
#include <vector>

#include "resolver/dnssec/proof.h"
#include "resolver/wire/rrset.h"

namespace vouch {

// References the RRsets: they must outlive it. At most what the owner adds; every look goes through all of them.
class NsecProofs {
 public:
  explicit NsecProofs(NameView apex) noexcept : apex_(apex) {}

  void add(const RRset& proof);  // left out when it is no sound NSEC of the zone; see Denial::add()
  bool empty() const noexcept { return nsecs_.empty(); }

  // Each true only when proven. `name` at or below the apex.
  bool name_error(NameView name) const;
  bool no_data(NameView name, Type type) const;
  bool wildcard_answer(NameView name, std::uint8_t labels) const;
  DsAbsence ds_absence(NameView name) const;
  std::optional<std::uint8_t> closest_encloser_labels(NameView name) const;

 private:
  struct Nsec {
    NameView owner, next;
    Bytes bitmap;
  };
  const Nsec* matching(NameView name) const;
  bool spans(const Nsec& nsec, NameView name) const;
  bool shows_empty_non_terminal(NameView name) const;
  bool shows_no_name(NameView name) const;
  bool denies_at(NameView name, Type type) const;
  template <typename F>
  bool any_encloser(NameView name, F wildcard_holds) const;

  NameView apex_;
  std::vector<Nsec> nsecs_;
};

}  // namespace vouch
