#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/lab/impairment.h"

// The few things the lab's authority does to messages by itself; all else is NSD's work. Messages are octets in a
// std::string, without the length that TCP puts in front.
namespace vouch::lab {

constexpr std::size_t kHeaderSize = 12;

struct QueryView {
  std::uint16_t id = 0;
  std::string name;  // lower case, wire form
  std::uint16_t type = 0;
  std::size_t question_end = 0;
  bool has_opt = false;
  bool wants_dnssec = false;  // the DO bit
};

// Nothing when it is not a query with one question (a response, an opcode other than QUERY, garbage).
std::optional<QueryView> read_query(std::string_view packet);

std::string make_query(std::string_view wire_name, std::uint16_t type, std::uint16_t id);

// Header and question, and an OPT when the query had one (unless `with_opt` is false).
std::string empty_reply(std::string_view query_packet, const QueryView& query, std::uint8_t rcode, bool with_opt);
std::string badvers_reply(std::string_view query_packet, const QueryView& query);

// The query as it would be without its OPT; unchanged when the OPT is not the only additional record.
std::string without_opt(std::string_view query_packet, const QueryView& query);

void set_id(std::string& packet, std::uint16_t id);
std::uint16_t id_of(std::string_view packet);

// What is left when an answer does not fit: header with TC, question, OPT.
std::string truncated(std::string_view reply);

void change_case(std::string& reply, CaseManners manners);

// Broken in one of several ways, by `number`, with the right id.
std::string malformed_copy(std::string_view reply, std::uint32_t number);

struct Edit {
  bool strip_rrsig = false;  // and NSEC, NSEC3
  bool strip_opt = false;
  bool forge = false;      // other RDATA in the answer
  std::string cname = {};  // target for CNAMEs without a signature
};
// Unchanged when the reply cannot be read.
std::string edited(const std::string& reply, const Edit& edit);

}  // namespace vouch::lab
