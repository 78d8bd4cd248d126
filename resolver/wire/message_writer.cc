#include "resolver/wire/message_writer.h"

#include <algorithm>
#include <cassert>

#include "resolver/wire/rdata_layout.h"

namespace vouch {

namespace {

[[maybe_unused]] constexpr std::size_t kMinBuffer =
    512;  // what every DNS message may take (RFC 1035 section 2.3.4); holds any question
constexpr std::size_t kRecordFixed = 10;    // type, class, TTL, RDLENGTH
constexpr std::size_t kOptionHeader = 4;    // code, length
constexpr std::uint16_t kPointer = 0xc000;  // the two top bits
constexpr std::size_t kPointerReach = 0x4000;
constexpr std::uint16_t kToQuestion = kPointer | kHeaderSize;

}  // namespace

MessageWriter::MessageWriter(MutableBytes out, std::size_t limit) noexcept
    : out_(out), limit_(std::max(std::min({limit, out.size(), kMaxMessage}), kHeaderSize)) {
  assert(out.size() >= kMinBuffer && limit >= kMinBuffer);
}

void MessageWriter::header(std::uint16_t id, const HeaderFlags& flags) noexcept {
  id_ = id;
  flags_ = flags;
}

void MessageWriter::set_flags(const HeaderFlags& flags) noexcept { flags_ = flags; }

void MessageWriter::question(NameView name, Type type, Class rclass) noexcept {
  assert(at_ == kHeaderSize);
  if (room() < name.length() + std::size_t{4}) { return; }
  Octet* const at = out_.data() + at_;
  std::memcpy(at, name.data(), name.length());
  store16(at + name.length(), static_cast<std::uint16_t>(type));
  store16(at + name.length() + 2, static_cast<std::uint16_t>(rclass));
  question_ = NameView::trusted(at, name.length(), name.labels());
  at_ += name.length() + std::size_t{4};
  after_question_ = at_;
  counts_[0] = 1;
}

bool MessageWriter::reserve(std::size_t octets) noexcept {
  if (octets > room()) { return false; }
  reserved_ += octets;
  return true;
}

bool MessageWriter::put(Bytes octets) noexcept {
  if (octets.size() > room()) { return false; }
  if (!octets.empty()) { std::memcpy(out_.data() + at_, octets.data(), octets.size()); }
  at_ += octets.size();
  return true;
}

// The question's name is entered only when some other name is to be compressed: most answers never get here.
void MessageWriter::start_suffixes() noexcept {
  suffixes_.start();
  std::array<std::uint8_t, kMaxLabels> starts;
  std::size_t at = 0;
  for (std::size_t i = 0; i < question_.labels(); ++i) {
    starts[i] = u8(at);
    at += std::size_t{1} + question_.data()[at];
  }
  SuffixTable::Entry parent = SuffixTable::kRoot;
  for (std::size_t i = question_.labels(); i-- > 0;) {
    const Octet* const label = question_.data() + starts[i];
    parent = suffixes_.add(parent, {label, std::size_t{1} + *label}, kHeaderSize + starts[i]);
    if (parent == SuffixTable::kRoot) { return; }
  }
}

bool MessageWriter::put_name(NameView name) noexcept {
  if (!suffixes_.started()) { start_suffixes(); }
  const Bytes message(out_.data(), at_);
  std::array<std::uint8_t, kMaxLabels + 1> starts;
  std::size_t own = 0;  // labels that must be written
  for (std::size_t at = 0; own < name.labels(); ++own) {
    starts[own] = u8(at);
    at += std::size_t{1} + name.data()[at];
  }
  starts[own] = u8(name.length() - 1U);
  const auto label = [&](std::size_t i) {
    return Bytes(name.data() + starts[i], std::size_t{1} + name.data()[starts[i]]);
  };

  SuffixTable::Entry known = SuffixTable::kRoot;  // the longest suffix that lies in the message
  for (; own > 0; --own) {
    const auto longer = suffixes_.find(message, known, label(own - 1));
    if (longer == SuffixTable::kRoot) { break; }
    known = longer;
  }
  const std::size_t literal = starts[own];
  const std::size_t end = known == SuffixTable::kRoot ? 1 : 2;
  if (literal + end > room()) { return false; }
  std::memcpy(out_.data() + at_, name.data(), literal);
  if (known == SuffixTable::kRoot) {
    out_[at_ + literal] = 0;
  } else {
    store16(out_.data() + at_ + literal, u16(kPointer | suffixes_.offset(known)));
  }
  for (std::size_t i = own; i-- > 0;) {
    known = suffixes_.add(known, label(i), at_ + starts[i]);
    if (known == SuffixTable::kRoot) { break; }
  }
  at_ += literal + end;
  return true;
}

MessageWriter::Owner MessageWriter::owner_of(NameView name) const noexcept {
  const bool is_question = !name.is_root() && name == question_;
  return {name, is_question ? kToQuestion : std::uint16_t{0}};
}

bool MessageWriter::put_owner(Owner& owner) noexcept {
  if (owner.pointer != 0) {
    if (room() < 2) { return false; }
    store16(out_.data() + at_, owner.pointer);
    at_ += 2;
    return true;
  }
  const std::size_t start = at_;
  if (!put_name(owner.name)) { return false; }
  if (out_[start] >= kPointer >> 8) {
    owner.pointer = load16(out_.data() + start);
  } else if (!owner.name.is_root() && start < kPointerReach) {
    owner.pointer = u16(kPointer | start);
  }
  return true;
}

// Only for layouts with names that may be compressed: those of RFC 1035, which are made of names and fixed octets
// alone.
bool MessageWriter::put_rdata(const TypeInfo& layout, Bytes rdata) noexcept {
  std::size_t written = 0;
  bool fits = true;
  walk_rdata(layout, rdata, 0, rdata.size(), [&](FieldKind, std::size_t at) noexcept -> std::size_t {
    const auto name = NameView::parse(rdata.subspan(at));
    if (!name) { return 0; }
    fits = put(rdata.subspan(written, at - written)) && put_name(*name);
    written = at + name->length();
    return fits ? written : 0;
  });
  return fits && put(rdata.subspan(written));
}

bool MessageWriter::put_record(Owner& owner, Type type, Class rclass, const TypeInfo* compressed, std::uint32_t ttl,
                               Bytes rdata) noexcept {
  if (!put_owner(owner) || room() < kRecordFixed) { return false; }
  Octet* const fixed = out_.data() + at_;
  store16(fixed, static_cast<std::uint16_t>(type));
  store16(fixed + 2, static_cast<std::uint16_t>(rclass));
  store32(fixed + 4, ttl);
  at_ += kRecordFixed;
  const std::size_t start = at_;
  if (!(compressed != nullptr ? put_rdata(*compressed, rdata) : put(rdata))) { return false; }
  store16(fixed + 8, u16(at_ - start));
  return true;
}

namespace {
// The layout by which RDATA are to be compressed, or null when they are written as they are (RFC 3597 section 4).
const TypeInfo* compressed_layout(Type type) noexcept {
  const TypeInfo* const info = type_info(type);
  return info != nullptr && info->has_compressible_names ? info : nullptr;
}
}  // namespace

bool MessageWriter::put_records(Owner& owner, const RRset& rrset, std::uint32_t ttl, std::uint16_t rotate) noexcept {
  const TypeInfo* const compressed = compressed_layout(rrset.type());
  const RRset::Range all = rrset.rdata();
  RRset::Iterator first = all.begin();
  for (std::size_t skip = rotate % rrset.count(); skip > 0; --skip) { ++first; }
  for (auto at = first; at != all.end(); ++at) {
    if (!put_record(owner, rrset.type(), Class::IN, compressed, ttl, *at)) { return false; }
  }
  for (auto at = all.begin(); at != first; ++at) {
    if (!put_record(owner, rrset.type(), Class::IN, compressed, ttl, *at)) { return false; }
  }
  return true;
}

bool MessageWriter::put_signatures(Owner& owner, const RRset& rrset, std::uint32_t ttl) noexcept {
  for (const Bytes signature : rrset.signatures()) {
    if (!put_record(owner, Type::RRSIG, Class::IN, nullptr, ttl, signature)) { return false; }
  }
  return true;
}

bool MessageWriter::rrset(Section section, const RRset& rrset, std::uint32_t ttl, bool with_signatures,
                          std::uint16_t rotate) noexcept {
  const std::size_t before = at_;
  Owner owner = owner_of(rrset.owner());
  if (!put_records(owner, rrset, ttl, rotate) || (with_signatures && !put_signatures(owner, rrset, ttl))) {
    rewind(before);
    return false;
  }
  const std::size_t written = rrset.count() + (with_signatures ? std::size_t{rrset.signature_count()} : 0);
  count_of(section) = u16(count_of(section) + written);
  return true;
}

bool MessageWriter::signatures(Section section, const RRset& rrset, std::uint32_t ttl) noexcept {
  const std::size_t before = at_;
  Owner owner = owner_of(rrset.owner());
  if (!put_signatures(owner, rrset, ttl)) {
    rewind(before);
    return false;
  }
  count_of(section) = u16(count_of(section) + std::size_t{rrset.signature_count()});
  return true;
}

bool MessageWriter::record(Section section, NameView owner, Type type, Class rclass, std::uint32_t ttl,
                           Bytes rdata) noexcept {
  const std::size_t before = at_;
  Owner of = owner_of(owner);
  if (!put_record(of, type, rclass, rclass == Class::IN ? compressed_layout(type) : nullptr, ttl, rdata)) {
    rewind(before);
    return false;
  }
  ++count_of(section);
  return true;
}

void MessageWriter::rewind(std::size_t at) noexcept {
  at_ = at;
  suffixes_.rewind(at);
}

bool MessageWriter::begin_edns(std::uint16_t udp_size, bool dnssec_ok, std::uint8_t version) noexcept {
  reserved_ = 0;
  if (opt_ != 0 || room() < kOptSize) { return false; }
  Octet* const opt = out_.data() + at_;
  opt[0] = 0;  // the root
  store16(opt + 1, static_cast<std::uint16_t>(Type::OPT));
  store16(opt + 3, udp_size);
  opt[5] = 0;  // the upper bits of the rcode: finish() knows them
  opt[6] = version;
  store16(opt + 7, dnssec_ok ? 0x8000 : 0);
  store16(opt + 9, 0);
  opt_ = at_;
  opt_is_open_ = true;
  at_ += kOptSize;
  ++count_of(Section::additional);
  return true;
}

bool MessageWriter::option(OptionCode code, Bytes data) noexcept {
  if (!opt_is_open_ || room() < kOptionHeader || room() - kOptionHeader < data.size()) { return false; }
  store16(out_.data() + at_, static_cast<std::uint16_t>(code));
  store16(out_.data() + at_ + 2, u16(data.size()));
  at_ += kOptionHeader;
  return put(data);
}

bool MessageWriter::extended_error(Ede code, std::string_view extra_text) noexcept {
  constexpr std::size_t kCode = 2;
  std::array<Octet, kCode> info;
  store16(info.data(), static_cast<std::uint16_t>(code));
  const std::size_t before = at_;
  if (!option(OptionCode::extended_error, info)) { return false; }
  if (put(bytes_of(extra_text))) { store16(out_.data() + before + 2, u16(kCode + extra_text.size())); }
  return true;
}

void MessageWriter::pad_to(std::size_t block) noexcept {
  if (!opt_is_open_ || block == 0 || room() < kOptionHeader) { return; }
  const std::size_t bare = at_ + kOptionHeader;
  const std::size_t padding = std::min((block - bare % block) % block, room() - kOptionHeader);
  store16(out_.data() + at_, static_cast<std::uint16_t>(OptionCode::padding));
  store16(out_.data() + at_ + 2, u16(padding));
  std::fill_n(out_.data() + bare, padding, Octet{0});  // RFC 7830 section 3: zeros
  at_ = bare + padding;
}

void MessageWriter::end_edns() noexcept {
  if (!opt_is_open_) { return; }
  store16(out_.data() + opt_ + 9, u16(at_ - opt_ - kOptSize));
  opt_is_open_ = false;
}

void MessageWriter::drop_records() noexcept {
  rewind(after_question_);
  counts_ = {counts_[0], 0, 0, 0};
  reserved_ = 0;
  opt_ = 0;
  opt_is_open_ = false;
}

Bytes MessageWriter::finish() noexcept {
  end_edns();
  const auto rcode = static_cast<std::uint16_t>(flags_.rcode);
  const auto bit = [](bool is_set, unsigned mask) { return is_set ? mask : 0U; };
  Octet* const to = out_.data();
  store16(to, id_);
  to[2] = u8(bit(flags_.qr, 0x80) | static_cast<unsigned>(flags_.opcode) << 3U | bit(flags_.aa, 0x04) |
             bit(flags_.tc, 0x02) | bit(flags_.rd, 0x01));
  to[3] = u8(bit(flags_.ra, 0x80) | bit(flags_.ad, 0x20) | bit(flags_.cd, 0x10) | (rcode & 0x0fU));
  for (std::size_t i = 0; i < counts_.size(); ++i) { store16(to + 4 + 2 * i, counts_[i]); }
  if (opt_ != 0) { to[opt_ + 5] = u8(rcode >> 4 & 0xffU); }
  return out_.first(at_);
}

}  // namespace vouch
