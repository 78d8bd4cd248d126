#include "tests/dnssec_kit/signed_zone.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace vouch::dnssec_kit {

namespace {

constexpr std::uint32_t kTtl = 3600;
constexpr std::uint32_t kNegativeTtl = 300;
constexpr int kMaxAliases = 8;

Name child_of(std::string_view label, NameView of) {
  Name name(of);
  if (!name.prepend_label(bytes_of(label))) { std::abort(); }
  return name;
}

SigningKey key_for(const std::string& origin, const ZoneStyle& style) {
  const std::uint8_t algorithm = style.is_signed ? style.algorithm : std::uint8_t{13};
  return SigningKey({.algorithm = algorithm, .flags = 0x0101, .seed = origin, .rsa_bits = style.rsa_bits});
}

}  // namespace

Buffer hash_of_name(NameView name, Bytes salt, std::uint16_t iterations) {
  Name lower(name);
  lower.lower_case();
  Buffer hash(lower.view().octets().begin(), lower.view().octets().end());
  for (unsigned round = 0; round <= iterations; ++round) {
    append(hash, salt);
    Buffer next(SHA_DIGEST_LENGTH);
    SHA1(hash.data(), hash.size(), next.data());
    hash = std::move(next);
  }
  return hash;
}

SignedZone::SignedZone(std::string_view origin, ZoneStyle style)
    : origin_(Name::of(origin)), style_(std::move(style)), key_(key_for(origin_.text(), style_)) {
  const std::string self = origin_.text(), server = child_of("ns1", origin_).text();
  has(self + " 3600 IN SOA " + server + " " + child_of("hostmaster", origin_).text() + " 1 3600 600 86400 " +
      std::to_string(kNegativeTtl));
  has(self + " 86400 IN NS " + server);
  if (style_.is_signed) { has(origin_, Type::DNSKEY, kTtl, key_.dnskey()); }
}

SignedZone& SignedZone::has(std::string_view record) {
  const auto parsed = parse_record(record);
  if (!parsed) {
    std::fprintf(stderr, "no record: %s\n", std::string(record).c_str());
    std::abort();
  }
  return has(parsed->owner, parsed->type, parsed->ttl, parsed->rdata);
}

SignedZone& SignedZone::has(NameView owner, Type type, std::uint32_t ttl, Buffer rdata) {
  if (!owner.is_at_or_below(origin_)) { std::abort(); }
  RRsetPtr& standing = names_[Name(owner)][type];
  std::vector<Buffer> all;
  if (standing) {
    for (const Bytes each : standing->rdata()) { all.emplace_back(each.begin(), each.end()); }
  }
  all.push_back(std::move(rdata));
  standing = set_of(owner, type, ttl, all);
  return *this;
}

SignedZone& SignedZone::lacks(std::string_view name, Type type) {
  const auto found = names_.find(Name::of(name));
  if (found == names_.end()) { return *this; }
  found->second.erase(type);
  if (found->second.empty()) { names_.erase(found); }
  return *this;
}

SignedZone& SignedZone::delegates(std::string_view child, const std::vector<std::string_view>& addresses,
                                  const std::vector<Buffer>& ds) {
  const Name name = Name::of(child);
  lacks(child, Type::NS).lacks(child, Type::DS);
  int number = 0;
  for (const std::string_view address : addresses) {
    const std::string server = child_of("ns" + std::to_string(++number), name).text();
    has(name.text() + " 86400 IN NS " + server);
    lacks(server, Type::A);
    has(server + " 86400 IN A " + std::string(address));
  }
  for (const Buffer& rdata : ds) { has(name, Type::DS, kTtl, rdata); }
  return *this;
}

const SignedZone::Sets* SignedZone::sets_at(NameView name) const {
  const auto found = names_.find(Name(name));
  return found == names_.end() ? nullptr : &found->second;
}

const RRset* SignedZone::raw(NameView name, Type type) const {
  const Sets* const sets = sets_at(name);
  if (sets == nullptr) { return nullptr; }
  const auto found = sets->find(type);
  return found == sets->end() ? nullptr : found->second.get();
}

