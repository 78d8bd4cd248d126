#include "tests/lab/message.h"

#include <gtest/gtest.h>

#include "tests/lab/ldns_handle.h"
#include "tests/lab/names.h"

namespace vouch::lab {
namespace {

constexpr std::string_view kOpt("\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);

std::string query_with_opt(std::string_view name) {
  std::string packet = make_query(to_wire(name), LDNS_RR_TYPE_A, 0x1234);
  packet[11] = 1;
  return packet + std::string(kOpt);
}

// "www.nsec. A 192.0.2.1" as an answer to a question with an OPT.
std::string answer() {
  std::string packet = query_with_opt("www.nsec.");
  const std::string opt = packet.substr(packet.size() - kOpt.size());
  packet.resize(packet.size() - kOpt.size());
  packet[2] = static_cast<char>(0x84);
  packet[7] = 1;
  packet += std::string("\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\xc0\0\x02\x01", 16) + opt;
  return packet;
}

TEST(Query, ReadsNameTypeAndWish) {
  const auto query = read_query(query_with_opt("www.nsec."));
  ASSERT_TRUE(query);
  EXPECT_EQ(query->id, 0x1234);
  EXPECT_EQ(from_wire(query->name), "www.nsec.");
  EXPECT_EQ(query->type, LDNS_RR_TYPE_A);
  EXPECT_TRUE(query->has_opt);
  EXPECT_TRUE(query->wants_dnssec);
}

TEST(Query, NoPrefixOfAQueryIsReadBeyondItsEnd) {
  const std::string whole = query_with_opt("a.long.name.nsec.");
  const std::size_t question_end = whole.size() - kOpt.size();
  for (std::size_t size = 0; size < question_end; ++size) { EXPECT_FALSE(read_query(whole.substr(0, size))) << size; }
}

TEST(Query, ResponsesAndPointersAreNoQueries) {
  EXPECT_FALSE(read_query(answer()));
  std::string pointer = query_with_opt("www.nsec.");
  pointer[12] = static_cast<char>(0xc0);
  EXPECT_FALSE(read_query(pointer));
}

TEST(Reply, WithoutDataKeepsQuestionAndOpt) {
  const std::string packet = query_with_opt("www.nsec.");
  const auto query = read_query(packet);
  const std::string refused = empty_reply(packet, *query, 5, true);
  EXPECT_EQ(refused.size(), packet.size());
  EXPECT_EQ(refused[3] & 0x0f, 5);
  EXPECT_EQ(empty_reply(packet, *query, 1, false).size(), packet.size() - kOpt.size());
  EXPECT_EQ(without_opt(packet, *query).size(), packet.size() - kOpt.size());
}

TEST(Reply, TruncatedKeepsQuestionAndOptAlone) {
  const std::string cut = truncated(answer());
  EXPECT_NE(cut[2] & 0x02, 0);
  EXPECT_EQ(cut[7], 0);
  EXPECT_EQ(cut.size(), query_with_opt("www.nsec.").size());
}

TEST(Reply, CaseIsTurnedInTheQuestion) {
  std::string reply = answer();
  change_case(reply, CaseManners::mangle);
  EXPECT_EQ(from_wire(reply.substr(12, 10)), "WWW.NSEC.");
  change_case(reply, CaseManners::lower);
  EXPECT_EQ(reply, answer());
}

TEST(Reply, ForgedDiffersInItsDataOnly) {
  const std::string forged = edited(answer(), {.forge = true});
  ASSERT_EQ(forged.size(), answer().size());
  EXPECT_NE(forged, answer());
  EXPECT_EQ(id_of(forged), id_of(answer()));
  EXPECT_EQ(forged.substr(12, 14), answer().substr(12, 14));
}

TEST(Reply, StrippedOptIsGone) {
  EXPECT_EQ(edited(answer(), {.strip_opt = true}).size(), answer().size() - kOpt.size());
}

TEST(Reply, EveryMalformedCopyKeepsTheIdAndDiffers) {
  for (std::uint32_t number = 0; number < 6; ++number) {
    const std::string broken = malformed_copy(answer(), number);
    EXPECT_EQ(id_of(broken), id_of(answer())) << number;
    EXPECT_NE(broken, answer()) << number;
  }
}

}  // namespace
}  // namespace vouch::lab
