// DNS messages as a test sees them: plain values, decoded by ldns and encoded here, so that what the resolver writes
// and reads is checked against code that is not its own.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resolver/base/bytes.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

struct ldns_struct_rr;

namespace vouch::simulation {

struct Record {
  Name owner;
  Type type = Type::none;
  Class rclass = Class::IN;
  std::uint32_t ttl = 0;
  Buffer rdata;      // uncompressed wire form
  Buffer canonical;  // the same with names in lower case (RFC 4034 section 6.2): what comparisons look at

  // Zone-file text; TTL and class may be left out. The error is ldns's word for what is wrong.
  static std::expected<Record, std::string> parse(std::string_view text, std::uint32_t default_ttl = 3600);
  static Record of(std::string_view text);  // for literals in tests: aborts, naming the text, when it is no record
  static Record from(const ldns_struct_rr* record);

  std::string text() const;                   // "www.example. 300 IN A 192.0.2.1": single blanks, no comment
  bool same_data(const Record& other) const;  // all but the TTL
};

struct QuestionSection {
  Name name;
  Type type = Type::none;
  Class rclass = Class::IN;
};

struct EdnsPart {
  std::uint16_t udp_size = 1232;
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::vector<std::pair<OptionCode, Buffer>> options;

  const Buffer* option(OptionCode code) const;  // the first of that code, or null
};

struct Message {
  std::uint16_t id = 0;
  bool qr = false, aa = false, tc = false, rd = false, ra = false, ad = false, cd = false;
  Opcode opcode = Opcode::query;
  Rcode rcode = Rcode::no_error;
  std::optional<QuestionSection> question;
  std::vector<Record> answer, authority, additional;  // OPT left out
  std::optional<EdnsPart> edns;

  static Message query(NameView name, Type type);
  // A reply to `asked` in the making: id, opcode, question, RD and EDNS taken from it, QR set, nothing else.
  static Message reply_to(const Message& asked);
  // The error is ldns's word for what is wrong with the octets.
  static std::expected<Message, std::string> decode(Bytes packet);
  // Owner names are compressed, names in RDATA are not: both are legal, and a reader meets both.
  Buffer encode() const;

  std::string flags_text() const;     // "QR RD RA"
  std::string question_text() const;  // "www.example. A"; "(none)"
  std::string text() const;           // everything, a line for each record
};

// "com. NS" for a question; the name in lower case, so that 0x20 does not show.
std::string question_text(NameView name, Type type);
// Records as text, a line each, in their order.
std::string records_text(const std::vector<Record>& records);
// The same records in whatever order; TTLs too when `with_ttl`.
bool same_records(const std::vector<Record>& a, const std::vector<Record>& b, bool with_ttl);

}  // namespace vouch::simulation
