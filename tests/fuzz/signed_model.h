// A signed zone as clients and caches see it: the records of a zone_model.h zone with signatures, and the truth about
// every question (RFC 1034 section 4.3.2, RFC 4592). Signatures have the right form and no sense: nobody checks them
// here.
#pragma once

#include <cstdlib>
#include <optional>

#include "tests/fuzz/zone_model.h"

namespace vouch::model {

using dnssec_kit::hashed_owner;
using dnssec_kit::Nsec3Form;

constexpr std::uint32_t kTtl = 3600;
constexpr std::size_t kSignatureOctets = 64;

// The form of an RRSIG over a set of this owner by this zone. `labels`: those of the owner, if nothing else is said.
inline Buffer signature_by(NameView zone, NameView owner, Type covered, std::size_t size = kSignatureOctets,
                           std::optional<std::uint8_t> labels = std::nullopt) {
  constexpr std::size_t kFixed = 18;
  Buffer rdata(kFixed);
  store16(rdata.data(), static_cast<std::uint16_t>(covered));
  rdata[2] = 13;
  rdata[3] = labels.value_or(u8(owner.labels() - (owner.is_wildcard() ? std::size_t{1} : 0)));
  dnssec_kit::append(rdata, zone.octets());
  rdata.resize(rdata.size() + size, Octet{0x5a});
  return rdata;
}

inline RRsetPtr signed_set(NameView zone, NameView owner, Type type, std::uint32_t ttl, Bytes rdata,
                           std::size_t signature = kSignatureOctets,
                           std::optional<std::uint8_t> labels = std::nullopt) {
  const Buffer rrsig = signature_by(zone, owner, type, signature, labels);
  const Bytes records[] = {rdata};
  const Bytes signatures[] = {rrsig};
  return RRset::make(owner, type, ttl, records, signatures);
}

inline RRsetPtr nsec_set(NameView zone, NameView owner, NameView next, const Types& types,
                         std::size_t signature = kSignatureOctets, std::optional<std::uint8_t> labels = std::nullopt) {
  return signed_set(zone, owner, Type::NSEC, kTtl, dnssec_kit::nsec_rdata(next, types), signature, labels);
}

inline RRsetPtr nsec3_set(NameView zone, const Nsec3Hash& hash, const Nsec3Hash& next, const Types& types,
                          const Nsec3Form& form, std::size_t signature = kSignatureOctets) {
  const Buffer rdata = dnssec_kit::nsec3_rdata(next, types, form);
  return signed_set(zone, hashed_owner(hash, zone), Type::NSEC3, kTtl, rdata, signature);
}

inline Nsec3Hash hash_of(NameView name, const Nsec3Form& form) {
  Name lower(name);
  lower.lower_case();
  const auto hash = nsec3_hash(lower.view().octets(), form.salt, form.iterations);
  if (!hash) { std::abort(); }
  return *hash;
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

class SignedZone {
 public:
  explicit SignedZone(NameView apex) : apex_(apex) {
    zone_.apex = labels_of(apex);
    zone_.data[zone_.apex] = {Type::SOA, Type::NS, Type::DNSKEY};
  }

  const Name& apex() const noexcept { return apex_; }
  // Whether its names have NSEC records: one can ask for these too.
  void set_has_nsec(bool has_nsec) noexcept { has_nsec_ = has_nsec; }
  // Its records in capitals, which must make no difference.
  void set_shouts(bool shouts) noexcept { zone_.shout = shouts; }
  // Of a zone file's kind: a CNAME stands alone, a cut has DS or nothing beside its NS, wildcards are no cuts.
  void add(NameView name, Type type) {
    if (!name.is_at_or_below(apex_)) { std::abort(); }
    zone_.data[labels_of(name)].insert(type);
    finished_.reset();
  }
  bool has_node(NameView name) const { return zone_.data.contains(labels_of(name)); }

  Truth truth(NameView asked, Type type) const {
    const Zone& zone = finished();
    const Labels name = labels_of(asked);
    for (std::size_t labels = zone.apex.size() + 1; labels <= name.size(); ++labels) {
      const Labels above = ancestor_of(name, labels - 1);
      if (zone.has(above, Type::DNAME)) { return {Truth::Kind::elsewhere, name_of(above)}; }
      const Labels cut = ancestor_of(name, labels);
      const bool is_parents = labels == name.size() && type == Type::DS;
      if (zone.has(cut, Type::NS) && !is_parents) { return {Truth::Kind::elsewhere, name_of(cut)}; }
    }
    if (type == Type::DS && name == zone.apex && !name.empty()) { return {Truth::Kind::elsewhere, apex_}; }
    if (zone.exists(name)) { return at_node(zone, name, type, false); }
    const Labels wildcard = child_of(zone.closest_encloser(name), "*");
    if (!zone.exists(wildcard)) { return {Truth::Kind::name_error, name_of(wildcard)}; }
    return at_node(zone, wildcard, type, true);
  }

  // What a server of the zone would send: one record, told apart from others' by its owner.
  RRsetPtr data(NameView owner, Type type) const {
    Buffer rdata;
    if (type == Type::A) { rdata = {192, 0, 2, owner.labels()}; }
    if (type == Type::TXT) { rdata = {2, 'i', 'n'}; }
    if (type == Type::CNAME) { dnssec_kit::append(rdata, apex_.view().octets()); }
    if (rdata.empty()) { return nullptr; }
    return signed_set(apex_, owner, type, kTtl, rdata);
  }
  RRsetPtr soa(std::uint32_t minimum = kTtl) const {
    Buffer rdata(apex_.view().octets().begin(), apex_.view().octets().end());
    rdata.push_back(0);
    rdata.resize(rdata.size() + 20);
    store32(rdata.data() + rdata.size() - 4, minimum);
    return signed_set(apex_, apex_, Type::SOA, kTtl, rdata);
  }

  std::vector<RRsetPtr> nsec_chain(std::size_t signature = kSignatureOctets) const {
    return chain_of(zone_, signature);
  }
  std::vector<RRsetPtr> nsec3_chain(const Nsec3Form& form, std::size_t signature = kSignatureOctets) const {
    Zone zone = zone_;
    zone.kind = Kind::nsec3;
    zone.opt_out = zone.flags_all = form.opt_out;
    zone.iterations = form.iterations;
    zone.salt = form.salt;
    return chain_of(std::move(zone), signature);
  }

 private:
  const Zone& finished() const {
    if (!finished_) {
      finished_ = zone_;
      finished_->finish();
    }
    return *finished_;
  }
  std::vector<RRsetPtr> chain_of(Zone zone, std::size_t signature) const {
    zone.finish();
    std::vector<RRsetPtr> chain;
    for (const Record& record : zone.records()) {
      const RRset& set = *record.rrset;
      chain.push_back(signed_set(apex_, set.owner(), set.type(), kTtl, set.first_rdata(), signature));
    }
    return chain;
  }
  Truth at_node(const Zone& zone, const Labels& node, Type type, bool is_wildcard) const {
    Types types = zone.types_at(node);
    if (!types.empty()) { types.insert(Type::RRSIG); }
    if (!types.empty() && has_nsec_) { types.insert(Type::NSEC); }
    const Name source = name_of(node);
    if (types.contains(type)) { return {is_wildcard ? Truth::Kind::wildcard_data : Truth::Kind::data, source}; }
    // What may stand beside a CNAME is asked of the name itself (RFC 4035 section 2.5).
    const bool leads_on = types.contains(Type::CNAME) && type != Type::NSEC && type != Type::RRSIG;
    return {leads_on ? Truth::Kind::alias : Truth::Kind::no_data, source};
  }

  Name apex_;
  bool has_nsec_ = false;
  Zone zone_;
  mutable std::optional<Zone> finished_;  // as it is now, made when it is asked for
};

}  // namespace vouch::model
