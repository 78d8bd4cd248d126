// A signed zone as a plain set of names and types. From it come, by definition: what exists and what is the zone's own
// (RFC 4592 section 2.2), and every NSEC or NSEC3 record that an honest signer would make or, of the compact kind, make
// up. Nothing is clever here, and nothing is shared with what it checks but the hash itself.
//
// Names are lists of lower-case labels from the root downwards: as lists and octets compare, so does RFC 4034 section
// 6.1.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/dnssec/algorithms.h"
#include "resolver/wire/rrset.h"
#include "tests/dnssec_kit/denial_records.h"

namespace vouch::model {

using Labels = std::vector<std::string>;
using dnssec_kit::Types;

inline Labels ancestor_of(const Labels& name, std::size_t labels) {
  return Labels(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(labels));
}
inline Labels child_of(Labels name, std::string label) {
  name.push_back(std::move(label));
  return name;
}
// In lower case.
inline Labels labels_of(NameView name) {
  Labels labels;
  Name lower(name);
  lower.lower_case();
  for (NameView rest = lower; !rest.is_root(); rest = rest.parent()) {
    labels.insert(labels.begin(), std::string(text_of(rest.first_label())));
  }
  return labels;
}
// `shout`: in capitals, which must make no difference.
inline Name name_of(const Labels& labels, bool shout = false) {
  Name name;
  for (std::string label : labels) {
    for (char& c : label) {
      if (shout && c >= 'a' && c <= 'z') { c = static_cast<char>(c - 'a' + 'A'); }
    }
    name.prepend_label(bytes_of(label));
  }
  return name;
}

enum class Kind : std::uint8_t { nsec, nsec3, compact };

// One record of the zone.
struct Record {
  Labels owner;  // as it was before hashing
  RRsetPtr rrset;
};

class Zone {
 public:
  Labels apex;
  std::map<Labels, Types> data;  // what the zone file has, whatever lies beyond its cuts included
  Kind kind = Kind::nsec;
  bool shout = false;
  bool opt_out = false;    // NSEC3: unsigned delegations have no record
  bool flags_all = false;  // and all records have the flag, not only those that must
  std::uint16_t iterations = 0;
  Buffer salt;

  // Once data is complete, before anything below is asked.
  void finish() {
    for (const auto& [owner, types] : data) {
      if (!is_beyond(owner)) { add_with_ancestors(owner, existing_); }
    }
    for (const auto& [owner, types] : data) {
      if (!is_beyond(owner) && !is_hidden(owner)) { add_with_ancestors(owner, secured_); }
    }
    if (kind == Kind::nsec3) { make_spans(); }
  }

  bool has(const Labels& name, Type type) const {
    const auto found = data.find(name);
    return found != data.end() && found->second.contains(type);
  }
  bool is_cut(const Labels& name) const { return name != apex && has(name, Type::NS); }
  bool ends_below(const Labels& name) const { return is_cut(name) || has(name, Type::DNAME); }
  // Below a zone cut or a DNAME: not this zone's to speak of.
  bool is_beyond(const Labels& name) const {
    for (std::size_t labels = apex.size(); labels < name.size(); ++labels) {
      if (ends_below(ancestor_of(name, labels))) { return true; }
    }
    return false;
  }
  // RFC 4592 section 2.2: it, or a name below it, has data in this zone.
  bool exists(const Labels& name) const { return existing_.contains(name); }
  // The deepest existing name at or above. `name` at or below the apex, so there is one.
  Labels closest_encloser(Labels name) const {
    while (!exists(name)) { name.pop_back(); }
    return name;
  }
  // What the zone (not its children) has at a name.
  Types types_at(const Labels& name) const {
    const auto found = data.find(name);
    if (found == data.end() || is_beyond(name)) { return {}; }
    if (!is_cut(name)) { return found->second; }
    Types at_cut;
    for (const Type type : {Type::NS, Type::DS}) {
      if (found->second.contains(type)) { at_cut.insert(type); }
    }
    return at_cut;
  }

  // The deepest name at or above that the zone's records speak of.
  Labels secured_encloser(Labels name) const {
    while (!is_secured(name)) { name.pop_back(); }
    return name;
  }
  bool is_secured(const Labels& name) const { return secured_.contains(name); }
  // NSEC3: whether the span over a name that has no record leaves room for an unsigned delegation.
  bool is_opted_out(const Labels& name) const { return kind == Kind::nsec3 && span_over(hash_of(name))->second.flag; }

