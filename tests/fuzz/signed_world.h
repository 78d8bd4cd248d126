// An Internet of few zones for the fuzzing of validation, and the truth about it: which names are secure, and what
// their honest signers have signed. Made once; an attacker holds the key of attacker.org. and of no other zone.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tests/simulation/signed_internet.h"

namespace vouch {

using dnssec_kit::kDay;
using dnssec_kit::kNow;
using dnssec_kit::Reply;
using dnssec_kit::SignedZone;
using dnssec_kit::ZoneStyle;

class SignedWorld {
 public:
  enum class Region : std::uint8_t {
    secure,           // whatever is said of the name can be checked
    unsigned_region,  // below an unsigned delegation, or where an opt-out span may hide one: anybody may say anything
    attackers,        // and here the attacker even with signatures
  };

  static SignedWorld& instance() {
    static SignedWorld world;
    return world;
  }

  const SignedZone& root() const { return *zones_.front().zone; }
  const SignedZone& attacker() const { return *find("attacker.org."); }
  // What a zone's honest signer has signed, some of it long ago. Empty for an unsigned zone.
  const std::vector<RRsetPtr>& data(std::size_t zone) const { return zones_[zone].data; }
  const std::vector<RRsetPtr>& proofs(std::size_t zone) const { return zones_[zone].proofs; }
  const std::vector<Name>& names() const { return names_; }
  std::size_t zone_count() const { return zones_.size(); }
  const Name& origin(std::size_t index) const { return zones_[index].zone->origin(); }

  // The honest reply of whoever serves the address.
  const Reply* answer_at(const IpAddress& address, const Question& question) {
    const Entry* best = nullptr;
    for (const Entry& entry : zones_) {  // parents come before their children
      const bool is_child_of_ds = question.type == Type::DS && best != nullptr && entry.zone->origin() == question.name;
      const bool is_meant = entry.address == address && question.name.view().is_at_or_below(entry.zone->origin());
      if (is_meant && !is_child_of_ds) { best = &entry; }
    }
    return best == nullptr ? nullptr : &answer_of(*best, question);
  }

  Region region(NameView name, Type type) {
    const Entry& home = home_of(name, type);
    if (home.region != Region::secure) { return home.region; }
    // RFC 5155 section 6: what has no record of its own in an opt-out chain may be an unsigned delegation.
    // Not so below a DNAME.
    const bool is_open = home.zone->style().opt_out && !home.zone->is_beyond(name) && !home.zone->proof_at(name);
    return is_open ? Region::unsigned_region : Region::secure;
  }
  // Whether the honest zone has this set at this name, be it by a wildcard or a DNAME.
  bool is_true(const RRset& set) {
    if (set.type() == Type::NSEC) {  // either side of a cut has one
      return std::ranges::any_of(zones_, [&](const Entry& entry) {
        const bool has = set.owner().is_at_or_below(entry.zone->origin()) && entry.zone->style().is_signed;
        const RRsetPtr proof = has ? entry.zone->proof_at(set.owner()) : nullptr;
        return proof && proof->same_data(set);
      });
    }
    const Reply& reply = answer_of(home_of(set.owner(), set.type()), {Name(set.owner()), set.type()});
    return std::ranges::any_of(reply.answer, [&](const RRsetPtr& honest) { return honest->same_data(set); });
  }
  bool is_no_such_name(NameView name) {
    const Reply& reply = answer_of(home_of(name, Type::A), {Name(name), Type::A});
    return reply.rcode == Rcode::name_error && reply.answer.empty();
  }
  bool is_no_such_data(NameView name, Type type) {
    const Reply& reply = answer_of(home_of(name, type), {Name(name), type});
    return reply.rcode == Rcode::no_error && reply.answer.empty() && reply.aa;
  }

 private:
  struct Entry {
    std::unique_ptr<SignedZone> zone;
    IpAddress address;
    Region region;
    std::vector<RRsetPtr> data = {}, proofs = {};
  };

  SignedWorld() {
    add(".", "198.41.0.4", Region::secure);
    zones_.front().zone->lacks(".", Type::NS).has(". 518400 IN NS a.root-servers.net.");
    add("org.", "192.0.2.1", Region::secure);
    add("example.org.", "192.0.2.2", Region::secure);
    add("sub.example.org.", "192.0.2.2", Region::secure);  // on its parent's server
    add("bare.example.org.", "192.0.2.2", Region::unsigned_region, {.is_signed = false});
    add("hashed.org.", "192.0.2.3", Region::secure, {.nsec3 = true, .iterations = 1, .salt = {7}});
    add("child.hashed.org.", "192.0.2.4", Region::secure);
    add("open.org.", "192.0.2.5", Region::secure, {.nsec3 = true, .opt_out = true});
    add("bare.open.org.", "192.0.2.6", Region::unsigned_region, {.is_signed = false});
    add("child.open.org.", "192.0.2.6", Region::secure);
    add("plain.org.", "192.0.2.7", Region::unsigned_region, {.is_signed = false});
    add("island.plain.org.", "192.0.2.7", Region::unsigned_region);
    add("attacker.org.", "192.0.2.9", Region::attackers);
    for (const Entry& entry : zones_) { fill(*entry.zone); }
    for (Entry& entry : zones_) { gather(entry); }
  }

