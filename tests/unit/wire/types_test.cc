#include "resolver/wire/types.h"

#include <gtest/gtest.h>

#include "resolver/wire/rdata_layout.h"
#include "resolver/wire/with_ldns.h"

namespace vouch {
namespace {

TEST(Types, EveryMnemonicComesBack) {
  std::size_t known = 0;
  for (std::uint32_t number = 0; number <= 65535; ++number) {
    const Type type = static_cast<Type>(number);
    const std::string text = type_text(type);
    EXPECT_EQ(parse_type(text), type) << text;
    const TypeInfo* const info = type_info(type);
    EXPECT_EQ(info == nullptr, text.starts_with("TYPE")) << text;
    if (info == nullptr) { continue; }
    ++known;
    EXPECT_EQ(info->type, type);
    EXPECT_FALSE(info->fields.empty()) << text;
  }
  EXPECT_GT(known, 80U);
}

TEST(Types, AreSpelledAsLdnsSpellsThem) {
  for (std::uint32_t number = 1; number <= 65535; ++number) {
    const ldns_rr_descriptor* const theirs = ldns_rr_descript(static_cast<std::uint16_t>(number));
    if (theirs == nullptr || theirs->_name == nullptr || theirs->_type != number) { continue; }
    const TypeInfo* const ours = type_info(static_cast<Type>(number));
    if (ldns_get_rr_type_by_name(theirs->_name) != number) { continue; }  // a name that ldns itself does not read back
    if (ours != nullptr) { EXPECT_EQ(ours->mnemonic, std::string_view(theirs->_name)); }
  }
}

TEST(Types, ParseInAnyCaseAndInGenericForm) {
  EXPECT_EQ(parse_type("aaaa"), Type::AAAA);
  EXPECT_EQ(parse_type("Nsec3Param"), Type::NSEC3PARAM);
  EXPECT_EQ(parse_type("type65400"), static_cast<Type>(65400));
  EXPECT_EQ(parse_type("TYPE1"), Type::A);
  for (const std::string_view text : {"", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "AAAAA", "TYPE 1"}) {
    EXPECT_FALSE(parse_type(text)) << text;
  }
}

TEST(Types, OnlyTypesOfRfc1035AreCompressed) {
  for (std::uint32_t number = 0; number <= 65535; ++number) {
    const TypeInfo* const info = type_info(static_cast<Type>(number));
    if (info == nullptr || !info->has_compressible_names) { continue; }
    EXPECT_LE(number, 15U) << info->mnemonic;
    EXPECT_TRUE(info->lower_case_names) << info->mnemonic;
    // What the writer counts on: names and fixed octets, nothing else.
    for (const Field& field : info->fields) {
      EXPECT_TRUE(field.kind == FieldKind::compressible_name || field.kind == FieldKind::octets) << info->mnemonic;
    }
  }
}

TEST(Types, CanonicalFormLowersWhatTheRfcsList) {
  // RFC 4034 section 6.2 without NSEC (RFC 6840 section 5.1).
  for (const Type type : {Type::NS,  Type::MD,    Type::MF, Type::CNAME, Type::SOA,   Type::MB,   Type::MG,  Type::MR,
                          Type::PTR, Type::MINFO, Type::MX, Type::RP,    Type::AFSDB, Type::RT,   Type::SIG, Type::PX,
                          Type::NXT, Type::NAPTR, Type::KX, Type::SRV,   Type::DNAME, Type::RRSIG}) {
    EXPECT_TRUE(type_info(type)->lower_case_names) << type_text(type);
  }
  for (const Type type : {Type::NSEC, Type::SVCB, Type::HTTPS, Type::TXT, Type::HINFO, Type::CAA, Type::LP}) {
    EXPECT_FALSE(type_info(type)->lower_case_names) << type_text(type);
  }
}

TEST(Types, LowerCasesNamesAndNothingElse) {
  Buffer mx = {0x41, 0x42, 2, 'N', 'S', 1, 'X', 0};
  lower_case_names(Type::MX, mx);
  EXPECT_EQ(mx, (Buffer{0x41, 0x42, 2, 'n', 's', 1, 'x', 0}));
  Buffer nsec = {1, 'A', 0, 0, 1, 0x41};
  lower_case_names(Type::NSEC, nsec);
  EXPECT_EQ(nsec, (Buffer{1, 'A', 0, 0, 1, 0x41}));
  Buffer text = {2, 'A', 'B'};
  lower_case_names(Type::TXT, text);
  EXPECT_EQ(text, (Buffer{2, 'A', 'B'}));
  Buffer broken = {9, 'A'};
  lower_case_names(Type::NS, broken);
  EXPECT_EQ(broken, (Buffer{9, 'A'}));
}

TEST(Types, BitmapsAscendAndHaveNoEmptyWindows) {
  EXPECT_TRUE(is_valid_bitmap({}));
  EXPECT_TRUE(is_valid_bitmap(Buffer{0, 1, 0x40}));
  EXPECT_TRUE(is_valid_bitmap(Buffer{0, 1, 0x40, 1, 2, 0, 1}));
  EXPECT_FALSE(is_valid_bitmap(Buffer{0}));
  EXPECT_FALSE(is_valid_bitmap(Buffer{0, 0}));
  EXPECT_FALSE(is_valid_bitmap(Buffer{0, 2, 0x40}));
  EXPECT_FALSE(is_valid_bitmap(Buffer{1, 1, 0x40, 0, 1, 0x40}));
  EXPECT_FALSE(is_valid_bitmap(Buffer{1, 1, 0x40, 1, 1, 0x40}));
  Buffer large(2 + 33, 0xff);
  large[0] = 0;
  large[1] = 33;
  EXPECT_FALSE(is_valid_bitmap(large));
}

TEST(Types, MetaTypesNameNoData) {
  for (const Type type : {Type::none, Type::OPT, Type::ANY, Type::AXFR, Type::TSIG, Type::TKEY, Type::NXNAME}) {
    EXPECT_TRUE(is_meta(type)) << type_text(type);
  }
  for (const Type type : {Type::A, Type::EUI64, Type::URI, Type::DLV, static_cast<Type>(65400)}) {
    EXPECT_FALSE(is_meta(type)) << type_text(type);
  }
}

TEST(Types, RcodesHaveNames) {
  EXPECT_EQ(rcode_text(Rcode::no_error), "NOERROR");
  EXPECT_EQ(rcode_text(Rcode::name_error), "NXDOMAIN");
  EXPECT_EQ(rcode_text(Rcode::bad_cookie), "BADCOOKIE");
  EXPECT_EQ(rcode_text(static_cast<Rcode>(4000)), "RCODE");
}

}  // namespace
}  // namespace vouch