  // Every record of an NSEC or NSEC3 zone.
  std::vector<Record> records() const {
    std::vector<Record> made;
    if (kind == Kind::nsec3) {
      for (const auto& [hash, span] : spans_) { made.push_back({span.name, nsec3(hash, span)}); }
      return made;
    }
    std::vector<Labels> owners;
    for (const auto& [owner, types] : data) {
      if (!is_beyond(owner)) { owners.push_back(owner); }
    }
    for (std::size_t i = 0; i < owners.size(); ++i) {
      const Labels& next = owners[(i + 1) % owners.size()];
      made.push_back({owners[i], nsec(owners[i], name_of(next, shout), signed_types(owners[i]))});
    }
    return made;
  }
  // RFC 9824: what a server of compact denial says to a question for that name.
  Record compact_record(const Labels& asked) const {
    const Labels found = secured_encloser(asked);
    const Labels source = child_of(found, "*");
    Types types = {Type::RRSIG, Type::NSEC};
    Labels owner = asked;
    if (found == asked) {
      types = signed_types(asked);
    } else if (ends_below(found)) {
      owner = found;
      types = signed_types(found);
    } else if (secured_.contains(source)) {
      types = signed_types(source);
    } else {
      types.insert(Type::NXNAME);
    }
    Name next = name_of(owner, shout);
    next.prepend_label(bytes_of(std::string_view("\0", 1)));
    return {owner, nsec(owner, next, types)};
  }

 private:
  struct Span {
    Labels name;
    Nsec3Hash next;
    bool flag;
  };

  void add_with_ancestors(const Labels& name, std::set<Labels>& names) const {
    for (std::size_t labels = apex.size(); labels <= name.size(); ++labels) { names.insert(ancestor_of(name, labels)); }
  }
  // An unsigned delegation that an opt-out zone does not speak of. Delegations below a wildcard make no sense (RFC 4592
  // section 4.2) and are not left out.
  bool is_hidden(const Labels& name) const {
    const bool below_wildcard = std::ranges::find(name, "*") != name.end();
    return kind == Kind::nsec3 && opt_out && is_cut(name) && !has(name, Type::DS) && !below_wildcard;
  }
  Nsec3Hash hash_of(const Labels& name) const { return *nsec3_hash(name_of(name).view().octets(), salt, iterations); }
  std::map<Nsec3Hash, Span>::const_iterator span_over(const Nsec3Hash& hash) const {
    const auto above = spans_.upper_bound(hash);
    return above == spans_.begin() ? std::prev(spans_.end()) : std::prev(above);
  }
  void make_spans() {
    for (const Labels& name : secured_) { spans_[hash_of(name)] = {name, {}, opt_out && flags_all}; }
    for (auto at = spans_.begin(); at != spans_.end(); ++at) {
      const auto after = std::next(at);
      at->second.next = after == spans_.end() ? spans_.begin()->first : after->first;
    }
    for (const Labels& name : existing_) {  // RFC 5155 section 7.1: the spans over what has no record have the flag
      if (secured_.contains(name)) { continue; }
      spans_.at(span_over(hash_of(name))->first).flag = true;
    }
  }

  Types signed_types(const Labels& name) const {
    Types types = types_at(name);
    const bool has_signature = !types.empty() && (!is_cut(name) || types.contains(Type::DS));
    if (kind != Kind::nsec3) { types.insert({Type::RRSIG, Type::NSEC}); }
    if (has_signature) { types.insert(Type::RRSIG); }
    return types;
  }
  RRsetPtr nsec(const Labels& owner, const Name& next, const Types& types) const {
    return record(name_of(owner, shout), Type::NSEC, dnssec_kit::nsec_rdata(next, types));
  }
  RRsetPtr nsec3(const Nsec3Hash& hash, const Span& span) const {
    const dnssec_kit::Nsec3Form form{.salt = salt, .iterations = iterations, .opt_out = span.flag};
    const Labels owner = child_of(apex, dnssec_kit::base32hex(hash));
    return record(name_of(owner, shout), Type::NSEC3,
                  dnssec_kit::nsec3_rdata(span.next, signed_types(span.name), form));
  }
  static RRsetPtr record(const Name& owner, Type type, const Buffer& rdata) {
    const Bytes one[] = {rdata};
    return RRset::make(owner, type, 300, one);
  }

  std::set<Labels> existing_;  // empty non-terminals included
  std::set<Labels> secured_;   // of these, those that the zone's records speak of
  std::map<Nsec3Hash, Span> spans_;
};

}  // namespace vouch::model
