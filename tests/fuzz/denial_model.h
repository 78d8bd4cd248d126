// The brute-force twin of resolver/dnssec/denial.h: a zone as a plain set of names and types. From it come, by
// definition, every NSEC or NSEC3 record that an honest signer would make (or, of the compact kind, make up), and the
// truth about any name. Nothing is clever here, and nothing is shared with what it checks but the hash itself.
//
// Names are lists of lower-case labels from the root downwards: as lists and octets compare, so does RFC 4034 section
// 6.1.
#pragma once

#include <algorithm>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/dnssec/algorithms.h"
#include "resolver/dnssec/proof.h"
#include "resolver/wire/rrset.h"

namespace vouch::model {

using Labels = std::vector<std::string>;
using Types = std::set<Type>;

inline bool is_at_or_below(const Labels& name, const Labels& ancestor) {
  return name.size() >= ancestor.size() && std::equal(ancestor.begin(), ancestor.end(), name.begin());
}
inline Labels ancestor_of(const Labels& name, std::size_t labels) {
  return Labels(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(labels));
}
inline Labels child_of(Labels name, std::string label) {
  name.push_back(std::move(label));
  return name;
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

  // What the whole of the zone's records proves. `name` at or below the apex.
  Proof name_error(const Labels& name) const {
    const Labels found = secured_encloser(name);
    if (found == name || ends_below(found)) { return Proof::not_proving; }
    const Labels source = child_of(found, "*");
    if (secured_.contains(source)) { return Proof::not_proving; }
    return by(found, name);
  }
  Proof no_data(const Labels& name, Type type) const {
    const Labels found = secured_encloser(name);
    if (found == name) { return has_no(name, type) ? Proof::proven : Proof::not_proving; }
    if (ends_below(found)) { return Proof::not_proving; }
    if (by(found, name) == Proof::proven_by_opt_out) { return Proof::proven_by_opt_out; }
    const Labels source = child_of(found, "*");
    if (!secured_.contains(source)) { return kind == Kind::compact ? Proof::proven : Proof::not_proving; }
    return has_no(source, type) ? Proof::proven : Proof::not_proving;
  }
  // Only for wildcards that are there: those whose RRSIG brings up the question.
  Proof wildcard_answer(const Labels& name, std::size_t labels) const {
    const Labels found = secured_encloser(name);
    if (found == name || found.size() != labels || kind == Kind::compact) { return Proof::not_proving; }
    return by(found, name);
  }
  DsAbsence ds_absence(const Labels& name) const {
    const Labels found = secured_encloser(name);
    if (name == apex) { return DsAbsence::not_proving; }
    if (found == name) {
      if (has(name, Type::DS) && is_cut(name)) { return DsAbsence::not_proving; }
      return is_cut(name) ? DsAbsence::unsigned_delegation : DsAbsence::no_cut;
    }
    if (ends_below(found)) { return DsAbsence::not_proving; }
    if (by(found, name) == Proof::proven_by_opt_out) { return DsAbsence::opt_out; }
    // A server of compact denial makes the wildcard's data look like the name's own.
    const bool is_made_up = kind == Kind::compact && secured_.contains(child_of(found, "*"));
    return is_made_up ? DsAbsence::no_cut : DsAbsence::no_name;
  }
  std::optional<std::size_t> encloser_shown(const Labels& name) const {
    const Labels found = secured_encloser(name);
    if (found == name) { return name.size(); }
    if (ends_below(found) || by(found, name) == Proof::proven_by_opt_out) { return std::nullopt; }
    if (kind != Kind::compact) { return found.size(); }
    return secured_.contains(child_of(found, "*")) ? std::optional(name.size()) : std::nullopt;
  }

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
  Labels secured_encloser(Labels name) const {
    while (!secured_.contains(name)) { name.pop_back(); }
    return name;
  }
  // `name` does not exist below `found`: on whose word?
  Proof by(const Labels& found, const Labels& name) const {
    if (kind != Kind::nsec3) { return Proof::proven; }
    const Nsec3Hash next_closer = hash_of(ancestor_of(name, found.size() + 1));
    return span_over(next_closer)->second.flag ? Proof::proven_by_opt_out : Proof::proven;
  }
  bool has_no(const Labels& name, Type type) const {
    const Types types = types_at(name);
    if (type == Type::ANY) { return types.empty(); }
    if (is_cut(name)) { return type == Type::DS && !types.contains(Type::DS); }
    if (type == Type::DS && name == apex && !apex.empty()) { return false; }
    return !types.contains(type) && !types.contains(Type::CNAME);
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
  static void put_bitmap(const Types& types, Buffer& out) {
    std::map<std::size_t, Buffer> windows;
    for (const Type type : types) {
      const std::size_t number = static_cast<std::uint16_t>(type);
      Buffer& window = windows[number >> 8];
      window.resize(std::max(window.size(), (number & 0xff) / 8 + 1));
      window[(number & 0xff) / 8] |= u8(0x80U >> number % 8);
    }
    for (const auto& [number, octets] : windows) {
      out.push_back(u8(number));
      out.push_back(u8(octets.size()));
      out.insert(out.end(), octets.begin(), octets.end());
    }
  }
  RRsetPtr nsec(const Labels& owner, const Name& next, const Types& types) const {
    const Bytes name = next.view().octets();
    Buffer rdata(name.begin(), name.end());
    put_bitmap(types, rdata);
    const Bytes one[] = {rdata};
    return RRset::make(name_of(owner), Type::NSEC, 300, one);
  }
  RRsetPtr nsec3(const Nsec3Hash& hash, const Span& span) const {
    constexpr std::uint8_t kSha1 = 1;
    Buffer rdata = {kSha1, u8(span.flag ? 1 : 0), u8(iterations >> 8), u8(iterations & 0xff), u8(salt.size())};
    rdata.insert(rdata.end(), salt.begin(), salt.end());
    rdata.push_back(u8(span.next.size()));
    rdata.insert(rdata.end(), span.next.begin(), span.next.end());
    put_bitmap(signed_types(span.name), rdata);
    const Bytes one[] = {rdata};
    return RRset::make(name_of(child_of(apex, base32hex(hash)), shout), Type::NSEC3, 300, one);
  }
  static std::string base32hex(const Nsec3Hash& hash) {
    std::string text;
    for (std::size_t bit = 0; bit < hash.size() * 8; bit += 5) {
      std::size_t digit = 0;
      for (std::size_t i = bit; i < bit + 5; ++i) { digit = digit << 1 | (hash[i / 8] >> (7 - i % 8) & 1U); }
      text += "0123456789abcdefghijklmnopqrstuv"[digit];
    }
    return text;
  }

  std::set<Labels> existing_;  // empty non-terminals included
  std::set<Labels> secured_;   // of these, those that the zone's records speak of
  std::map<Nsec3Hash, Span> spans_;
};

}  // namespace vouch::model
