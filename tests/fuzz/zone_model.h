// A signed zone as a plain set of names and types, and what follows from it by definition: its chain of NSEC or NSEC3
// records (RFC 4034 section 4, RFC 5155 section 7.1), and the truth about every question (RFC 1034 section 4.3.2, RFC
// 4592). Signatures have the right form and no sense: nobody checks them here. Slow and simple on purpose.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "resolver/dnssec/algorithms.h"
#include "resolver/wire/rrset.h"

namespace vouch::model {

struct CanonicalLess {
  bool operator()(const Name& a, const Name& b) const noexcept { return canonical_order(a, b) < 0; }
};
using Types = std::set<Type>;

// The form of an RRSIG over a set of this owner by this zone. `labels`: those of the owner, if nothing else is said.
inline Buffer signature_by(NameView zone, NameView owner, Type covered, std::size_t size = 64,
                           std::optional<std::uint8_t> labels = std::nullopt) {
  constexpr std::size_t kFixed = 18;
  Buffer rdata(kFixed);
  store16(rdata.data(), static_cast<std::uint16_t>(covered));
  rdata[2] = 13;
  rdata[3] = labels.value_or(u8(owner.labels() - (owner.is_wildcard() ? std::size_t{1} : 0)));
  rdata.insert(rdata.end(), zone.octets().begin(), zone.octets().end());
  rdata.resize(rdata.size() + size, Octet{0x5a});
  return rdata;
}

inline RRsetPtr signed_set(NameView zone, NameView owner, Type type, std::uint32_t ttl, const Buffer& rdata,
                           std::size_t signature = 64, std::optional<std::uint8_t> labels = std::nullopt) {
  const Buffer rrsig = signature_by(zone, owner, type, signature, labels);
  const Bytes records[] = {rdata};
  const Bytes signatures[] = {rrsig};
  return RRset::make(owner, type, ttl, records, signatures);
}

inline Buffer bitmap_of(const Types& types) {
  Buffer bitmap;
  for (unsigned window = 0; window < 256; ++window) {
    Buffer block;
    for (const Type type : types) {
      const auto number = static_cast<std::uint16_t>(type);
      if (number >> 8 != window) { continue; }
      block.resize(std::max<std::size_t>(block.size(), (number & 0xffU) / 8 + 1));
      block[(number & 0xffU) / 8] |= u8(std::size_t{0x80} >> (number & 7));
    }
    if (block.empty()) { continue; }
    bitmap.push_back(u8(window));
    bitmap.push_back(u8(block.size()));
    bitmap.insert(bitmap.end(), block.begin(), block.end());
  }
  return bitmap;
}

inline RRsetPtr nsec_set(NameView zone, NameView owner, NameView next, const Types& types, std::size_t signature = 64,
                         std::optional<std::uint8_t> labels = std::nullopt) {
  Buffer rdata(next.octets().begin(), next.octets().end());
  const Buffer bitmap = bitmap_of(types);
  rdata.insert(rdata.end(), bitmap.begin(), bitmap.end());
  return signed_set(zone, owner, Type::NSEC, 3600, rdata, signature, labels);
}

inline Name hashed_owner(const Nsec3Hash& hash, NameView zone) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  Buffer label;
  for (std::size_t bit = 0; bit < hash.size() * 8; bit += 5) {
    unsigned digit = 0;
    for (std::size_t i = bit; i < bit + 5; ++i) { digit = digit << 1 | (hash[i / 8] >> (7 - i % 8) & 1U); }
    label.push_back(static_cast<Octet>(kDigits[digit]));
  }
  Name owner(zone);
  if (!owner.prepend_label(label)) { std::abort(); }
  return owner;
}

struct Nsec3Form {
  Buffer salt;
  std::uint16_t iterations = 0;
  bool opt_out = false;  // unsigned delegations have no NSEC3, and every record says so
};