std::vector<RRsetPtr> SignedZone::everything() const {
  std::vector<RRsetPtr> all = style_.is_signed ? proofs() : std::vector<RRsetPtr>{};
  for (const auto& [name, sets] : names_) {
    for (const auto& [type, set] : sets) {
      const bool is_parents = !is_beyond(name) && (!is_cut(name) || type == Type::DS);
      all.push_back(is_parents ? sign(*set) : set);
    }
  }
  return all;
}

bool SignedZone::is_cut(NameView name) const { return name != origin_ && raw(name, Type::NS) != nullptr; }

bool SignedZone::is_beyond(NameView name) const {
  while (name.labels() > origin_.view().labels()) {
    name = name.parent();
    if (is_cut(name) || raw(name, Type::DNAME) != nullptr) { return true; }
  }
  return false;
}

bool SignedZone::exists(NameView name) const {
  return std::ranges::any_of(names_, [&](const auto& node) {
    return node.first.view().is_at_or_below(name) && (node.first.view() == name || !is_beyond(node.first)) &&
           !is_beyond(name);
  });
}

NameView SignedZone::closest_encloser(NameView name) const {
  while (!exists(name)) { name = name.parent(); }
  return name;
}

RRsetPtr SignedZone::sign(const RRset& set) const {
  if (!style_.is_signed) { return RRsetPtr(&set); }
  return signed_set(set, key_, origin_, style_.times);
}

// ------------------------------------------------------------------------------------------------------- the chain

// The types that a proof lists: at a cut, what the parent has of it.
Types SignedZone::types_at(NameView name) const {
  Types types;
  if (const Sets* const sets = sets_at(name)) {
    for (const auto& [type, set] : *sets) {
      if (!is_cut(name) || type == Type::NS || type == Type::DS) { types.insert(type); }
    }
  }
  return types;
}

std::vector<SignedZone::Link> SignedZone::chain() const {
  std::map<Buffer, Link> hashed;
  std::vector<Link> links;
  for (const auto& [name, sets] : names_) {
    if (is_beyond(name)) { continue; }
    Types types = types_at(name);
    if (!style_.nsec3) {
      types.insert({Type::RRSIG, Type::NSEC});
      links.push_back({{}, name, types});
      continue;
    }
    const bool is_unsigned = is_cut(name) && !types.contains(Type::DS);
    if (is_unsigned && style_.opt_out) { continue; }
    if (!is_unsigned) { types.insert(Type::RRSIG); }
    const Buffer hash = place_of(name);
    hashed[hash] = {hash, hashed_owner(hash, origin_), types};
    for (NameView above = name.view(); above.labels() > origin_.view().labels();) {  // RFC 5155 section 7.1 step 4
      above = above.parent();
      const Buffer empty = place_of(above);
      if (!hashed.contains(empty)) { hashed[empty] = {empty, hashed_owner(empty, origin_), types_at(above)}; }
    }
  }
  for (auto& [hash, link] : hashed) { links.push_back(std::move(link)); }
  return links;
}

Buffer SignedZone::place_of(NameView name) const { return hash_of_name(name, style_.salt, style_.iterations); }

RRsetPtr SignedZone::proof_of(const std::vector<Link>& chain, std::size_t index) const {
  const Link& link = chain[index];
  const Link& next = chain[(index + 1) % chain.size()];
  const Nsec3Form form{.salt = style_.salt, .iterations = style_.iterations, .opt_out = style_.opt_out};
  const Buffer rdata = style_.nsec3 ? nsec3_rdata(next.place, link.types, form) : nsec_rdata(next.owner, link.types);
  return sign(*set_of(link.owner, style_.nsec3 ? Type::NSEC3 : Type::NSEC, kNegativeTtl, {rdata}));
}

RRsetPtr SignedZone::proof_at(NameView name) const {
  const std::vector<Link> links = chain();
  const Name owner = style_.nsec3 ? hashed_owner(place_of(name), origin_) : Name(name);
  for (std::size_t i = 0; i < links.size(); ++i) {
    if (links[i].owner == owner) { return proof_of(links, i); }
  }
  return nullptr;
}

