// The brute-force twin of resolver/dnssec/denial.h: what all the records of a zone (zone_model.h) prove of a name at or
// below its apex.
#pragma once

#include <optional>

#include "resolver/dnssec/proof.h"
#include "tests/fuzz/zone_model.h"

namespace vouch::model {

// `name` does not exist below `found`: on whose word?
inline Proof by(const Zone& zone, const Labels& found, const Labels& name) {
  const Labels next_closer = ancestor_of(name, found.size() + 1);
  return zone.is_opted_out(next_closer) ? Proof::proven_by_opt_out : Proof::proven;
}

inline bool has_no(const Zone& zone, const Labels& name, Type type) {
  const Types types = zone.types_at(name);
  if (type == Type::ANY) { return types.empty(); }
  if (zone.is_cut(name)) { return type == Type::DS && !types.contains(Type::DS); }
  if (type == Type::DS && name == zone.apex && !zone.apex.empty()) { return false; }
  return !types.contains(type) && !types.contains(Type::CNAME);
}

inline Proof name_error(const Zone& zone, const Labels& name) {
  const Labels found = zone.secured_encloser(name);
  if (found == name || zone.ends_below(found)) { return Proof::not_proving; }
  const Labels source = child_of(found, "*");
  if (zone.is_secured(source)) { return Proof::not_proving; }
  return by(zone, found, name);
}

inline Proof no_data(const Zone& zone, const Labels& name, Type type) {
  const Labels found = zone.secured_encloser(name);
  if (found == name) { return has_no(zone, name, type) ? Proof::proven : Proof::not_proving; }
  if (zone.ends_below(found)) { return Proof::not_proving; }
  if (by(zone, found, name) == Proof::proven_by_opt_out) { return Proof::proven_by_opt_out; }
  const Labels source = child_of(found, "*");
  if (!zone.is_secured(source)) { return zone.kind == Kind::compact ? Proof::proven : Proof::not_proving; }
  return has_no(zone, source, type) ? Proof::proven : Proof::not_proving;
}

// Only for wildcards that are there: those whose RRSIG brings up the question.
inline Proof wildcard_answer(const Zone& zone, const Labels& name, std::size_t labels) {
  const Labels found = zone.secured_encloser(name);
  if (found == name || found.size() != labels || zone.kind == Kind::compact) { return Proof::not_proving; }
  return by(zone, found, name);
}

inline DsAbsence ds_absence(const Zone& zone, const Labels& name) {
  const Labels found = zone.secured_encloser(name);
  if (name == zone.apex) { return DsAbsence::not_proving; }
  if (found == name) {
    if (zone.has(name, Type::DS) && zone.is_cut(name)) { return DsAbsence::not_proving; }
    return zone.is_cut(name) ? DsAbsence::unsigned_delegation : DsAbsence::no_cut;
  }
  if (zone.ends_below(found)) { return DsAbsence::not_proving; }
  if (by(zone, found, name) == Proof::proven_by_opt_out) { return DsAbsence::opt_out; }
  // A server of compact denial makes the wildcard's data look like the name's own.
  const bool is_made_up = zone.kind == Kind::compact && zone.is_secured(child_of(found, "*"));
  return is_made_up ? DsAbsence::no_cut : DsAbsence::no_name;
}

inline std::optional<std::size_t> encloser_shown(const Zone& zone, const Labels& name) {
  const Labels found = zone.secured_encloser(name);
  if (found == name) { return name.size(); }
  if (zone.ends_below(found) || by(zone, found, name) == Proof::proven_by_opt_out) { return std::nullopt; }
  if (zone.kind != Kind::compact) { return found.size(); }
  return zone.is_secured(child_of(found, "*")) ? std::optional(name.size()) : std::nullopt;
}

}  // namespace vouch::model
