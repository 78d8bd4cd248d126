#include "resolver/wire/types.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace vouch {

namespace {

constexpr Field kCompressible{FieldKind::compressible_name, 0};
constexpr Field kName{FieldKind::plain_name, 0};
constexpr Field kText{FieldKind::text, 0};
constexpr Field kTexts{FieldKind::texts, 0};
constexpr Field kBitmap{FieldKind::bitmap, 0};
constexpr Field kShortBlob{FieldKind::short_blob, 0};
constexpr Field kRest{FieldKind::rest, 0};
constexpr Field octets(std::uint8_t count) { return {FieldKind::octets, count}; }

// Layouts, each named after the types that have it.
constexpr Field kOpaque[] = {kRest};
constexpr Field kA[] = {octets(4)};
constexpr Field kAaaa[] = {octets(16)};
constexpr Field kOldName[] = {kCompressible};                         // RFC 1035: NS, CNAME, PTR ...
constexpr Field kNewName[] = {kName};                                 // DNAME
constexpr Field kSoa[] = {kCompressible, kCompressible, octets(20)};  // two names, five 32-bit numbers
constexpr Field kMinfo[] = {kCompressible, kCompressible};
constexpr Field kMx[] = {octets(2), kCompressible};
constexpr Field kPreferred[] = {octets(2), kName};  // AFSDB, RT, KX, LP: preference, host
constexpr Field kTwoNames[] = {kName, kName};       // RP, TALINK
constexpr Field kPx[] = {octets(2), kName, kName};
constexpr Field kWks[] = {octets(5), kRest};  // address, protocol, ports
constexpr Field kOneText[] = {kText};         // X25
constexpr Field kHinfo[] = {kText, kText};
constexpr Field kGpos[] = {kText, kText, kText};
constexpr Field kTextList[] = {kTexts};                     // TXT, SPF; ISDN has one or two
constexpr Field kSignature[] = {octets(18), kName, kRest};  // RRSIG, SIG: signer, signature
constexpr Field kKey[] = {octets(4), kRest};                // DNSKEY, KEY: flags, protocol, algorithm
constexpr Field kDs[] = {octets(4), kRest};                 // tag, algorithm, digest type
constexpr Field kNxt[] = {kName, kRest};
constexpr Field kNsec[] = {kName, kBitmap};
constexpr Field kNsec3[] = {octets(4), kShortBlob, kShortBlob, kBitmap};  // RFC 5155 section 3.2
constexpr Field kNsec3Param[] = {octets(4), kShortBlob};
constexpr Field kLoc[] = {octets(1), kRest};  // RFC 1876: the version says how it goes on
constexpr Field kSrv[] = {octets(6), kName};
constexpr Field kNaptr[] = {octets(4), kText, kText, kText, kName};
constexpr Field kCert[] = {octets(5), kRest};
constexpr Field kSshfp[] = {octets(2), kRest};
constexpr Field kTlsa[] = {octets(3), kRest};
constexpr Field kCsync[] = {octets(6), kBitmap};
constexpr Field kZonemd[] = {octets(6), kRest};
constexpr Field kSvcb[] = {octets(2), kName, kRest};  // RFC 9460 section 2.2
constexpr Field kUri[] = {octets(4), kRest};
constexpr Field kCaa[] = {octets(1), kText, kRest};
constexpr Field kNid[] = {octets(10)};  // RFC 6742: preference, 64 bits
constexpr Field kL32[] = {octets(6)};
constexpr Field kEui48[] = {octets(6)};
constexpr Field kEui64[] = {octets(8)};
constexpr Field kDsync[] = {octets(5), kName};  // RFC 9859: type, scheme, port, target

constexpr TypeInfo entry(Type type, std::string_view mnemonic, std::span<const Field> fields, bool lower = false) {
  bool names = false, compressible = false;
  for (const Field& field : fields) {
    compressible |= field.kind == FieldKind::compressible_name;
    names |= field.kind == FieldKind::compressible_name || field.kind == FieldKind::plain_name;
  }
  return {type, mnemonic, fields, lower, names, compressible};
}

constexpr bool kLowerCase = true;

// THE table, in the order of the numbers.
constexpr TypeInfo kTypes[] = {
    entry(Type::A, "A", kA),
    entry(Type::NS, "NS", kOldName, kLowerCase),
    entry(Type::MD, "MD", kOldName, kLowerCase),
    entry(Type::MF, "MF", kOldName, kLowerCase),
    entry(Type::CNAME, "CNAME", kOldName, kLowerCase),
    entry(Type::SOA, "SOA", kSoa, kLowerCase),
    entry(Type::MB, "MB", kOldName, kLowerCase),
    entry(Type::MG, "MG", kOldName, kLowerCase),
    entry(Type::MR, "MR", kOldName, kLowerCase),
    entry(Type::NUL, "NULL", kOpaque),
    entry(Type::WKS, "WKS", kWks),
    entry(Type::PTR, "PTR", kOldName, kLowerCase),
    entry(Type::HINFO, "HINFO", kHinfo),
    entry(Type::MINFO, "MINFO", kMinfo, kLowerCase),
    entry(Type::MX, "MX", kMx, kLowerCase),
    entry(Type::TXT, "TXT", kTextList),
    entry(Type::RP, "RP", kTwoNames, kLowerCase),
    entry(Type::AFSDB, "AFSDB", kPreferred, kLowerCase),
    entry(Type::X25, "X25", kOneText),
    entry(Type::ISDN, "ISDN", kTextList),
    entry(Type::RT, "RT", kPreferred, kLowerCase),
    entry(Type::NSAP, "NSAP", kOpaque),
    entry(Type::NSAP_PTR, "NSAP-PTR", kNewName),
    entry(Type::SIG, "SIG", kSignature, kLowerCase),
    entry(Type::KEY, "KEY", kKey),
    entry(Type::PX, "PX", kPx, kLowerCase),
    entry(Type::GPOS, "GPOS", kGpos),
    entry(Type::AAAA, "AAAA", kAaaa),
    entry(Type::LOC, "LOC", kLoc),
    entry(Type::NXT, "NXT", kNxt, kLowerCase),
    entry(Type::EID, "EID", kOpaque),
    entry(Type::NIMLOC, "NIMLOC", kOpaque),
    entry(Type::SRV, "SRV", kSrv, kLowerCase),
    entry(Type::ATMA, "ATMA", kOpaque),
    entry(Type::NAPTR, "NAPTR", kNaptr, kLowerCase),
    entry(Type::KX, "KX", kPreferred, kLowerCase),
    entry(Type::CERT, "CERT", kCert),
    entry(Type::A6, "A6", kOpaque),  // where its name starts depends on its first octet; historic (RFC 6563)
    entry(Type::DNAME, "DNAME", kNewName, kLowerCase),
    entry(Type::SINK, "SINK", kOpaque),
    entry(Type::OPT, "OPT", kOpaque),
    entry(Type::APL, "APL", kOpaque),
    entry(Type::DS, "DS", kDs),
    entry(Type::SSHFP, "SSHFP", kSshfp),
    entry(Type::IPSECKEY, "IPSECKEY", kOpaque),  // its gateway may be a name, never compressed (RFC 4025 section 2.5)
    entry(Type::RRSIG, "RRSIG", kSignature, kLowerCase),
    entry(Type::NSEC, "NSEC", kNsec),  // not lower-cased: RFC 6840 section 5.1
    entry(Type::DNSKEY, "DNSKEY", kKey),
    entry(Type::DHCID, "DHCID", kOpaque),
    entry(Type::NSEC3, "NSEC3", kNsec3),
    entry(Type::NSEC3PARAM, "NSEC3PARAM", kNsec3Param),
    entry(Type::TLSA, "TLSA", kTlsa),
    entry(Type::SMIMEA, "SMIMEA", kTlsa),
    entry(Type::HIP, "HIP", kOpaque),
    entry(Type::NINFO, "NINFO", kTextList),
    entry(Type::RKEY, "RKEY", kKey),
    entry(Type::TALINK, "TALINK", kTwoNames),
    entry(Type::CDS, "CDS", kDs),
    entry(Type::CDNSKEY, "CDNSKEY", kKey),
    entry(Type::OPENPGPKEY, "OPENPGPKEY", kOpaque),
    entry(Type::CSYNC, "CSYNC", kCsync),
    entry(Type::ZONEMD, "ZONEMD", kZonemd),
    entry(Type::SVCB, "SVCB", kSvcb),
    entry(Type::HTTPS, "HTTPS", kSvcb),
    entry(Type::DSYNC, "DSYNC", kDsync),
    entry(Type::HHIT, "HHIT", kOpaque),
    entry(Type::BRID, "BRID", kOpaque),
    entry(Type::SPF, "SPF", kTextList),
    entry(Type::UINFO, "UINFO", kOpaque),
    entry(Type::UID, "UID", kOpaque),
    entry(Type::GID, "GID", kOpaque),
    entry(Type::UNSPEC, "UNSPEC", kOpaque),
    entry(Type::NID, "NID", kNid),
    entry(Type::L32, "L32", kL32),
    entry(Type::L64, "L64", kNid),
    entry(Type::LP, "LP", kPreferred),
    entry(Type::EUI48, "EUI48", kEui48),
    entry(Type::EUI64, "EUI64", kEui64),
    entry(Type::NXNAME, "NXNAME", kOpaque),
    entry(Type::TKEY, "TKEY", kOpaque),
    entry(Type::TSIG, "TSIG", kOpaque),
    entry(Type::IXFR, "IXFR", kOpaque),
    entry(Type::AXFR, "AXFR", kOpaque),
    entry(Type::MAILB, "MAILB", kOpaque),
    entry(Type::MAILA, "MAILA", kOpaque),
    entry(Type::ANY, "ANY", kOpaque),
    entry(Type::URI, "URI", kUri),
    entry(Type::CAA, "CAA", kCaa),
    entry(Type::AVC, "AVC", kTextList),
    entry(Type::DOA, "DOA", kOpaque),
    entry(Type::AMTRELAY, "AMTRELAY", kOpaque),
    entry(Type::RESINFO, "RESINFO", kTextList),
    entry(Type::WALLET, "WALLET", kTextList),
    entry(Type::CLA, "CLA", kTextList),
    entry(Type::IPN, "IPN", kEui64),
    entry(Type::TA, "TA", kDs),
    entry(Type::DLV, "DLV", kDs),
};
static_assert(std::ranges::is_sorted(kTypes, {}, &TypeInfo::type));

// Types below this are found by one look; the few above by bisection.
constexpr std::size_t kDirect = 272;
constexpr auto kIndex = [] {
  std::array<std::uint8_t, kDirect> index{};  // position + 1; 0 means none
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    const auto number = std::to_underlying(kTypes[i].type);
    if (number < kDirect) { index[number] = static_cast<std::uint8_t>(i + 1); }
  }
  return index;
}();
static_assert(std::size(kTypes) < 255);

