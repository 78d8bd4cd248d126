#include "resolver/wire/message_view.h"

#include <algorithm>
#include <array>

#include "resolver/wire/name_scan.h"
#include "resolver/wire/rdata_layout.h"

namespace vouch {

namespace {

constexpr std::size_t kMinRecord = 11;      // the root as owner, no RDATA
constexpr std::uint16_t kMinUdpSize = 512;  // RFC 6891 section 6.2.3

static_assert(kMessageHeader == kHeaderSize);

// Reads questions and records one after the other. Its budget keeps a message linear in its size whatever its names
// point at.
class Walk {
 public:
  explicit Walk(Bytes packet) noexcept : packet_(packet), steps_(kSpareSteps + kStepsPerOctet * packet.size()) {}

  bool is_at_end() const noexcept { return at_ == packet_.size(); }

  bool question(QuestionAt& question) noexcept {
    const auto name = name_at(at_);
    if (!name || packet_.size() - name->next < 4) { return false; }
    const Octet* const fixed = packet_.data() + name->next;
    question = {*name, static_cast<Type>(load16(fixed)), static_cast<Class>(load16(fixed + 2))};
    at_ = name->next + std::size_t{4};
    return true;
  }

  // The record at the present place, its RDATA checked against the table.
  bool record(Section section, RecordAt& record) noexcept {
    const auto owner = name_at(at_);
    if (!owner || packet_.size() - owner->next < kFixed) { return false; }
    const Octet* const fixed = packet_.data() + owner->next;
    record.owner = *owner;
    record.type = static_cast<Type>(load16(fixed));
    record.rclass = static_cast<Class>(load16(fixed + 2));
    record.ttl = load32(fixed + 4);
    record.rdata_length = load16(fixed + 8);
    record.section = section;
    const std::size_t rdata = owner->next + kFixed;
    if (packet_.size() - rdata < record.rdata_length) { return false; }
    record.rdata = u16(rdata);
    at_ = rdata + record.rdata_length;
    return record.type == Type::OPT || is_sound_rdata(record);
  }

 private:
  static constexpr std::size_t kFixed = 10;  // type, class, TTL, RDLENGTH
  // An uncompressed label takes two octets at least, and the memory of names below answers for the usual owners. A
  // record of twelve octets (which is all pointer and no data) may cost 48 steps: no honest message comes near.
  static constexpr std::size_t kStepsPerOctet = 4;
  static constexpr std::size_t kSpareSteps = 1024;  // eight times the longest name, for small messages
  static constexpr std::size_t kRemembered = 16;

  struct Remembered {
    std::uint16_t target = 0;  // 0: nothing
    std::uint8_t length = 0;
    std::uint8_t labels = 0;
  };

  // Owners are mostly a lone pointer to a name that we have just walked.
  std::optional<NameAt> name_at(std::size_t at) noexcept {
    const bool may_be_pointer = packet_.size() - at >= 2 && packet_[at] >= kFirstPointer >> 8;
    if (!may_be_pointer) { return scan_name(packet_, at, steps_); }
    const std::size_t target = load16(packet_.data() + at) - kFirstPointer;
    Remembered& known = remembered_[target % kRemembered];
    if (known.target == target && target != 0) { return NameAt{u16(at), u16(at + 2), known.length, known.labels}; }
    const auto name = scan_name(packet_, at, steps_);
    if (name) { known = {u16(target), name->length, name->labels}; }
    return name;
  }

  bool is_sound_rdata(const RecordAt& record) noexcept {
    const TypeInfo* const info = layout_of(record.type, record.rclass);
    if (info == nullptr) { return true; }
    const std::size_t end = std::size_t{record.rdata} + record.rdata_length;
    return walk_rdata(*info, packet_, record.rdata, end, [this](FieldKind, std::size_t at) noexcept -> std::size_t {
      const auto name = name_at(at);
      return name ? name->next : 0;
    });
  }