inline RRsetPtr nsec3_set(NameView zone, const Nsec3Hash& hash, const Nsec3Hash& next, const Types& types,
                          const Nsec3Form& form, std::size_t signature = 64) {
  Buffer rdata = {1, form.opt_out ? Octet{1} : Octet{0}, u8(form.iterations >> 8), u8(form.iterations & 0xff)};
  rdata.push_back(u8(form.salt.size()));
  rdata.insert(rdata.end(), form.salt.begin(), form.salt.end());
  rdata.push_back(u8(next.size()));
  rdata.insert(rdata.end(), next.begin(), next.end());
  const Buffer bitmap = bitmap_of(types);
  rdata.insert(rdata.end(), bitmap.begin(), bitmap.end());
  return signed_set(zone, hashed_owner(hash, zone), Type::NSEC3, 3600, rdata, signature);
}

struct Truth {
  enum class Kind : std::uint8_t {
    name_error,
    no_data,
    data,           // at the very name
    wildcard_data,  // from `source`
    alias,          // CNAME, also from a wildcard
    elsewhere,      // at or below a cut, or below a DNAME
  };
  Kind kind;
  Name source;  // the owner of the data
};

class Zone {
 public:
  explicit Zone(NameView apex) : apex_(apex) { nodes_[apex_] = {Type::SOA, Type::NS, Type::DNSKEY}; }

  const Name& apex() const noexcept { return apex_; }
  // Whether its names have NSEC records: one can ask for these too.
  void set_has_nsec(bool has_nsec) noexcept { has_nsec_ = has_nsec; }
  // Of a zone file's kind: a CNAME stands alone, a cut has DS or nothing beside its NS, wildcards are no cuts.
  void add(NameView name, Type type) {
    if (!name.is_at_or_below(apex_)) { std::abort(); }
    Types& types = nodes_[Name(name)];
    types.insert(type);
  }
  bool has_node(NameView name) const { return nodes_.contains(Name(name)); }

  Truth truth(NameView name, Type type) const {
    for (unsigned labels = apex_.view().labels() + 1U; labels <= name.labels(); ++labels) {
      const Name at(name.suffix(u8(labels - 1)));
      if (has(at, Type::DNAME)) { return {Truth::Kind::elsewhere, at}; }
      const Name cut(name.suffix(u8(labels)));
      const bool is_parents = labels == name.labels() && type == Type::DS;
      if (has(cut, Type::NS) && !is_parents) { return {Truth::Kind::elsewhere, cut}; }
    }
    if (type == Type::DS && name == apex_ && !name.is_root()) { return {Truth::Kind::elsewhere, apex_}; }
    if (exists(name)) { return at_node(Name(name), type, false); }
    NameView encloser = name.parent();
    while (!exists(encloser)) { encloser = encloser.parent(); }
    Name wildcard(encloser);
    if (!wildcard.prepend_label(bytes_of("*"))) { std::abort(); }
    if (!exists(wildcard)) { return {Truth::Kind::name_error, wildcard}; }
    return at_node(wildcard, type, true);
  }

  // What a server of the zone would send: one record, told apart from others' by its owner.
  RRsetPtr data(NameView owner, Type type) const {
    Buffer rdata;
    if (type == Type::A) { rdata = {192, 0, 2, owner.labels()}; }
    if (type == Type::TXT) { rdata = {2, 'i', 'n'}; }
    if (type == Type::CNAME) { rdata.assign(apex_.view().octets().begin(), apex_.view().octets().end()); }
    if (rdata.empty()) { return nullptr; }
    return signed_set(apex_, owner, type, 3600, rdata);
  }
  RRsetPtr soa(std::uint32_t minimum = 3600) const {
    Buffer rdata(apex_.view().octets().begin(), apex_.view().octets().end());
    rdata.push_back(0);
    rdata.resize(rdata.size() + 20);
    store32(rdata.data() + rdata.size() - 4, minimum);
    return signed_set(apex_, apex_, Type::SOA, 3600, rdata);
  }

