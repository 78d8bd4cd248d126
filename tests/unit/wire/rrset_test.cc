#include "resolver/wire/rrset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace vouch {
namespace {

std::vector<Bytes> views(const std::vector<Buffer>& buffers) { return {buffers.begin(), buffers.end()}; }

std::vector<Buffer> copies(RRset::Range range) {
  std::vector<Buffer> all;
  for (const Bytes one : range) { all.emplace_back(one.begin(), one.end()); }
  return all;
}

RRsetPtr set_of(std::string_view owner, const std::vector<Buffer>& rdata, const std::vector<Buffer>& signatures = {}) {
  return RRset::make(Name::of(owner), Type::TXT, 300, views(rdata), views(signatures));
}

TEST(RRset, KeepsWhatItWasMadeOf) {
  const std::vector<Buffer> rdata = {{1, 'b'}, {1, 'a'}, {}};
  const std::vector<Buffer> signatures = {Buffer(90, 7)};
  const RRsetPtr rrset = set_of("wWw.example.", rdata, signatures);
  ASSERT_TRUE(rrset);
  EXPECT_EQ(rrset->owner().text(), "wWw.example.");
  EXPECT_EQ(rrset->type(), Type::TXT);
  EXPECT_EQ(rrset->ttl(), 300U);
  EXPECT_EQ(rrset->count(), 3);
  EXPECT_EQ(rrset->signature_count(), 1);
  EXPECT_EQ(copies(rrset->rdata()), rdata);
  EXPECT_EQ(copies(rrset->signatures()), signatures);
  EXPECT_EQ(rrset->first_rdata().size(), 2U);
}

TEST(RRset, DropsDuplicatesAndKeepsTheOrder) {
  const RRsetPtr few = set_of("a.", {{2}, {1}, {2}, {3}, {1}}, {{9}, {9}});
  ASSERT_TRUE(few);
  EXPECT_EQ(copies(few->rdata()), (std::vector<Buffer>{{2}, {1}, {3}}));
  EXPECT_EQ(few->signature_count(), 1);
  EXPECT_EQ(copies(few->signatures()), (std::vector<Buffer>{{9}}));

  std::vector<Buffer> many, expected;
  for (std::size_t i = 0; i < 128; ++i) { expected.push_back({u8(255 - i), u8(i)}); }
  for (std::size_t i = 0; i < 256; ++i) { many.push_back(expected[i % 128]); }
  const RRsetPtr set = set_of("a.", many);
  ASSERT_TRUE(set);
  EXPECT_EQ(copies(set->rdata()), expected);
}

TEST(RRset, HasItsLimits) {
  const auto numbered = [](std::size_t count) {
    std::vector<Buffer> all;
    for (std::size_t i = 0; i < count; ++i) { all.push_back({u8(i >> 8), u8(i & 0xff)}); }
    return all;
  };
  EXPECT_FALSE(set_of("a.", {}));
  EXPECT_TRUE(set_of("a.", numbered(RRset::kMaxRecords)));
  EXPECT_FALSE(set_of("a.", numbered(RRset::kMaxRecords + 1)));
  EXPECT_TRUE(set_of("a.", {{1}}, numbered(RRset::kMaxSignatures)));
  EXPECT_FALSE(set_of("a.", {{1}}, numbered(RRset::kMaxSignatures + 1)));
  EXPECT_TRUE(set_of("a.", {Buffer(RRset::kMaxRRsetOctets - 3 - 2)}));
  EXPECT_FALSE(set_of("a.", {Buffer(RRset::kMaxRRsetOctets - 3 - 1)}));
  EXPECT_FALSE(set_of("a.", {Buffer(70000)}));
  EXPECT_FALSE(set_of("a.", {{1}}, {Buffer(65000), Buffer(65000, 1)}));
}

TEST(RRset, TakesAnotherTtlOrOwner) {
  const RRsetPtr rrset = set_of("*.example.", {{1}, {2}}, {{7, 8}});
  const RRsetPtr later = rrset->with_ttl(5);
  EXPECT_EQ(later->ttl(), 5U);
  EXPECT_EQ(later->owner().text(), "*.example.");
  EXPECT_EQ(rrset->ttl(), 300U);
  const RRsetPtr expanded = rrset->with_owner(Name::of("some.longer.name.example."));
  EXPECT_EQ(expanded->owner().text(), "some.longer.name.example.");
  EXPECT_EQ(expanded->ttl(), 300U);
  EXPECT_EQ(copies(expanded->rdata()), copies(rrset->rdata()));
  EXPECT_EQ(copies(expanded->signatures()), copies(rrset->signatures()));
  const RRsetPtr full = set_of("a.", {Buffer(RRset::kMaxRRsetOctets - 5)});
  EXPECT_FALSE(full->with_owner(Name::of("aa.")));
}

TEST(RRset, ComparesAsASet) {
  const RRsetPtr rrset = set_of("a.", {{1}, {2, 2}, {3}});
  EXPECT_TRUE(rrset->same_data(*rrset));
  EXPECT_TRUE(rrset->same_data(*set_of("A.", {{3}, {1}, {2, 2}}, {{9}})));
  EXPECT_TRUE(rrset->same_data(*rrset->with_ttl(1)));
  EXPECT_FALSE(rrset->same_data(*set_of("b.", {{1}, {2, 2}, {3}})));
  EXPECT_FALSE(rrset->same_data(*set_of("a.", {{1}, {2, 2}, {4}})));
  EXPECT_FALSE(rrset->same_data(*set_of("a.", {{1}, {2, 2}})));
  EXPECT_FALSE(rrset->same_data(*set_of("a.", {{1}, {2}, {3, 3}, {4}})));
  EXPECT_FALSE(set_of("a.", {{1}})->same_data(*set_of("a.", {{2}})));
}

TEST(RRset, ASignedAddressIsSmall) {
  Buffer signature(18, 0);
  const Name signer = Name::of("example.com.");
  signature.insert(signature.end(), signer.view().octets().begin(), signer.view().octets().end());
  signature.resize(signature.size() + 64);  // ECDSA P-256
  const Buffer address = {192, 0, 2, 1};
  const Bytes records[] = {address}, signatures[] = {signature};
  const RRsetPtr rrset = RRset::make(Name::of("www.example.com."), Type::A, 300, records, signatures);
  EXPECT_LT(rrset->memory(), 200U);
  EXPECT_GE(rrset->memory(), sizeof(RRset) + 17 + 2 + 4 + 2 + signature.size());
}

TEST(RRset, IsSharedBetweenThreads) {
  const RRsetPtr rrset = set_of("a.", {{1}, {2}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([copy = rrset] {
      for (int j = 0; j < 10'000; ++j) {
        const RRsetPtr another = copy;
        ASSERT_EQ(another->count(), 2);
      }
    });
  }
  for (std::thread& thread : threads) { thread.join(); }
}

TEST(RdataViews, FindTheName) {
  constexpr std::pair<std::string_view, std::string_view> kTable[] = {
      {"a. NS ns.b.", "ns.b."},
      {"a. CNAME c.", "c."},
      {"a. DNAME d.", "d."},
      {"a. PTR p.", "p."},
      {"a. MX 10 mx.b.", "mx.b."},
      {"a. SRV 1 2 3 s.b.", "s.b."},
      {"a. NAPTR 1 2 \"s\" \"x\" \"\" n.b.", "n.b."},
      {"a. HTTPS 1 h.b. alpn=h2", "h.b."},
      {"a. A 192.0.2.1", "."},
      {"a. TXT \"x\"", "."},
  };
  for (const auto& [text, expected] : kTable) {
    const auto record = parse_record(text);
    ASSERT_TRUE(record) << text;
    EXPECT_EQ(rdata_name(record->type, record->rdata).text(), expected) << text;
  }
  EXPECT_TRUE(rdata_name(Type::NS, Buffer{5, 'x'}).is_root());
}

TEST(RdataViews, ReadASignature) {
  const auto record = parse_record(
      "a.example. 300 IN RRSIG A 13 2 300 20300101000000 20200101000000 4660 example. "
      "AAECAwQFBgcICQoLDA0ODw==");
  ASSERT_TRUE(record);
  const auto signature = rrsig_view(record->rdata);
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->covered, Type::A);
  EXPECT_EQ(signature->algorithm, 13);
  EXPECT_EQ(signature->labels, 2);
  EXPECT_EQ(signature->original_ttl, 300U);
  EXPECT_EQ(signature->expiration, 1893456000U);
  EXPECT_EQ(signature->inception, 1577836800U);
  EXPECT_EQ(signature->key_tag, 4660);
  EXPECT_EQ(signature->signer.text(), "example.");
  EXPECT_EQ(signature->signature.size(), 16U);
  EXPECT_FALSE(rrsig_view(Buffer(18)));
  EXPECT_FALSE(rrsig_view(Buffer(3)));
}

}  // namespace
}  // namespace vouch
