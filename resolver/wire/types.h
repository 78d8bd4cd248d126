// RR types, classes, rcodes, opcodes, EDNS option codes and extended errors, and the one table of RR types that drives
// parsing, compression and canonical form. Types outside the table are opaque (RFC 3597).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vouch {

enum class Type : std::uint16_t {
  none = 0,
  A = 1,
  NS = 2,
  MD = 3,
  MF = 4,
  CNAME = 5,
  SOA = 6,
  MB = 7,
  MG = 8,
  MR = 9,
  NUL = 10,
  WKS = 11,
  PTR = 12,
  HINFO = 13,
  MINFO = 14,
  MX = 15,
  TXT = 16,
  RP = 17,
  AFSDB = 18,
  X25 = 19,
  ISDN = 20,
  RT = 21,
  NSAP = 22,
  NSAP_PTR = 23,
  SIG = 24,
  KEY = 25,
  PX = 26,
  GPOS = 27,
  AAAA = 28,
  LOC = 29,
  NXT = 30,
  EID = 31,
  NIMLOC = 32,
  SRV = 33,
  ATMA = 34,
  NAPTR = 35,
  KX = 36,
  CERT = 37,
  A6 = 38,
  DNAME = 39,
  SINK = 40,
  OPT = 41,
  APL = 42,
  DS = 43,
  SSHFP = 44,
  IPSECKEY = 45,
  RRSIG = 46,
  NSEC = 47,
  DNSKEY = 48,
  DHCID = 49,
  NSEC3 = 50,
  NSEC3PARAM = 51,
  TLSA = 52,
  SMIMEA = 53,
  HIP = 55,
  NINFO = 56,
  RKEY = 57,
  TALINK = 58,
  CDS = 59,
  CDNSKEY = 60,
  OPENPGPKEY = 61,
  CSYNC = 62,
  ZONEMD = 63,
  SVCB = 64,
  HTTPS = 65,
  DSYNC = 66,
  HHIT = 67,
  BRID = 68,
  SPF = 99,
  UINFO = 100,
  UID = 101,
  GID = 102,
  UNSPEC = 103,
  NID = 104,
  L32 = 105,
  L64 = 106,
  LP = 107,
  EUI48 = 108,
  EUI64 = 109,
  NXNAME = 128,
  TKEY = 249,
  TSIG = 250,
  IXFR = 251,
  AXFR = 252,
  MAILB = 253,
  MAILA = 254,
  ANY = 255,
  URI = 256,
  CAA = 257,
  AVC = 258,
  DOA = 259,
  AMTRELAY = 260,
  RESINFO = 261,
  WALLET = 262,
  CLA = 263,
  IPN = 264,
  TA = 32768,
  DLV = 32769,
};

enum class Class : std::uint16_t { IN = 1, CH = 3, HS = 4, NONE = 254, ANY = 255 };
enum class Opcode : std::uint8_t { query = 0, iquery = 1, status = 2, notify = 4, update = 5, dso = 6 };
enum class Rcode : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4,
  refused = 5,
  yx_domain = 6,
  not_auth = 9,
  bad_version = 16,
  bad_cookie = 23,
};
enum class OptionCode : std::uint16_t {
  nsid = 3,
  client_subnet = 8,
  cookie = 10,
  keepalive = 11,
  padding = 12,
  chain = 13,
  extended_error = 15,
};

// RFC 8914 and IANA's registry.
enum class Ede : std::uint16_t {
  other = 0,
  unsupported_dnskey_algorithm = 1,
  unsupported_ds_digest = 2,
  stale_answer = 3,
  forged_answer = 4,
  dnssec_indeterminate = 5,
  dnssec_bogus = 6,
  signature_expired = 7,
  signature_not_yet_valid = 8,
  dnskey_missing = 9,
  rrsigs_missing = 10,
  no_zone_key_bit = 11,
  nsec_missing = 12,
  cached_error = 13,
  not_ready = 14,
  blocked = 15,
  censored = 16,
  filtered = 17,
  prohibited = 18,
  stale_nxdomain = 19,
  not_authoritative = 20,
  not_supported = 21,
  no_reachable_authority = 22,
  network_error = 23,
  invalid_data = 24,
  signature_expired_before_valid = 25,
  unsupported_nsec3_iterations = 27,
  unable_to_conform = 28,
  synthesized = 29,
  invalid_query_type = 30,
  negative_trust_anchor = 33,
};

// How the fields of an RDATA follow one another.
enum class FieldKind : std::uint8_t {
  compressible_name,  // RFC 1035 types: may be compressed in and out (RFC 3597 section 4)
  plain_name,         // decompressed when a peer compressed it (RFC 3597 section 4), never compressed by us
  octets,             // `size` octets
  text,               // one <character-string>
  texts,              // one or more <character-string>s to the end
  bitmap,             // NSEC type bitmap to the end (RFC 4034 section 4.1.2)
  short_blob,         // one length octet, then that many (NSEC3 salt, hash)
  rest,               // whatever is left, maybe nothing
};
struct Field {
  FieldKind kind;
  std::uint8_t size;  // for FieldKind::octets
};
struct TypeInfo {
  Type type;
  std::string_view mnemonic;
  std::span<const Field> fields;
  bool lower_case_names;  // in canonical form (RFC 4034 section 6.2 as corrected by RFC 6840 section 5.1)
  bool has_names;         // some field is a name
  bool has_compressible_names;
};

// Nothing for a type that is not in the table: treat its RDATA as opaque.
const TypeInfo* type_info(Type type) noexcept;

std::string type_text(Type type);  // "A", "TYPE65400" (RFC 3597 section 5)
std::optional<Type> parse_type(std::string_view text);
std::string_view rcode_text(Rcode rcode) noexcept;  // "NOERROR", "SERVFAIL"; "RCODE" for one without a name
// RFC 6895 section 3.1: QTYPEs and meta-types (128-255, OPT, 0) name no data that could be stored.
constexpr bool is_meta(Type type) noexcept {
  const auto number = static_cast<std::uint16_t>(type);
  return number == 0 || type == Type::OPT || (number >= 128 && number <= 255);
}

}  // namespace vouch
