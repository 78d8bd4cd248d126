#include "resolver/dnssec/denial.h"

namespace vouch {

void Denial::add(const RRset& proof) {
  const bool is_nsec = proof.type() == Type::NSEC;
  if ((!is_nsec && proof.type() != Type::NSEC3) || seen_ == kMaxProofs) { return; }
  ++seen_;
  if (is_nsec) {
    nsec_.add(proof);
  } else {
    nsec3_.add(proof);
  }
}

bool Denial::is_askable(NameView name, Type type) const noexcept {
  // The child's side of a cut knows nothing of the DS (RFC 4035 section 5.2, RFC 5155 section 8.6), whatever its
  // bitmap.
  const bool is_wrong_side = type == Type::DS && name == apex_ && !name.is_root();
  return name.is_at_or_below(apex_) && !is_wrong_side;
}

Proof Denial::unproven() const noexcept {
  // Only when nothing that may be computed proves it: or one dear record would make any zone insecure that is on its
  // way to cheaper ones.
  return nsec3_.is_too_costly() ? Proof::too_costly : Proof::not_proving;
}

// A zone that changes from one kind of record to the other shows both for a while. Each is a proof by itself; the one
// that costs nothing is tried first.
template <typename ByNsec, typename ByNsec3>
Proof Denial::prove(NameView name, Type type, ByNsec by_nsec, ByNsec3 by_nsec3) const {
  if (seen_ == 0) { return Proof::missing; }
  if (!is_askable(name, type)) { return Proof::not_proving; }
  if (by_nsec()) { return Proof::proven; }
  const Proof found = nsec3_.empty() ? Proof::not_proving : by_nsec3();
  return found == Proof::not_proving ? unproven() : found;
}

Proof Denial::name_error(NameView name, Budget& budget) const {
  return prove(
      name, Type::none, [&] { return nsec_.name_error(name); }, [&] { return nsec3_.name_error(name, budget); });
}

Proof Denial::no_data(NameView name, Type type, Budget& budget) const {
  return prove(
      name, type, [&] { return nsec_.no_data(name, type); }, [&] { return nsec3_.no_data(name, type, budget); });
}

Proof Denial::wildcard_answer(NameView name, std::uint8_t labels, Budget& budget) const {
  return prove(
      name, Type::none, [&] { return nsec_.wildcard_answer(name, labels); },
      [&] { return nsec3_.wildcard_answer(name, labels, budget); });
}

DsAbsence Denial::ds_absence(NameView name, Budget& budget) const {
  if (seen_ == 0) { return DsAbsence::missing; }
  if (!name.is_below(apex_)) { return DsAbsence::not_proving; }
  DsAbsence found = nsec_.ds_absence(name);
  if (found == DsAbsence::not_proving && !nsec3_.empty()) { found = nsec3_.ds_absence(name, budget); }
  if (found == DsAbsence::not_proving && unproven() == Proof::too_costly) { return DsAbsence::too_costly; }
  return found;
}

std::optional<std::uint8_t> Denial::closest_encloser_labels(NameView name, Budget& budget) const {
  if (!name.is_at_or_below(apex_)) { return std::nullopt; }
  if (const auto labels = nsec_.closest_encloser_labels(name)) { return labels; }
  return nsec3_.empty() ? std::nullopt : nsec3_.closest_encloser_labels(name, budget);
}

}  // namespace vouch
