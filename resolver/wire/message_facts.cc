#include "resolver/wire/message_facts.h"

#include <algorithm>
#include <optional>

#include "resolver/wire/message_view.h"

namespace vouch {

namespace {

constexpr std::size_t kQuestionTail = 4;  // type and class
constexpr std::size_t kRecordHead = 10;   // type, class, TTL, length of RDATA
constexpr Octet kPointer = 0xc0;

// Where the name at `at` ends in the octets; nothing when it does not. A pointer ends it: what it points at is nobody's
// business here.
std::optional<std::size_t> skip_name(Bytes message, std::size_t at) noexcept {
  while (at < message.size()) {
    const Octet length = message[at];
    if (length == 0) { return at + 1; }
    if ((length & kPointer) == kPointer) { return at + 2; }
    if ((length & kPointer) != 0) { return std::nullopt; }
    at += 1U + length;
  }
  return std::nullopt;
}

struct Record {
  Type type;
  std::uint32_t ttl;
  Bytes rdata;
};

// Walks questions and records one after another.
class Walk {
 public:
  explicit Walk(Bytes message) noexcept : message_(message) {}
  bool skip_questions(std::size_t count) noexcept {
    for (; count != 0; --count) {
      const auto end = skip_name(message_, at_);
      if (!end) { return false; }
      at_ = *end + kQuestionTail;
    }
    return at_ <= message_.size();
  }
  std::optional<Record> next() noexcept {
    const auto end = skip_name(message_, at_);
    if (!end || *end + kRecordHead > message_.size()) { return std::nullopt; }
    const Octet* const head = message_.data() + *end;
    const std::size_t rdata = *end + kRecordHead;
    const std::size_t length = load16(head + 8);
    if (length > message_.size() - rdata) { return std::nullopt; }
    at_ = rdata + length;
    const std::uint32_t ttl = load32(head + 4);
    return Record{static_cast<Type>(load16(head)), ttl > 0x7fffffffU ? 0 : ttl, message_.subspan(rdata, length)};
  }

 private:
  Bytes message_;
  std::size_t at_ = kHeaderSize;
};

// The SOA's own TTL is what the cache made of it already; MINIMUM is its last field (RFC 2308 section 5).
std::uint32_t negative_lifetime(Walk& walk, std::size_t count) noexcept {
  constexpr std::size_t kMinimum = 4;
  for (; count != 0; --count) {
    const auto record = walk.next();
    if (!record) { return 0; }
    if (record->type != Type::SOA) { continue; }
    if (record->rdata.size() < kMinimum) { return 0; }
    return std::min(record->ttl, load32(record->rdata.data() + record->rdata.size() - kMinimum));
  }
  return 0;
}

}  // namespace

std::uint32_t lifetime_of(Bytes answer) noexcept {
  if (answer.size() < kHeaderSize) { return 0; }
  const HeaderView header(answer);
  const auto rcode = static_cast<Rcode>(header.low_rcode());
  if (header.tc() || (rcode != Rcode::no_error && rcode != Rcode::name_error)) { return 0; }
  Walk walk(answer);
  if (!walk.skip_questions(header.question_count())) { return 0; }
  if (header.answer_count() == 0) { return negative_lifetime(walk, header.authority_count()); }
  std::uint32_t least = 0x7fffffffU;
  for (std::size_t left = header.answer_count(); left != 0; --left) {
    const auto record = walk.next();
    if (!record) { return 0; }
    least = std::min(least, record->ttl);
  }
  return least;
}

bool is_plain_query(Bytes message) noexcept {
  return message.size() >= kHeaderSize && !HeaderView(message).qr() && HeaderView(message).opcode() == Opcode::query;
}

bool has_keepalive_option(Bytes query) noexcept {
  const auto view = parse_query(query);
  if (!view) { return false; }
  OptionReader reader(view->option_octets());
  while (const auto option = reader.next()) {
    if (option->code == OptionCode::keepalive) { return true; }
  }
  return false;
}

}  // namespace vouch
