// Stories about canonical form: what is put in order, what is lower-cased, and what a signature was made over.
#include "resolver/dnssec/canonical_form.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "resolver/wire/with_ldns.h"
#include "tests/dnssec_kit/signer.h"

namespace vouch {
namespace {

using namespace dnssec_kit;

std::vector<Buffer> sorted(const RRset& rrset) {
  CanonicalForm form;
  form.begin(rrset);
  std::vector<Buffer> all;
  for (const Bytes record : form.records()) { all.emplace_back(record.begin(), record.end()); }
  return all;
}

// An RRSIG's RDATA by hand, with four octets for a signature.
Buffer rrsig_rdata(Type type, std::uint8_t labels, std::uint32_t ttl, NameView signer) {
  Buffer rdata(18, 0);
  store16(rdata.data(), static_cast<std::uint16_t>(type));
  rdata[2] = 13;
  rdata[3] = labels;
  store32(rdata.data() + 4, ttl);
  store32(rdata.data() + 8, 2000);
  store32(rdata.data() + 12, 1000);
  store16(rdata.data() + 16, 4711);
  rdata.insert(rdata.end(), signer.octets().begin(), signer.octets().end());
  rdata.insert(rdata.end(), {9, 9, 9, 9});
  return rdata;
}

Buffer signed_data(CanonicalForm& form, Bytes rrsig) {
  const Bytes data = form.signed_data(*rrsig_view(rrsig), rrsig);
  return {data.begin(), data.end()};
}

void append(Buffer& to, Bytes octets) { to.insert(to.end(), octets.begin(), octets.end()); }

// What RFC 4034 section 3.1.8.1 says, put together piece by piece.
Buffer expected_data(Bytes rrsig_without_signature, NameView owner, Type type, std::uint32_t ttl,
                     const std::vector<Buffer>& records) {
  Buffer data(rrsig_without_signature.begin(), rrsig_without_signature.end());
  for (const Buffer& record : records) {
    append(data, owner.octets());
    Buffer fixed(10, 0);
    store16(fixed.data(), static_cast<std::uint16_t>(type));
    store16(fixed.data() + 2, 1);
    store32(fixed.data() + 4, ttl);
    store16(fixed.data() + 8, u16(record.size()));
    append(data, fixed);
    append(data, record);
  }
  return data;
}

Bytes without_signature(const Buffer& rrsig) { return Bytes(rrsig).first(rrsig.size() - 4); }

TEST(CanonicalOrder, IsOfOctetsWithTheShorterFirst) {  // RFC 4034 section 6.3
  const RRsetPtr set = set_of(Name::of("a."), Type::NUL, 60, {{2}, {1, 0}, {}, {0xff}, {1}, {1, 0, 0}, {0x80}, {1, 1}});
  EXPECT_EQ(sorted(*set), (std::vector<Buffer>{{}, {1}, {1, 0}, {1, 0, 0}, {1, 1}, {2}, {0x80}, {0xff}}));
}

TEST(CanonicalOrder, DropsWhatIsTheSameInLowerCase) {
  const RRsetPtr set = set_of({"a. NS B.example.", "a. NS a.example.", "a. NS b.EXAMPLE."});
  ASSERT_EQ(set->count(), 3);
  const Name a = Name::of("a.example."), b = Name::of("b.example.");
  EXPECT_EQ(sorted(*set), (std::vector<Buffer>{{a.view().octets().begin(), a.view().octets().end()},
                                               {b.view().octets().begin(), b.view().octets().end()}}));
}

TEST(CanonicalOrder, OfALargeSetIsFound) {
  std::vector<Buffer> numbers, expected;
  for (unsigned i = 0; i < 256; ++i) {
    numbers.push_back({u8(i * 37 % 256), u8(i)});
    expected.push_back({u8(i * 37 % 256), u8(i)});
  }
  std::ranges::sort(expected);
  EXPECT_EQ(sorted(*set_of(Name::of("a."), Type::NUL, 60, numbers)), expected);
}

// ldns's notion of a record's canonical RDATA: somebody else's reading of RFC 4034 section 6.2.
Buffer ldns_canonical(const std::string& line) {
  ldns_rr* parsed = nullptr;
  EXPECT_EQ(ldns_rr_new_frm_str(&parsed, line.c_str(), 60, nullptr, nullptr), LDNS_STATUS_OK) << line;
  const std::unique_ptr<ldns_rr, decltype(&ldns_rr_free)> record(parsed, ldns_rr_free);
  ldns_rr2canonical(record.get());
  const std::unique_ptr<ldns_buffer, decltype(&ldns_buffer_free)> buffer(ldns_buffer_new(512), ldns_buffer_free);
  EXPECT_EQ(ldns_rr_rdata2buffer_wire(buffer.get(), record.get()), LDNS_STATUS_OK);
  const std::uint8_t* const octets = ldns_buffer_begin(buffer.get());
  return {octets, octets + ldns_buffer_position(buffer.get())};
}

TEST(CanonicalRdata, IsWhatLdnsMakesOfIt) {
  for (const std::string rdata :
       {"NS Ns1.EXAMPLE.", "CNAME A.Example.", "SOA Ns.Example. Mail.EXAMPLE. 1 2 3 4 5", "PTR A.B.",
        "MX 10 Mail.EXAMPLE.", "RP Mail.EXAMPLE. Text.EXAMPLE.", "AFSDB 1 Host.EXAMPLE.", "RT 1 Host.EXAMPLE.",
        "PX 1 A.B. C.D.", "SRV 1 2 53 Host.EXAMPLE.", "NAPTR 1 2 \"S\" \"SIP+D2U\" \"\" Sip.EXAMPLE.",
        "KX 1 Host.EXAMPLE.", "DNAME Other.EXAMPLE.", "MINFO A.B. C.D.", "TXT \"Text Stays\"", "HINFO \"CPU\" \"OS\"",
        "A 192.0.2.1", "DS 1 13 2 ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789"}) {
    const std::string line = "Owner.Example. 60 IN " + rdata;
    const RRsetPtr set = set_of({line});
    EXPECT_EQ(sorted(*set), std::vector<Buffer>{ldns_canonical(line)}) << rdata;
  }
}

TEST(CanonicalRdata, KeepsTheCaseOfNamesThatCameLater) {
  // RFC 6840 section 5.1 takes NSEC's next name out of the list; types since RFC 3597 were never in it.
  for (const std::string_view line :
       {"a. 60 IN NSEC B.EXAMPLE. A RRSIG NSEC", "a. 60 IN SVCB 1 Host.EXAMPLE.", "a. 60 IN TYPE65400 \\# 3 014100"}) {
    const auto record = parse_record(line);
    ASSERT_TRUE(record) << line;
    EXPECT_EQ(sorted(*set_of({line})), std::vector<Buffer>{record->rdata}) << line;
  }
}

TEST(SignedData, IsTheRrsigAndThenTheRecords) {
  const RRsetPtr set = set_of({"wWw.Example. 300 IN A 192.0.2.2", "wWw.Example. 300 IN A 192.0.2.1"});
  CanonicalForm form;
  form.begin(*set);
  const Buffer rrsig = rrsig_rdata(Type::A, 2, 3600, Name::of("example."));
  EXPECT_EQ(signed_data(form, rrsig), expected_data(without_signature(rrsig), Name::of("www.example."), Type::A, 3600,
                                                    {{192, 0, 2, 1}, {192, 0, 2, 2}}));
}

TEST(SignedData, HasTheSignerInLowerCase) {
  const RRsetPtr set = set_of({"www.example. 300 IN A 192.0.2.1"});
  CanonicalForm form;
  form.begin(*set);
  EXPECT_EQ(signed_data(form, rrsig_rdata(Type::A, 2, 3600, Name::of("EXAMPLE."))),
            signed_data(form, rrsig_rdata(Type::A, 2, 3600, Name::of("example."))));
}

TEST(SignedData, OfAnExpansionNamesTheWildcard) {  // RFC 4035 section 5.3.2
  const RRsetPtr set = set_of({"A.b.Example. 300 IN A 192.0.2.1"});
  const auto owner_of = [&](std::uint8_t labels) {
    CanonicalForm form;
    form.begin(*set);
    const Buffer rrsig = rrsig_rdata(Type::A, labels, 300, Name::of("example."));
    const Buffer data = signed_data(form, rrsig);
    return NameView::parse(Bytes(data).subspan(rrsig.size() - 4))->text();
  };
  EXPECT_EQ(owner_of(3), "a.b.example.");
  EXPECT_EQ(owner_of(2), "*.b.example.");
  EXPECT_EQ(owner_of(1), "*.example.");
  EXPECT_EQ(owner_of(0), "*.");
}

TEST(SignedData, OfAWildcardItselfNamesIt) {
  const RRsetPtr set = set_of({"*.Example. 300 IN A 192.0.2.1"});
  EXPECT_EQ(signed_labels(set->owner()), 1);
  CanonicalForm form;
  form.begin(*set);
  const Buffer rrsig = rrsig_rdata(Type::A, 1, 300, Name::of("example."));
  EXPECT_EQ(signed_data(form, rrsig),
            expected_data(without_signature(rrsig), Name::of("*.example."), Type::A, 300, {{192, 0, 2, 1}}));
}

TEST(SignedData, FitsTheLongestNames) {
  Name owner;
  while (owner.prepend_label(bytes_of("x"))) {}
  const RRsetPtr set = set_of(owner, Type::A, 300, {{192, 0, 2, 1}});
  CanonicalForm form;
  form.begin(*set);
  const Buffer rrsig = rrsig_rdata(Type::A, 127, 300, owner);
  EXPECT_EQ(signed_data(form, rrsig), expected_data(without_signature(rrsig), owner, Type::A, 300, {{192, 0, 2, 1}}));
  const Buffer expanded = rrsig_rdata(Type::A, 126, 300, Name());
  Name wildcard(owner.view().suffix(126));
  ASSERT_TRUE(wildcard.prepend_label(bytes_of("*")));
  EXPECT_EQ(signed_data(form, expanded),
            expected_data(without_signature(expanded), wildcard, Type::A, 300, {{192, 0, 2, 1}}));
}

TEST(SignedData, IsWrittenAnewForOtherLabelsTtlsSignersAndSets) {
  const RRsetPtr first = set_of({"a.b.example. 300 IN MX 1 Mail.EXAMPLE.", "a.b.example. 300 IN MX 0 Mail.EXAMPLE."});
  const RRsetPtr second = set_of({"a.b.example. 300 IN A 192.0.2.1"});
  CanonicalForm kept;
  for (const RRset* set : {first.get(), second.get(), first.get()}) {
    kept.begin(*set);
    for (const std::uint32_t ttl : {300U, 600U, 300U}) {
      for (const std::uint8_t labels : {u8(3), u8(1), u8(3)}) {
        for (const std::string_view signer : {"example.", "b.example.", "."}) {
          CanonicalForm fresh;
          fresh.begin(*set);
          const Buffer rrsig = rrsig_rdata(set->type(), labels, ttl, Name::of(signer));
          EXPECT_EQ(signed_data(kept, rrsig), signed_data(fresh, rrsig));
        }
      }
    }
  }
}

TEST(SignedData, HoldsTheLargestSet) {
  std::vector<Buffer> records;
  for (unsigned i = 0; i < RRset::kMaxRecords; ++i) { records.emplace_back(250, u8(i)); }
  Name owner;
  while (owner.prepend_label(bytes_of("x"))) {}
  const RRsetPtr set = set_of(owner, Type::NUL, 300, records);
  ASSERT_TRUE(set);
  CanonicalForm form;
  form.begin(*set);
  const Buffer rrsig = rrsig_rdata(Type::NUL, 127, 300, Name());
  EXPECT_EQ(signed_data(form, rrsig), expected_data(without_signature(rrsig), owner, Type::NUL, 300, records));
}

}  // namespace
}  // namespace vouch
