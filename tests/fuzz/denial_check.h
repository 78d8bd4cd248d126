// Random zones, random questions, and what must hold of the answers that resolver/dnssec/denial.h gives: it believes
// nothing that is not true of the zone, and everything that the zone's records show. Driven by libFuzzer's octets or by
// a fixed seed alike.
#pragma once

#include <functional>
#include <stdexcept>

#include "resolver/dnssec/denial.h"
#include "tests/fuzz/denial_model.h"

namespace vouch::model {

using Choose = std::function<std::size_t(std::size_t bound)>;  // some number below the bound

constexpr std::size_t kMaxOwners = 8;  // with their ancestors fewer than Denial::kMaxProofs
constexpr std::size_t kMaxDepth = 3;   // labels below the apex
constexpr Type kTypesAsked[] = {Type::A,     Type::TXT, Type::NS,    Type::DS, Type::CNAME,
                                Type::DNAME, Type::SOA, Type::NSEC3, Type::ANY};

inline std::string random_label(const Choose& choose) {
  // What sorts before and after "*" and letters, one a prefix of another.
  static const std::string kLabels[] = {"a", "b", "*", std::string(1, '\0'), "ab", "z", "\xff"};
  return kLabels[choose(std::size(kLabels))];
}

inline Labels random_name(const Zone& zone, const Choose& choose) {
  Labels name = zone.apex;
  if (choose(2) == 0 && !zone.data.empty()) {  // near what is there
    name = std::next(zone.data.begin(), static_cast<std::ptrdiff_t>(choose(zone.data.size())))->first;
    for (std::size_t up = choose(3); up > 0 && name.size() > zone.apex.size(); --up) { name.pop_back(); }
  }
  for (std::size_t down = choose(kMaxDepth); down > 0; --down) { name.push_back(random_label(choose)); }
  return name;
}

inline Types random_types(const Choose& choose, bool at_wildcard) {
  static const Types kPlain[] = {{Type::A}, {Type::TXT}, {Type::A, Type::TXT, Type::CAA}, {Type::CNAME}};
  static const Types kSpecial[] = {
      {Type::NS}, {Type::NS, Type::DS}, {Type::NS, Type::A}, {Type::DNAME}, {Type::DNAME, Type::A}};
  if (at_wildcard || choose(2) == 0) { return kPlain[choose(std::size(kPlain))]; }
  return kSpecial[choose(std::size(kSpecial))];
}

inline Zone random_zone(const Choose& choose) {
  static const Labels kApexes[] = {{"example"}, {}, {"example", "sub"}};
  Zone zone;
  zone.kind = static_cast<Kind>(choose(3));
  zone.apex = kApexes[choose(std::size(kApexes))];
  zone.shout = choose(4) == 0;
  zone.opt_out = choose(2) == 0;
  zone.flags_all = choose(2) == 0;
  zone.iterations = u16(choose(3));
  zone.salt.assign(choose(3), 0x5a);
  zone.data[zone.apex] = {Type::SOA, Type::NS, Type::DNSKEY};
  if (choose(4) == 0) { zone.data[zone.apex].insert(Type::A); }
  if (choose(16) == 0) { zone.data[zone.apex].insert(Type::DNAME); }
  for (std::size_t owners = choose(kMaxOwners + 1); owners > 0; --owners) {
    Labels name = random_name(zone, choose);
    if (name.size() > zone.apex.size() + kMaxDepth) { name.resize(zone.apex.size() + kMaxDepth); }
    zone.data.try_emplace(name, random_types(choose, !name.empty() && name.back() == "*"));
  }
  zone.finish();
  return zone;
}

inline void demand(bool holds, std::string_view what, const Labels& name) {
  if (!holds) { throw std::logic_error(std::string(what) + ": " + name_of(name).text()); }
}

inline bool is_positive(Proof proof) { return proof == Proof::proven || proof == Proof::proven_by_opt_out; }
inline bool is_positive(DsAbsence absence) {
  return absence == DsAbsence::unsigned_delegation || absence == DsAbsence::opt_out || absence == DsAbsence::no_cut ||
         absence == DsAbsence::no_name;
}

// `said` by some of the zone's records (all of them when `complete`), `expected` of all.
template <typename Outcome>
void compare(Outcome said, Outcome expected, bool complete, std::string what, const Labels& name) {
  if (said == expected || (!is_positive(said) && !(complete && is_positive(expected)))) { return; }
  what += " is " + std::to_string(static_cast<int>(said)) + ", not " + std::to_string(static_cast<int>(expected));
  demand(false, what, name);
}

// What the model says is proven, once more in plain words.
inline void demand_truth(const Zone& zone, const Labels& name) {
  const bool exists = zone.exists(name);
  const bool beyond = zone.is_beyond(name);
  if (name_error(zone, name) == Proof::proven) {
    demand(!exists && !beyond, "a name error is true", name);
    demand(!zone.exists(child_of(zone.closest_encloser(name), "*")), "and no wildcard answers", name);
  }
  switch (ds_absence(zone, name)) {
    case DsAbsence::unsigned_delegation:
      demand(zone.is_cut(name) && !zone.has(name, Type::DS) && !beyond, "a delegation without DS", name);
      break;
    case DsAbsence::no_cut:
    case DsAbsence::no_name:
      demand(!zone.is_cut(name) && !beyond, "the zone goes on", name);
      break;
    case DsAbsence::opt_out:
      demand(zone.opt_out && !zone.types_at(name).contains(Type::DS), "nothing signed is opted out", name);
      break;
    default:
      break;
  }
  for (const Type type : kTypesAsked) {
    if (no_data(zone, name, type) != Proof::proven) { continue; }
    demand(!beyond && !zone.types_at(name).contains(type), "there is no such data", name);
    if (exists) { continue; }
    const Labels source = child_of(zone.closest_encloser(name), "*");
    demand(!zone.types_at(source).contains(type), "nor at the wildcard", name);
  }
}

// Puts every question about one name to `denial`, which has records of the zone, all of them when `complete`.
inline void ask_everything(const Zone& zone, const Denial& denial, const Labels& name, bool complete) {
  const Name asked = name_of(name, zone.shout);
  Budget budget{Instant{}};
  demand_truth(zone, name);
  compare(denial.name_error(asked, budget), name_error(zone, name), complete, "name error", name);
  for (const Type type : kTypesAsked) {
    compare(denial.no_data(asked, type, budget), no_data(zone, name, type), complete, "no data of " + type_text(type),
            name);
  }
  compare(denial.ds_absence(asked, budget), ds_absence(zone, name), complete, "DS absence", name);
  for (std::size_t labels = zone.apex.size(); labels < name.size(); ++labels) {
    const Labels source = child_of(ancestor_of(name, labels), "*");
    if (zone.types_at(source).empty()) { continue; }  // no wildcard there, so no answer by it
    compare(denial.wildcard_answer(asked, u8(labels), budget), wildcard_answer(zone, name, labels), complete,
            "wildcard answer", name);
  }
  const auto shown = denial.closest_encloser_labels(asked, budget);
  const auto expected = encloser_shown(zone, name);
  if (shown || complete) { demand(shown == expected, "closest encloser", name); }
  demand(!budget.is_validation_spent(), "a short name is affordable", name);
}

}  // namespace vouch::model