constexpr char upper(char letter) { return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 0x20) : letter; }

bool same_word(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, upper, upper); }

}  // namespace

const TypeInfo* type_info(Type type) noexcept {
  const std::size_t number = std::to_underlying(type);
  if (number < kDirect) { return kIndex[number] == 0 ? nullptr : &kTypes[kIndex[number] - 1]; }
  const auto* const found = std::ranges::lower_bound(kTypes, type, {}, &TypeInfo::type);
  return found != std::end(kTypes) && found->type == type ? found : nullptr;
}

std::string type_text(Type type) {
  const TypeInfo* const info = type_info(type);
  return info != nullptr ? std::string(info->mnemonic) : "TYPE" + std::to_string(std::to_underlying(type));
}

std::optional<Type> parse_type(std::string_view text) {
  const auto* const known =
      std::ranges::find_if(kTypes, [text](const TypeInfo& info) { return same_word(info.mnemonic, text); });
  if (known != std::end(kTypes)) { return known->type; }
  constexpr std::string_view kGeneric = "TYPE";
  if (text.size() <= kGeneric.size() || !same_word(text.substr(0, kGeneric.size()), kGeneric)) { return std::nullopt; }
  const std::string_view digits = text.substr(kGeneric.size());
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) { return std::nullopt; }
  return static_cast<Type>(number);
}

std::string_view rcode_text(Rcode rcode) noexcept {
  switch (std::to_underlying(rcode)) {  // by number: IANA names more of them than we ever send
    case 0:
      return "NOERROR";
    case 1:
      return "FORMERR";
    case 2:
      return "SERVFAIL";
    case 3:
      return "NXDOMAIN";
    case 4:
      return "NOTIMP";
    case 5:
      return "REFUSED";
    case 6:
      return "YXDOMAIN";
    case 7:
      return "YXRRSET";
    case 8:
      return "NXRRSET";
    case 9:
      return "NOTAUTH";
    case 10:
      return "NOTZONE";
    case 11:
      return "DSOTYPENI";
    case 16:
      return "BADVERS";
    case 17:
      return "BADKEY";
    case 18:
      return "BADTIME";
    case 19:
      return "BADMODE";
    case 20:
      return "BADNAME";
    case 21:
      return "BADALG";
    case 22:
      return "BADTRUNC";
    case 23:
      return "BADCOOKIE";
    default:
      return "RCODE";
  }
}

}  // namespace vouch