RRsetPtr SignedZone::proof_over(NameView name) const {
  const std::vector<Link> links = chain();
  const Buffer place = style_.nsec3 ? place_of(name) : Buffer();
  std::size_t last = links.size() - 1;  // what lies before the first lies after the last
  for (std::size_t i = 0; i < links.size(); ++i) {
    const bool is_same = style_.nsec3 ? links[i].place == place : links[i].owner == name;
    const bool is_before = style_.nsec3 ? links[i].place < place : canonical_order(links[i].owner, name) < 0;
    if (is_same) { return nullptr; }
    if (is_before) { last = i; }
  }
  if (style_.nsec3) {  // sorted by place: the last smaller one, or the last of all
    last = links.size() - 1;
    for (std::size_t i = 0; i < links.size() && links[i].place < place; ++i) { last = i; }
  }
  return proof_of(links, last);
}

std::vector<RRsetPtr> SignedZone::proofs() const {
  const std::vector<Link> links = chain();
  std::vector<RRsetPtr> all;
  for (std::size_t i = 0; i < links.size(); ++i) { all.push_back(proof_of(links, i)); }
  return all;
}

RRsetPtr SignedZone::set(NameView name, Type type) const {
  if (type == Type::NSEC) { return style_.nsec3 || !style_.is_signed ? nullptr : proof_at(name); }
  const RRset* const found = raw(name, type);
  if (found == nullptr || is_beyond(name) || (is_cut(name) && type != Type::DS && type != Type::NS)) { return nullptr; }
  return is_cut(name) && type == Type::NS ? RRsetPtr(found) : sign(*found);
}

// ---------------------------------------------------------------------------------------------------- the replies

void SignedZone::put_proof(const RRsetPtr& proof, Reply& reply) const {
  const bool is_there = !proof || std::ranges::any_of(reply.authority, [&](const RRsetPtr& other) {
    return other->type() == proof->type() && other->owner() == proof->owner();
  });
  if (!is_there) { reply.authority.push_back(proof); }
}

// NSEC3: what exists, and that the next name towards `name` does not (RFC 5155 section 7.2.1).
void SignedZone::prove_encloser(NameView name, NameView encloser, Reply& reply) const {
  while (!proof_at(encloser)) { encloser = encloser.parent(); }  // opted out
  put_proof(proof_at(encloser), reply);
  put_proof(proof_over(name.suffix(u8(encloser.labels() + 1U))), reply);
}

void SignedZone::deny_name(NameView name, Reply& reply) const {
  reply.rcode = Rcode::name_error;
  reply.authority.push_back(soa());
  if (!style_.is_signed) { return; }
  const NameView encloser = closest_encloser(name);
  if (style_.nsec3) { prove_encloser(name, encloser, reply); }
  if (!style_.nsec3) { put_proof(proof_over(name), reply); }
  put_proof(proof_over(child_of("*", encloser)), reply);
}

// The name itself exists.
void SignedZone::deny_type(NameView name, Reply& reply) const {
  if (!style_.is_signed) { return; }
  if (const RRsetPtr proof = proof_at(name)) {
    put_proof(proof, reply);
  } else if (style_.nsec3) {
    prove_encloser(name, name.parent(), reply);  // opted out
  } else {
    put_proof(proof_over(name), reply);  // an empty non-terminal
  }
}

// A wildcard at the encloser answers for the name: nothing closer exists (RFC 4035 section 3.1.3.3, RFC 5155 section
// 7.2.6).
void SignedZone::deny_closer(NameView name, NameView encloser, Reply& reply) const {
  if (!style_.is_signed) { return; }
  put_proof(proof_over(style_.nsec3 ? name.suffix(u8(encloser.labels() + 1U)) : name), reply);
}

