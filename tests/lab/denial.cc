#include "tests/lab/denial.h"

#include <fmt/format.h>
#include <map>
#include <set>
#include <vector>

#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

constexpr std::uint32_t kNegativeTtl = 60;  // the SOA minimum of every zone here (RFC 9077)

std::string type_text(std::uint16_t type) { return taken(ldns_rr_type2str(static_cast<ldns_rr_type>(type))); }

// The types a denial record lists for a node: at a cut only what the parent side holds.
std::string bitmap_of(const Node& node, const char* denial_type) {
  std::string types;
  bool has_signature = false;
  for (const auto& [type, set] : node.sets) {
    if (node.standing == Standing::delegation && type != LDNS_RR_TYPE_NS && type != LDNS_RR_TYPE_DS) { continue; }
    has_signature |= node.standing == Standing::authoritative || type == LDNS_RR_TYPE_DS;
    types += " " + type_text(type);
  }
  if (denial_type != nullptr) { return fmt::format("{} RRSIG {}", types, denial_type); }
  return has_signature ? types + " RRSIG" : types;
}

bool is_unsigned_delegation(const Node& node) {
  return node.standing == Standing::delegation && !node.sets.contains(LDNS_RR_TYPE_DS);
}

Outcome<void> add_nsec(Zone& zone, Flaw flaw) {
  std::vector<const Node*> chain;
  for (const auto& [key, node] : zone.nodes()) {
    if (node.standing != Standing::occluded) { chain.push_back(&node); }
  }
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    // The name directly after "x." is "\000.x.": an NSEC that ends there covers nothing at all.
    const std::string next =
        flaw == Flaw::nsec_not_proving ? "\\000." + chain[i]->name : chain[(i + 1) % chain.size()]->name;
    texts.push_back(
        fmt::format("{} {} IN NSEC {}{}", chain[i]->name, kNegativeTtl, next, bitmap_of(*chain[i], "NSEC")));
  }
  for (const std::string& text : texts) {
    if (Outcome<void> added = zone.add(text); !added) { return added; }
  }
  return {};
}

// Every name that NSEC3 must speak of, with its types; an empty non-terminal has none (RFC 5155 section 7.1).
std::map<std::string, std::string> names_and_types(const Zone& zone, const DenialSettings& settings) {
  std::map<std::string, std::string> types;
  for (const auto& [key, node] : zone.nodes()) {
    if (node.standing == Standing::occluded) { continue; }
    if (is_unsigned_delegation(node) &&
        (settings.kind == Denial::nsec3_opt_out || settings.flaw == Flaw::no_ds_proof_invalid)) {
      continue;
    }
    types[node.name] = bitmap_of(node, nullptr);
    for (std::string up = parent_of(node.name); up != zone.apex() && is_at_or_below(up, zone.apex());
         up = parent_of(up)) {
      types.try_emplace(up);
    }
  }
  return types;
}

std::string hashed(const std::string& name, const DenialSettings& settings) {
  std::vector<std::uint8_t> salt;
  for (std::size_t i = 0; i + 1 < settings.salt.size(); i += 2) {
    salt.push_back(static_cast<std::uint8_t>(std::stoi(settings.salt.substr(i, 2), nullptr, 16)));
  }
  const Rdf plain(ldns_dname_new_frm_str(name.c_str()));
  const Rdf hash(
      ldns_nsec3_hash_name(plain.get(), 1, settings.iterations, static_cast<std::uint8_t>(salt.size()), salt.data()));
  std::string text = lower_case(taken(ldns_rdf2str(hash.get())));
  if (text.ends_with('.')) { text.pop_back(); }
  return text;
}

Outcome<void> add_nsec3(Zone& zone, const DenialSettings& settings) {
  const std::string salt = settings.salt.empty() ? "-" : settings.salt;
  // The hash parameters are a record of the apex, so they come first to be in its bitmap.
  if (Outcome<void> added =
          zone.add(fmt::format("{} 0 IN NSEC3PARAM 1 0 {} {}", zone.apex(), settings.iterations, salt));
      !added) {
    return added;
  }
  std::map<std::string, std::string> types_by_hash;
  for (const auto& [name, types] : names_and_types(zone, settings)) { types_by_hash[hashed(name, settings)] = types; }
  const int flags = settings.kind == Denial::nsec3_opt_out ? 1 : 0;
  for (auto here = types_by_hash.begin(); here != types_by_hash.end(); ++here) {
    const auto next = std::next(here) == types_by_hash.end() ? types_by_hash.begin() : std::next(here);
    if (Outcome<void> added =
            zone.add(fmt::format("{} {} IN NSEC3 1 {} {} {} {}{}", absolute(here->first, zone.apex()), kNegativeTtl,
                                 flags, settings.iterations, salt, next->first, here->second));
        !added) {
      return added;
    }
  }
  return {};
}

}  // namespace

Outcome<void> add_denial(Zone& zone, const DenialSettings& settings) {
  if (settings.flaw == Flaw::nsec_missing || settings.flaw == Flaw::wildcard_unproven) { return {}; }
  switch (settings.kind) {
    case Denial::none:
      return {};
    case Denial::nsec:
      return add_nsec(zone, settings.flaw);
    case Denial::nsec3:
    case Denial::nsec3_opt_out:
      return add_nsec3(zone, settings);
  }
  return {};
}

}  // namespace vouch::lab
