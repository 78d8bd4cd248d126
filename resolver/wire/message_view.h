// A DNS message where it lies: nothing is copied, so the packet must outlive the view. parse() checks the whole message
// once, so that what follows needs no checks. Any message of up to 65,535 octets, however hostile, is parsed or refused
// in time linear in its size (RFC 1035 section 4; RFC 9267).
#pragma once

#include <expected>
#include <optional>
#include <vector>

#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

constexpr std::size_t kHeaderSize = 12;
constexpr std::size_t kMaxMessage = 65535;

// The fixed first twelve octets (RFC 1035 section 4.1.1, RFC 4035 for AD and CD).
class HeaderView {
 public:
  explicit HeaderView(Bytes at_least_twelve_octets) noexcept : at_(at_least_twelve_octets.data()) {}
  std::uint16_t id() const noexcept { return load16(at_); }
  bool qr() const noexcept { return (at_[2] & 0x80) != 0; }
  Opcode opcode() const noexcept { return static_cast<Opcode>(at_[2] >> 3 & 0x0f); }
  bool aa() const noexcept { return (at_[2] & 0x04) != 0; }
  bool tc() const noexcept { return (at_[2] & 0x02) != 0; }
  bool rd() const noexcept { return (at_[2] & 0x01) != 0; }
  bool ra() const noexcept { return (at_[3] & 0x80) != 0; }
  bool ad() const noexcept { return (at_[3] & 0x20) != 0; }
  bool cd() const noexcept { return (at_[3] & 0x10) != 0; }
  std::uint8_t low_rcode() const noexcept { return at_[3] & 0x0f; }
  std::uint16_t question_count() const noexcept { return load16(at_ + 4); }
  std::uint16_t answer_count() const noexcept { return load16(at_ + 6); }
  std::uint16_t authority_count() const noexcept { return load16(at_ + 8); }
  std::uint16_t additional_count() const noexcept { return load16(at_ + 10); }

 private:
  const Octet* at_;
};

enum class Section : std::uint8_t { answer, authority, additional };

struct QuestionAt {
  NameAt name;
  Type type = Type::none;
  Class rclass = Class::IN;
};

struct RecordAt {
  NameAt owner;
  Type type = Type::none;
  Class rclass = Class::IN;
  std::uint32_t ttl = 0;    // as on the wire; a set top bit means zero (RFC 2181 section 8): use ttl_of()
  std::uint16_t rdata = 0;  // offset
  std::uint16_t rdata_length = 0;
  Section section = Section::answer;
};
constexpr std::uint32_t ttl_of(const RecordAt& record) noexcept { return record.ttl > 0x7fffffffU ? 0 : record.ttl; }

// The OPT record of a message (RFC 6891 section 6.1.2).
struct EdnsAt {
  std::uint16_t udp_size = 512;  // requestor's or responder's payload size; below 512 means 512
  std::uint8_t extended_rcode = 0;
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::uint16_t options = 0;  // offset of the options in the packet
  std::uint16_t options_length = 0;
};

// Walks EDNS options, at most kMaxOptions of them. `failed()` after the loop means that the list was malformed or too
// long.
//   OptionReader reader(message.option_octets()); while (auto option = reader.next()) { ... }
constexpr std::size_t kMaxOptions = 100;  // Unbound's limit; no honest message carries a tenth of it (CVE-2026-41292)
struct Option {
  OptionCode code;
  Bytes data;
};
class OptionReader {
 public:
  explicit OptionReader(Bytes options) noexcept : reader_(options) {}
  std::optional<Option> next() noexcept;
  bool failed() const noexcept { return failed_; }

 private:
  ByteReader reader_;
  std::size_t seen_ = 0;
  bool failed_ = false;
};

enum class ParseError : std::uint8_t {
  too_short,      // no whole header: not worth an answer
  malformed,      // a name, record or count that does not fit the octets
  trailing_junk,  // octets after the last record
  bad_opt,        // more than one OPT, OPT not in additional, owner not the root, bad options
};

class MessageView {
 public:
  // Everything: all names, all records, RDATA against the type table, OPT. Records are listed in wire order, OPT left
  // out.
  static std::expected<MessageView, ParseError> parse(Bytes packet);

  Bytes packet() const noexcept { return packet_; }
  HeaderView header() const noexcept { return HeaderView(packet_); }
  const std::optional<QuestionAt>& question() const noexcept {
    return question_;
  }  // the first; more than one is malformed
  const std::vector<RecordAt>& records() const noexcept { return records_; }
  const std::optional<EdnsAt>& edns() const noexcept { return edns_; }
  Bytes option_octets() const noexcept {
    return edns_ ? packet_.subspan(edns_->options, edns_->options_length) : Bytes{};
  }
  Rcode rcode() const noexcept {  // with EDNS's upper bits
    return static_cast<Rcode>((edns_ ? edns_->extended_rcode << 4 : 0) | header().low_rcode());
  }
  Name owner(const RecordAt& record) const noexcept { return expand_name(packet_, record.owner); }
  bool owner_is(const RecordAt& record, NameView name) const noexcept {
    return equals_name(packet_, record.owner, name);
  }
  Bytes raw_rdata(const RecordAt& record) const noexcept { return packet_.subspan(record.rdata, record.rdata_length); }
  // The RDATA with its names uncompressed, appended to `out`. Always succeeds for a record of a parsed message.
  void append_rdata(const RecordAt& record, Buffer& out) const;

 private:
  Bytes packet_;
  std::optional<QuestionAt> question_;
  std::vector<RecordAt> records_;
  std::optional<EdnsAt> edns_;
};

// What the fast path needs of a client's query, without allocating: header, one question, EDNS. Other records in a
// query are allowed and skipped (but a malformed one is an error).
struct QueryView {
  Bytes packet;
  QuestionAt question;
  Name name;  // the question's name, uncompressed, in the client's case
  std::optional<EdnsAt> edns;
  HeaderView header() const noexcept { return HeaderView(packet); }
  Bytes option_octets() const noexcept { return edns ? packet.subspan(edns->options, edns->options_length) : Bytes{}; }
};
std::expected<QueryView, ParseError> parse_query(Bytes packet) noexcept;

}  // namespace vouch
