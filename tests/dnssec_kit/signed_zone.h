// A zone that is signed as its records say: RRSIGs, a chain of NSEC or NSEC3 (RFC 4034 section 4, RFC 5155
// section 7.1), and the replies of an honest server (RFC 1034 section 4.3.2, RFC 4035 section 3.1). Everything is made
// on demand from the plain list of records, so that a zone may change while a story goes on.
//
//   SignedZone zone("example.");
//   zone.has("www.example. 300 IN A 192.0.2.1").delegates("child.example.", {"192.0.2.2"}, child.ds());
//   const Reply reply = zone.answer({Name::of("www.example."), Type::A});
#pragma once

#include <map>
#include <string>
#include <vector>

#include "resolver/wire/answer.h"
#include "tests/dnssec_kit/denial_records.h"
#include "tests/dnssec_kit/signer.h"

namespace vouch::dnssec_kit {

struct ZoneStyle {
  bool is_signed = true;
  std::uint8_t algorithm = 13;
  unsigned rsa_bits = 2048;
  bool nsec3 = false;
  bool opt_out = false;  // NSEC3: unsigned delegations have no record of their own
  std::uint16_t iterations = 0;
  Buffer salt = {};
  SignOptions times = {};  // of every signature
};

// What a server says, before it becomes a message.
struct Reply {
  Rcode rcode = Rcode::no_error;
  bool aa = true;
  std::vector<RRsetPtr> answer, authority, additional;
};

// One key signs all (flags 257); its seed is the zone's name. Not signed: the same without any DNSSEC.
class SignedZone {
 public:
  explicit SignedZone(std::string_view origin, ZoneStyle style = {});

  SignedZone& has(std::string_view record);  // zone-file text, at or below the zone
  SignedZone& has(NameView owner, Type type, std::uint32_t ttl, Buffer rdata);
  SignedZone& lacks(std::string_view name, Type type);
  // NS ns<n>.<child> with glue. `ds`: RDATA; none: an unsigned delegation.
  SignedZone& delegates(std::string_view child, const std::vector<std::string_view>& addresses,
                        const std::vector<Buffer>& ds);
  SignedZone& style(const ZoneStyle& style) {  // from now on
    style_ = style;
    return *this;
  }
  const ZoneStyle& style() const { return style_; }

  const Name& origin() const { return origin_; }
  const SigningKey& key() const { return key_; }
  Buffer ds(std::uint8_t digest_type = 2) const { return key_.ds(origin_, digest_type); }

  Reply answer(const Question& question) const;
  // The zone's own set of that name and type, signed; null when there is none. NSEC is made.
  RRsetPtr set(NameView name, Type type) const;
  RRsetPtr soa() const { return set(origin_, Type::SOA); }
  RRsetPtr sign(const RRset& set) const;  // by the zone's key; as it is when the zone is not signed
  // What the chain has for a name: its own record, or the one whose gap the name lies in. Null when there is none.
  RRsetPtr proof_at(NameView name) const;
  RRsetPtr proof_over(NameView name) const;
  std::vector<RRsetPtr> proofs() const;      // all of it
  std::vector<RRsetPtr> everything() const;  // as a transfer has it: glue without signatures, and the chain

  bool exists(NameView name) const;  // data, or an empty non-terminal; nothing below a cut exists here
  NameView closest_encloser(NameView name) const;
  bool is_cut(NameView name) const;     // a delegation
  bool is_beyond(NameView name) const;  // below a cut or a DNAME: not this zone's

 private:
  using Sets = std::map<Type, RRsetPtr>;
  struct Link {
    Buffer place;  // NSEC: unused; NSEC3: the hash
    Name owner;    // of the record
    Types types;
  };
  const Sets* sets_at(NameView name) const;
  const RRset* raw(NameView name, Type type) const;
  Types types_at(NameView name) const;
  std::vector<Link> chain() const;
  RRsetPtr proof_of(const std::vector<Link>& chain, std::size_t index) const;
  Buffer place_of(NameView name) const;
  void refer(NameView cut, Reply& reply) const;
  void deny_name(NameView name, Reply& reply) const;
  void deny_type(NameView name, Reply& reply) const;
  void deny_closer(NameView name, NameView encloser, Reply& reply) const;
  void prove_encloser(NameView name, NameView encloser, Reply& reply) const;
  void put_proof(const RRsetPtr& proof, Reply& reply) const;
  bool answer_at(NameView node, Name& name, Type type, Reply& reply) const;
  bool step(Name& name, Type type, Reply& reply) const;

  Name origin_;
  ZoneStyle style_;
  SigningKey key_;
  std::map<Name, Sets, CanonicalLess> names_;
};

// RFC 5155 section 5, computed here anew.
Buffer hash_of_name(NameView name, Bytes salt, std::uint16_t iterations);

}  // namespace vouch::dnssec_kit
