#include "resolver/dnssec/anchor_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/dnssec/algorithms.h"

namespace vouch {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

Buffer key(Octet number) { return {0x01, 0x01, 3, 13, number, 1, 2, 3}; }

std::vector<TrustPointMemory> memory() {
  return {{.configured = {.zone = Name(), .ds = {{0x4f, 0x66, 8, 2, 1, 2, 3, 4}}, .dnskeys = {}},
           .keys = {{key(1), KeyState::valid, 1767225600, 0, 0},
                    {key(2), KeyState::add_pending, 1767225600, 2592000, 7},
                    {key(3), KeyState::missing, 1767225601, 0, 0},
                    {key(4), KeyState::revoked, 1767225602, 0, 0},
                    {key(5), KeyState::removed, 1767225603, 0, 0}},
           .last_seen = 1767225700,
           .next_probe = 1767312100,
           .lifetime = 172800},
          {.configured = {.zone = Name::of("odd\\032na\\.me.example."), .ds = {}, .dnskeys = {key(9)}},
           .keys = {{key(9), KeyState::valid, 0, 0, 0}},
           .last_seen = 0,
           .next_probe = 0,
           .lifetime = 0}};
}

// A text of these lines with the checksum that belongs to it: what a person with a hash program could write.
std::string with_checksum(const std::string& text) {
  const auto digest = digest_of(2, bytes_of(text), {});
  std::string out = text + "checksum ";
  for (const Octet octet : digest->view()) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += kDigits[octet >> 4U];
    out += kDigits[octet & 0xfU];
  }
  return out + "\n";
}

std::string problem_of(const std::string& body) {
  const auto parsed = parse_anchor_memory(with_checksum("vouch-trust-anchors 1\n" + body));
  return parsed ? "none" : parsed.error();
}

TEST(AnchorMemory, ReadsBackWhatItWrote) {
  const auto text = anchor_memory_text(memory());
  ASSERT_TRUE(text);
  const auto back = parse_anchor_memory(*text);
  ASSERT_TRUE(back) << back.error();
  EXPECT_EQ(*back, memory());
  EXPECT_EQ(*anchor_memory_text(*back), *text);
}

TEST(AnchorMemory, OfNothingIsAFileToo) {
  const auto back = parse_anchor_memory(*anchor_memory_text({}));
  ASSERT_TRUE(back);
  EXPECT_THAT(*back, IsEmpty());
}

TEST(AnchorMemory, CanBeReadByAPerson) {
  EXPECT_THAT(*anchor_memory_text(memory()), HasSubstr("zone . 1767225700 1767312100 172800\n"
                                                       "ds 4f66080201020304\n"
                                                       "key valid 1767225600 0 0 0101030d01010203\n"
                                                       "key add_pending 1767225600 2592000 7 0101030d02010203\n"));
}

TEST(AnchorMemory, TornAtAnyOctetItIsRefused) {
  const std::string text = *anchor_memory_text(memory());
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parse_anchor_memory(text.substr(0, length))) << "cut after " << length << " octets";
  }
}

TEST(AnchorMemory, WithAnyOctetChangedItIsRefused) {
  const std::string text = *anchor_memory_text(memory());
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char flip : {'\x01', '\x20', '\x80', '\x7f'}) {
      std::string damaged = text;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      EXPECT_FALSE(parse_anchor_memory(damaged)) << "octet " << at;
    }
  }
}

TEST(AnchorMemory, WhatFollowsTheChecksumIsDamage) {
  const std::string text = *anchor_memory_text(memory());
  EXPECT_FALSE(parse_anchor_memory(text + "\n"));
  EXPECT_FALSE(parse_anchor_memory(text + text));
}

TEST(AnchorMemory, OfAnotherVersionIsRefused) {
  const auto parsed = parse_anchor_memory(with_checksum("vouch-trust-anchors 2\n"));
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error(), HasSubstr("not in a form that this version writes"));
}

TEST(AnchorMemory, IsNoLongerThanItsBound) {
  const auto parsed = parse_anchor_memory(std::string(kMaxAnchorMemoryOctets + 1, 'x'));
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error(), HasSubstr("longer than 65536 octets"));
  std::vector<TrustPointMemory> large = memory();
  large[0].keys[0].rdata.resize(kMaxAnchorMemoryOctets);
  EXPECT_FALSE(anchor_memory_text(large));
  EXPECT_FALSE(anchor_memory_text(std::vector<TrustPointMemory>(kMaxAnchorZones + 1)));
}

TEST(AnchorMemory, ARightChecksumDoesNotMakeNonsenseSense) {
  const std::string zone = "zone . 1 2 3\n";
  EXPECT_EQ(problem_of(zone), "none");
  EXPECT_EQ(problem_of("key valid 1 0 0 0101030d01\n"), "line 2: no zone before it");
  EXPECT_EQ(problem_of(zone + "\n"), "line 3: unknown");
  EXPECT_EQ(problem_of(zone + "note hello\n"), "line 3: unknown");
  EXPECT_EQ(problem_of(zone + zone), "line 3: a zone for the second time");
  for (const char* line : {"zone\n", "zone .\n", "zone a..b 1 2 3\n", "zone . -1 2 3\n", "zone . 1 2 x\n",
                           "zone . 1 2 99999999999999999999\n", "zone . 1 2 3 4\n", "zone . 1  2\n"}) {
    EXPECT_EQ(problem_of(line), "line 2: not a zone") << line;
  }
  for (const char* line : {"ds 01\n", "ds 4f6608020\n", "ds 4F66080201\n", "ds \n"}) {
    EXPECT_EQ(problem_of(zone + line), "line 3: not a DS") << line;
  }
  EXPECT_EQ(problem_of(zone + "dnskey 010\n"), "line 3: not a DNSKEY");
  for (const char* line : {
           "key loved 1 0 0 0101030d01\n",
           "key start 1 0 0 0101030d01\n",
           "key valid -1 0 0 0101030d01\n",
           "key valid 1 0 0 xx\n",
           "key valid 1 0 0 0181030d01\n",  // revoke bit set
           "key add_pending 1 4294967296 0 0101030d01\n",
       }) {
    EXPECT_EQ(problem_of(zone + line), "line 3: not a key") << line;
  }
  EXPECT_EQ(problem_of(zone + "key valid 1 0 0 0101030d01\nkey missing 1 0 0 0101030d01\n"),
            "line 4: a key for the second time");
}

TEST(AnchorMemory, NobodyShortensAHoldDown) {
  const std::string zone = "zone . 1 2 3\n";
  EXPECT_EQ(problem_of(zone + "key add_pending 1 2592000 0 0101030d01\n"), "none");
  EXPECT_EQ(problem_of(zone + "key add_pending 1 2591999 0 0101030d01\n"), "line 3: a hold-down that cannot be");
  EXPECT_EQ(problem_of(zone + "key valid 1 2592000 0 0101030d01\n"), "line 3: a hold-down that cannot be");
}

TEST(AnchorMemory, KeysOfOneZoneAreBounded) {
  std::string body = "zone . 1 2 3\n";
  for (int i = 10; i < 21; ++i) { body += "key valid 1 0 0 0101030d" + std::to_string(i) + "\n"; }
  EXPECT_EQ(problem_of(body), "too many keys of one zone");
}

}  // namespace
}  // namespace vouch
