#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/algorithm.h"
#include "tests/lab/denial.h"
#include "tests/lab/flaw.h"
#include "tests/lab/seed.h"

// What there is: every zone of the lab's Internet, told as data. Nothing here is made yet; builder.h makes the files,
// proxy.h serves them.
namespace vouch::lab {

enum class Role {
  serves,
  lame,    // up, but not serving the zone it is listed for: REFUSED
  silent,  // listed, and never answers
};

struct Server {
  std::string name;                    // host name, absolute
  std::vector<std::string> addresses;  // 127.x.y.z or ::1, as text
  Role role = Role::serves;
  bool stale = false;  // serves a copy of the zone with expired signatures
};

enum class Verdict { secure, insecure, bogus, unreachable };
std::string_view text_of(Verdict verdict);

// A question, and what a validating resolver should make of it.
struct Expectation {
  std::string name;
  std::string type;
  Verdict verdict = Verdict::secure;
  std::string rcode = "NOERROR";
  std::vector<std::string> answer = {};  // RDATA of all answer records, aliases included, in presentation form
  std::string reason = {};               // of a verdict that is not secure
  std::string fault = {};                // the zone where the chain breaks, for bogus
  std::string remark = {};
  std::string or_else = {};       // another verdict that is right too, as text; empty for none
  std::string transport = "udp";  // "tcp" when the answer does not fit UDP towards a client
  bool example = false;           // also a row of examples.tsv: a resolver that does not validate answers it too
};

// What makes a validator work in vain (KeyTrap, CVE-2023-50387). Nothing by default.
struct Trap {
  int keys = 0;                 // further DNSKEYs with the data key's tag, every one of them well formed
  int signatures = 0;           // false signatures of the wildcard, so that any number of names has them
  int ds = 0;                   // at the parent, in place of the right one: the KSK's tag, the digest of no key
  bool long_exponents = false;  // the further keys are RSA keys with an exponent as long as the modulus

  bool operator==(const Trap&) const = default;
};

struct ZoneSpec {
  std::string apex;
  std::string about;
  Algorithm algorithm = Algorithm::none;
  Denial denial = Denial::none;
  std::uint16_t nsec3_iterations = 0;
  std::string nsec3_salt;
  bool single_key = false;  // one key signs everything, instead of KSK and ZSK
  bool has_ds = false;      // the parent holds a DS: the delegation is secure
  bool has_glue = true;     // the parent holds the addresses of servers that lie below it
  bool has_honest_key_collision = false;
  Flaw flaw = Flaw::none;
  Trap trap;
  std::vector<Server> servers;
  std::vector<std::string> records;      // zone-file text without SOA, apex NS and server addresses
  std::vector<std::string> impairments;  // see impairment.h; "zone=<apex>" is put in front
  std::vector<Expectation> expectations;
  std::string backend;  // which NSD serves it; filled in by finish() when empty
};

struct Options {
  std::uint64_t seed = 1;
  std::uint32_t big = 0;      // names of the zone big.bench., 0 for no such zone
  std::uint32_t leaves = 0;   // signed zones leaf<n>.bench. with 50 names each
  std::uint32_t hostile = 0;  // zones ds<n>.hostile. with colliding DS; any at all brings the other hostile zones, too

  bool operator==(const Options&) const = default;
};

class Catalogue {
 public:
  explicit Catalogue(Options options) : options_(options), seed_(options.seed) {}

  // References stay valid while more zones are added.
  ZoneSpec& add(ZoneSpec spec);
  const ZoneSpec* zone(std::string_view apex) const;
  const std::deque<ZoneSpec>& zones() const { return zones_; }

  // The closest zone strictly above; null for the root.
  const ZoneSpec* parent(const ZoneSpec& zone) const;
  std::vector<const ZoneSpec*> children(const ZoneSpec& zone) const;

  const Options& options() const { return options_; }
  const Seed& seed() const { return seed_; }

  // "<owner> A <address>" with the address that the seed gives the owner, and that address alone.
  std::string a_record(std::string_view owner) const;
  std::string aaaa_record(std::string_view owner) const;
  std::string a_of(std::string_view owner) const { return seed_.ipv4_of(owner); }
  std::string aaaa_of(std::string_view owner) const { return seed_.ipv6_of(owner); }

  // Once all zones are in: assigns back ends and indexes children.
  void finish();

  // Changes whenever anything in the catalogue does; a built folder remembers it.
  std::string fingerprint() const;

 private:
  Options options_;
  Seed seed_;
  std::deque<ZoneSpec> zones_;
  std::map<std::string, ZoneSpec*, std::less<>> by_apex_;
  std::map<std::string, std::vector<const ZoneSpec*>, std::less<>> children_;
};

// The whole Internet of the lab.
Catalogue make_catalogue(const Options& options);

// Its districts; make_catalogue() calls them in this order.
void add_root_and_tlds(Catalogue& catalogue);
void add_algorithm_zones(Catalogue& catalogue);
void add_data_zones(Catalogue& catalogue);
void add_alias_zones(Catalogue& catalogue);
void add_delegation_zones(Catalogue& catalogue);
void add_server_zones(Catalogue& catalogue);
void add_flaw_zones(Catalogue& catalogue);
void add_benchmark_zones(Catalogue& catalogue);
void add_hostile_zones(Catalogue& catalogue);

// A zone with one server "ns1.<apex>" at `address`, signed with ECDSA P-256 and NSEC and securely delegated.
ZoneSpec signed_zone(std::string apex, std::string about, std::string address);
// The same without signatures.
ZoneSpec plain_zone(std::string apex, std::string about, std::string address);

Expectation secure_answer(std::string name, std::string type, std::vector<std::string> answer, std::string remark);
Expectation insecure_answer(std::string name, std::string type, std::vector<std::string> answer, std::string remark);
Expectation denied(std::string name, std::string type, std::string rcode, Verdict verdict, std::string remark);
Expectation bogus(std::string name, std::string type, Flaw flaw, std::string fault, std::string remark);
Expectation unreachable(std::string name, std::string type, std::string remark);
Expectation as_example(Expectation expectation);
Expectation or_else(Expectation expectation, Verdict verdict);

}  // namespace vouch::lab