  std::vector<RRsetPtr> nsec_chain(std::size_t signature = 64) const {
    std::vector<std::pair<Name, Types>> owners;
    for (const auto& [name, types] : nodes_) {
      if (is_occluded(name)) { continue; }
      owners.emplace_back(name, visible(name));
      owners.back().second.insert({Type::RRSIG, Type::NSEC});
    }
    std::vector<RRsetPtr> chain;
    for (std::size_t i = 0; i < owners.size(); ++i) {
      const Name& next = owners[(i + 1) % owners.size()].first;
      chain.push_back(nsec_set(apex_, owners[i].first, next, owners[i].second, signature));
    }
    return chain;
  }

  std::vector<RRsetPtr> nsec3_chain(const Nsec3Form& form, std::size_t signature = 64) const {
    std::map<Nsec3Hash, Types> hashes;
    for (const auto& [owner, all] : nodes_) {
      if (is_occluded(owner)) { continue; }
      Types types = visible(owner);
      const bool is_unsigned = types.contains(Type::NS) && !types.contains(Type::SOA) && !types.contains(Type::DS);
      if (is_unsigned && form.opt_out) { continue; }
      if (!is_unsigned) { types.insert(Type::RRSIG); }
      hashes[hash_of(owner, form)] = types;
      // Empty non-terminals (RFC 5155 section 7.1).
      for (NameView above = owner.view(); above.labels() > apex_.view().labels(); above = above.parent()) {
        hashes.try_emplace(hash_of(above, form));
      }
    }
    std::vector<RRsetPtr> chain;
    for (auto at = hashes.begin(); at != hashes.end(); ++at) {
      const auto next = std::next(at) == hashes.end() ? hashes.begin() : std::next(at);
      chain.push_back(nsec3_set(apex_, at->first, next->first, at->second, form, signature));
    }
    return chain;
  }

  static Nsec3Hash hash_of(NameView name, const Nsec3Form& form) {
    Name lower(name);
    lower.lower_case();
    const auto hash = nsec3_hash(lower.view().octets(), form.salt, form.iterations);
    if (!hash) { std::abort(); }
    return *hash;
  }

 private:
  bool has(const Name& name, Type type) const {
    const auto node = nodes_.find(name);
    return node != nodes_.end() && node->second.contains(type);
  }
  // Below a cut or a DNAME: in the zone's file perhaps (glue), but not of the zone.
  bool is_occluded(NameView name) const {
    for (NameView above = name; above.labels() > apex_.view().labels();) {
      above = above.parent();
      const Name at(above);
      if (has(at, Type::DNAME) || (has(at, Type::NS) && at != apex_)) { return true; }
    }
    return false;
  }
  bool exists(NameView name) const {
    return std::ranges::any_of(
        nodes_, [&](const auto& node) { return node.first.view().is_at_or_below(name) && !is_occluded(node.first); });
  }
  Types visible(const Name& name) const {
    const Types& all = nodes_.at(name);
    if (name == apex_ || !all.contains(Type::NS)) { return all; }
    Types cut = {Type::NS};
    if (all.contains(Type::DS)) { cut.insert(Type::DS); }
    return cut;
  }
  Truth at_node(const Name& node, Type type, bool is_wildcard) const {
    const auto at = nodes_.find(node);
    Types types = at == nodes_.end() ? Types() : visible(node);
    if (!types.empty()) { types.insert(Type::RRSIG); }
    if (!types.empty() && has_nsec_) { types.insert(Type::NSEC); }
    if (types.contains(type)) { return {is_wildcard ? Truth::Kind::wildcard_data : Truth::Kind::data, node}; }
    // What may stand beside a CNAME is asked of the name itself (RFC 4035 section 2.5).
    if (types.contains(Type::CNAME) && type != Type::NSEC && type != Type::RRSIG) { return {Truth::Kind::alias, node}; }
    return {Truth::Kind::no_data, node};
  }

  Name apex_;
  bool has_nsec_ = false;
  std::map<Name, Types, CanonicalLess> nodes_;
};

}  // namespace vouch::model