  Bytes packet_;
  std::size_t at_ = kHeaderSize;
  std::size_t steps_;
  std::array<Remembered, kRemembered> remembered_{};
};

// RFC 6891 section 6.1.1: in the additional section, owned by the root, and only one.
bool take_opt(const RecordAt& record, Bytes packet, std::optional<EdnsAt>& edns) noexcept {
  if (edns || record.section != Section::additional || record.owner.length != 1) { return false; }
  EdnsAt found;
  found.udp_size = std::max(static_cast<std::uint16_t>(record.rclass), kMinUdpSize);
  found.extended_rcode = u8(record.ttl >> 24);
  found.version = u8(record.ttl >> 16 & 0xff);
  found.dnssec_ok = (record.ttl & 0x8000) != 0;
  found.options = record.rdata;
  found.options_length = record.rdata_length;
  edns = found;
  if (found.version != 0) { return true; }  // nobody knows how options look there: BADVERS, whatever they hold
  OptionReader options(packet.subspan(found.options, found.options_length));
  while (options.next()) {}
  return !options.failed();
}

// Calls on_record for every record but OPT. No error when all is well.
template <typename OnRecord>
std::optional<ParseError> walk_records(Walk& walk, Bytes packet, std::optional<EdnsAt>& edns, OnRecord on_record) {
  const HeaderView header(packet);
  const std::array<std::uint16_t, 3> counts = {header.answer_count(), header.authority_count(),
                                               header.additional_count()};
  for (std::size_t section = 0; section < counts.size(); ++section) {
    for (std::size_t i = 0; i < counts[section]; ++i) {
      RecordAt record;
      if (!walk.record(static_cast<Section>(section), record)) { return ParseError::malformed; }
      if (record.type != Type::OPT) {
        on_record(record);
      } else if (!take_opt(record, packet, edns)) {
        return ParseError::bad_opt;
      }
    }
  }
  if (!walk.is_at_end()) { return ParseError::trailing_junk; }
  return std::nullopt;
}

// Appends the name at `at`, uncompressed, and returns what follows it. Only for a name that Walk has accepted: it
// checks nothing but that the offsets lie within the packet.
std::size_t append_known_name(Bytes packet, std::size_t at, Buffer& out) {
  std::array<Octet, kMaxNameLength> name;
  std::size_t length = 0, here = at, run = at, next = 0;
  const auto take_run = [&](std::size_t end) {
    std::memcpy(name.data() + length, packet.data() + run, end - run);
    length += end - run;
  };
  for (;;) {
    const std::size_t octet = packet[here];
    if (octet == 0) { break; }
    if (octet <= kMaxLabelLength) {
      here += 1 + octet;
      continue;
    }
    take_run(here);
    if (next == 0) { next = here + 2; }
    here = run = load16(packet.data() + here) - kFirstPointer;
  }
  take_run(here + 1);
  out.insert(out.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(length));
  return next == 0 ? here + 1 : next;
}

}  // namespace

std::expected<MessageView, ParseError> MessageView::parse(Bytes packet) {
  if (packet.size() < kHeaderSize) { return std::unexpected(ParseError::too_short); }
  if (packet.size() > kMaxMessage) { return std::unexpected(ParseError::malformed); }
  std::expected<MessageView, ParseError> result(std::in_place);
  MessageView& message = *result;
  message.packet_ = packet;
  const HeaderView header(packet);
  Walk walk(packet);
  if (header.question_count() > 1) { return std::unexpected(ParseError::malformed); }
  if (header.question_count() == 1 && !walk.question(message.question_.emplace())) {
    return std::unexpected(ParseError::malformed);
  }
  // A count is a claim: the octets say how many records there can be at most.
  const std::size_t claimed = std::size_t{header.answer_count()} + header.authority_count() + header.additional_count();
  message.records_.reserve(std::min(claimed, (packet.size() - kHeaderSize) / kMinRecord));
  const auto error = walk_records(walk, packet, message.edns_,
                                  [&message](const RecordAt& record) { message.records_.push_back(record); });
  if (error) { return std::unexpected(*error); }
  return result;
}

void MessageView::append_rdata(const RecordAt& record, Buffer& out) const {
  const std::size_t end = std::size_t{record.rdata} + record.rdata_length;
  const auto copy = [this, &out](std::size_t from, std::size_t to) {
    out.insert(out.end(), packet_.begin() + static_cast<std::ptrdiff_t>(from),
               packet_.begin() + static_cast<std::ptrdiff_t>(to));
  };
  std::size_t copied = record.rdata;
  const TypeInfo* const info = layout_of(record.type, record.rclass);
  if (info != nullptr && info->has_names) {
    walk_rdata(*info, packet_, record.rdata, end, [&](FieldKind, std::size_t at) -> std::size_t {
      copy(copied, at);
      copied = append_known_name(packet_, at, out);
      return copied;
    });
  }
  copy(copied, end);
}

std::expected<QueryView, ParseError> parse_query(Bytes packet) noexcept {
  if (packet.size() < kHeaderSize) { return std::unexpected(ParseError::too_short); }
  if (packet.size() > kMaxMessage) { return std::unexpected(ParseError::malformed); }
  std::expected<QueryView, ParseError> result(std::in_place);
  QueryView& query = *result;
  query.packet = packet;
  Walk walk(packet);
  if (query.header().question_count() != 1 || !walk.question(query.question)) {
    return std::unexpected(ParseError::malformed);
  }
  const auto error = walk_records(walk, packet, query.edns, [](const RecordAt&) {});
  if (error) { return std::unexpected(*error); }
  query.name = expand_name(packet, query.question.name);
  return result;
}

}  // namespace vouch
