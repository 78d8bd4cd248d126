// Names that are answered here and asked of nobody: special-use zones (RFC 6303, 6761, 7686, 8375, 9476...) and the
// operator's own records (`local_data`). Immutable once built; shared by all workers.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "resolver/policy/local_data_options.h"
#include "resolver/wire/rrset.h"

namespace vouch {

struct LocalAnswer {
  Rcode rcode = Rcode::no_error;
  RRsetPtr answer;     // null: none
  RRsetPtr authority;  // the zone's SOA for a negative answer; null otherwise
};

class LocalZones {
 public:
  // The error names the record and what is wrong with it.
  static std::expected<LocalZones, std::string> build(const LocalDataOptions& options);
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