void SignedZone::refer(NameView cut, Reply& reply) const {
  reply.aa = false;
  const RRset* const servers = raw(cut, Type::NS);
  reply.authority.emplace_back(servers);
  if (const RRset* const ds = raw(cut, Type::DS)) {
    reply.authority.push_back(sign(*ds));
  } else {
    deny_type(cut, reply);
  }
  for (const Bytes rdata : servers->rdata()) {
    if (const RRset* const glue = raw(rdata_name(Type::NS, rdata), Type::A)) { reply.additional.emplace_back(glue); }
  }
}

// From the sets at `node`, which is `name` or the wildcard in its place. True when an alias leads on.
bool SignedZone::answer_at(NameView node, Name& name, Type type, Reply& reply) const {
  const bool is_wildcard = node != name;
  const auto expanded = [&](const RRset& set) {
    if (!is_wildcard) { return sign(set); }
    const RRsetPtr there = set_of(name, set.type(), set.ttl(), [&] {
      std::vector<Buffer> all;
      for (const Bytes rdata : set.rdata()) { all.emplace_back(rdata.begin(), rdata.end()); }
      return all;
    }());
    if (!style_.is_signed) { return there; }
    SignOptions options = style_.times;
    options.labels = u8(node.labels() - 1U);
    return signed_set(*there, key_, origin_, options);
  };
  const auto add = [&](const RRset& set) {
    reply.answer.push_back(expanded(set));
    if (is_wildcard) { deny_closer(name, node.parent(), reply); }
  };
  const RRset* found = raw(node, type);
  const RRsetPtr made = type == Type::NSEC && style_.is_signed && !style_.nsec3 ? proof_at(node) : nullptr;
  if (found == nullptr && made && !is_wildcard) { found = made.get(); }
  if (found != nullptr) {
    add(*found);
    return false;
  }
  if (const RRset* const alias = raw(node, Type::CNAME)) {
    add(*alias);
    name = Name(rdata_name(Type::CNAME, alias->first_rdata()));
    return true;
  }
  reply.authority.push_back(soa());
  if (is_wildcard) {
    if (style_.nsec3 && style_.is_signed) { prove_encloser(name, node.parent(), reply); }
    deny_closer(name, node.parent(), reply);
  }
  deny_type(node, reply);
  return false;
}

// True when an alias leads on.
bool SignedZone::step(Name& name, Type type, Reply& reply) const {
  for (unsigned labels = origin_.view().labels(); labels < name.view().labels(); ++labels) {
    const NameView above = name.view().suffix(u8(labels));
    const RRset* const dname = raw(above, Type::DNAME);
    if (dname == nullptr) { continue; }
    const auto target = Name::substitute(name, above, rdata_name(Type::DNAME, dname->first_rdata()));
    reply.answer.push_back(sign(*dname));
    if (!target) {
      reply.rcode = Rcode::yx_domain;
      return false;
    }
    const Bytes octets = target->view().octets();
    reply.answer.push_back(set_of(name, Type::CNAME, dname->ttl(), {Buffer(octets.begin(), octets.end())}));
    name = *target;
    return true;
  }
  if (exists(name)) { return answer_at(Name(name), name, type, reply); }
  const Name wildcard = child_of("*", closest_encloser(name));
  if (sets_at(wildcard) != nullptr) { return answer_at(wildcard, name, type, reply); }
  deny_name(name, reply);
  return false;
}

Reply SignedZone::answer(const Question& question) const {
  Reply reply;
  Name name = question.name;
  for (int aliases = 0; aliases < kMaxAliases && name.view().is_at_or_below(origin_); ++aliases) {
    for (unsigned labels = origin_.view().labels() + 1U; labels <= name.view().labels(); ++labels) {
      const Name cut(name.view().suffix(u8(labels)));
      const bool is_parents = labels == name.view().labels() && question.type == Type::DS;
      if (!is_cut(cut) || is_parents) { continue; }
      if (aliases == 0) { refer(cut, reply); }
      return reply;
    }
    if (!step(name, question.type, reply)) { break; }
  }
  return reply;
}

}  // namespace vouch::dnssec_kit
