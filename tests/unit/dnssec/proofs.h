// What the stories about proofs of non-existence share: a zone's NSEC and NSEC3 records from text, and questions put to
// them.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include "resolver/dnssec/denial.h"

namespace vouch {

inline std::string text_of(Proof proof) {
  switch (proof) {
    case Proof::proven:
      return "proven";
    case Proof::proven_by_opt_out:
      return "proven_by_opt_out";
    case Proof::missing:
      return "missing";
    case Proof::not_proving:
      return "not_proving";
    case Proof::too_costly:
      return "too_costly";
    case Proof::work_limit:
      return "work_limit";
  }
  return "?";
}

inline std::string text_of(DsAbsence absence) {
  switch (absence) {
    case DsAbsence::unsigned_delegation:
      return "unsigned_delegation";
    case DsAbsence::opt_out:
      return "opt_out";
    case DsAbsence::no_cut:
      return "no_cut";
    case DsAbsence::no_name:
      return "no_name";
    case DsAbsence::missing:
      return "missing";
    case DsAbsence::not_proving:
      return "not_proving";
    case DsAbsence::too_costly:
      return "too_costly";
    case DsAbsence::work_limit:
      return "work_limit";
  }
  return "?";
}

inline void PrintTo(Proof proof, std::ostream* out) { *out << text_of(proof); }
inline void PrintTo(DsAbsence absence, std::ostream* out) { *out << text_of(absence); }

// One reply's proofs, and the budget of the query that brought them.
class Proofs {
 public:
  static constexpr std::uint16_t kMaxIterations = 50;

  Proofs(std::string_view apex, std::initializer_list<std::string> records) : apex_(Name::of(apex)) {
    for (const std::string& record : records) { add(record); }
  }
  Proofs(const Proofs&) = delete;
  Proofs& operator=(const Proofs&) = delete;

  void add(const std::string& text) {
    const auto record = parse_record(text);
    ASSERT_TRUE(record) << text;
    const Bytes rdata[] = {record->rdata};
    add(RRset::make(record->owner, record->type, record->ttl, rdata));
  }
  void add(RRsetPtr rrset) {
    ASSERT_TRUE(rrset);
    rrsets_.push_back(std::move(rrset));
    denial_.add(*rrsets_.back());
  }

  Proof name_error(std::string_view name) { return denial_.name_error(Name::of(name), budget_); }
  Proof no_data(std::string_view name, Type type) { return denial_.no_data(Name::of(name), type, budget_); }
  Proof wildcard_answer(std::string_view name, std::uint8_t labels) {
    return denial_.wildcard_answer(Name::of(name), labels, budget_);
  }
  DsAbsence ds_absence(std::string_view name) { return denial_.ds_absence(Name::of(name), budget_); }
  int encloser(std::string_view name) {  // labels; -1 when not shown
    const auto labels = denial_.closest_encloser_labels(Name::of(name), budget_);
    return labels ? *labels : -1;
  }
  std::uint32_t iterations_paid() const { return budget_.hash_iterations(); }
  Budget& budget() { return budget_; }

 private:
  Name apex_;
  Budget budget_{Instant{}};
  std::vector<RRsetPtr> rrsets_;
  Denial denial_{apex_, kMaxIterations};
};

}  // namespace vouch