  const SignedZone* find(std::string_view origin) const {
    for (const Entry& entry : zones_) {
      if (entry.zone->origin() == Name::of(origin)) { return entry.zone.get(); }
    }
    return nullptr;
  }
  void add(std::string_view origin, std::string_view address, Region region, const ZoneStyle& style = {}) {
    auto zone = std::make_unique<SignedZone>(origin, style);
    SignedZone* parent = nullptr;
    for (const Entry& entry : zones_) {
      if (Name::of(origin).view().is_below(entry.zone->origin())) { parent = entry.zone.get(); }
    }
    const std::vector<Buffer> ds = style.is_signed ? std::vector<Buffer>{zone->ds()} : std::vector<Buffer>{};
    if (parent != nullptr) { parent->delegates(origin, {address}, ds); }
    zones_.push_back({std::move(zone), IpAddress::parse(address).value(), region});
  }
  static void fill(SignedZone& zone) {
    const std::string at = zone.origin().view().is_root() ? "" : zone.origin().text();
    zone.has("www." + at + " 300 IN A 198.51.100.1")
        .has("www." + at + " 300 IN TXT \"true\"")
        .has("mail." + at + " 300 IN A 198.51.100.2");
    if (at.empty() || at == "org.") { return; }
    zone.has("*.wild." + at + " 300 IN A 198.51.100.3")
        .has("host.wild." + at + " 300 IN A 198.51.100.4")
        .has("a.b.c." + at + " 300 IN A 198.51.100.5")
        .has("alias." + at + " 300 IN CNAME www." + at)
        .has("out." + at + " 300 IN CNAME www.example.org.")
        .has("bad." + at + " 300 IN CNAME www.attacker.org.")
        .has("*.star." + at + " 300 IN CNAME host.wild.hashed.org.")
        .has("tree." + at + " 300 IN DNAME hashed.org.");
  }
  // Everything the zone signs, what its wildcards expand to, and old data whose signatures have run out.
  void gather(Entry& of) {
    const SignedZone& zone = *of.zone;
    const std::string at = zone.origin().view().is_root() ? "" : zone.origin().text();
    for (const std::string_view label :
         {"", "www.", "mail.", "none.", "wild.", "*.wild.", "host.wild.", "x.wild.", "a.b.c.", "b.c.", "x.b.c.",
          "alias.", "out.", "bad.", "x.star.", "tree.", "www.tree.", "*."}) {
      const std::string text = std::string(label) + at;
      const Name name = Name::of(text.empty() ? "." : text);
      names_.push_back(name);
      if (!zone.style().is_signed) { continue; }
      for (const Type type :
           {Type::A, Type::TXT, Type::CNAME, Type::DNAME, Type::SOA, Type::NS, Type::DNSKEY, Type::DS}) {
        for (const RRsetPtr& set : zone.answer({name, type}).answer) { of.data.push_back(set); }
      }
      if (const RRsetPtr old = zone.set(name, Type::A)) {
        const RRsetPtr data = dnssec_kit::set_of(name, Type::A, 300, {{203, 0, 113, 1}});
        of.data.push_back(dnssec_kit::signed_set(*data, zone.key(), zone.origin(), {.expiration = kNow - kDay}));
      }
    }
    if (!zone.style().is_signed) { return; }
    of.proofs = zone.proofs();
    for (const Entry& entry : zones_) {
      if (const RRsetPtr ds = zone.set(entry.zone->origin(), Type::DS)) { of.data.push_back(ds); }
    }
  }
  const Entry& home_of(NameView name, Type type) {
    const Entry* best = &zones_.front();
    for (const Entry& entry : zones_) {
      const NameView origin = entry.zone->origin();
      const bool is_parents = type == Type::DS && origin == name && !origin.is_root();
      if (name.is_at_or_below(origin) && !is_parents) { best = &entry; }
    }
    return *best;
  }
  const Reply& answer_of(const Entry& entry, const Question& question) {
    Name lower = question.name;
    lower.lower_case();
    const Key key{&entry, lower.text(), question.type};
    const auto known = answers_.find(key);
    if (known != answers_.end()) { return known->second; }
    if (answers_.size() >= kMaxAnswers) { answers_.clear(); }
    return answers_.emplace(key, entry.zone->answer({lower, question.type})).first->second;
  }

  static constexpr std::size_t kMaxAnswers = 20000;
  using Key = std::tuple<const Entry*, std::string, Type>;
  std::vector<Entry> zones_;  // parents before children
  std::vector<Name> names_;
  std::map<Key, Reply> answers_;
};

}  // namespace vouch
