#include "resolver/front/answer_writer.h"

#include <algorithm>

#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

constexpr std::size_t kOptionHead = 4;  // code and length
constexpr std::size_t kKeepaliveSize = 2;
constexpr std::size_t kEdeSize = 2;
constexpr std::uint32_t kKeepaliveUnit = 100;  // milliseconds (RFC 7828 section 3.1)

void count_rcode(Rcode rcode, FrontCounters& counters) noexcept { counters.rcodes[rcode_class(rcode)].add(); }

bool is_denial(Type type) noexcept { return type == Type::NSEC || type == Type::NSEC3; }

// RFC 4035 section 3.2.1: DNSSEC's own records go to those who asked for them, by DO or by type. Signatures travel with
// their set.
bool belongs_in_answer(const Inquiry& inquiry, const RRset& rrset) noexcept {
  return rrset.type() == inquiry.type || inquiry.type == Type::ANY || inquiry.dnssec_ok || !is_denial(rrset.type());
}

bool belongs_in_authority(const Inquiry& inquiry, const RRset& rrset, bool negative) noexcept {
  if (rrset.type() == Type::SOA) { return negative; }
  return inquiry.dnssec_ok && (is_denial(rrset.type()) || rrset.type() == Type::DS);
}

}  // namespace

AnswerWriter::AnswerWriter(MutableBytes out, const Inquiry& inquiry, const NameView* name, const FrontOptions& options)
    : inquiry_(inquiry), options_(options), writer_(out, std::min<std::size_t>(inquiry.limit, out.size())) {
  writer_.header(inquiry.id, {});
  if (name != nullptr) { writer_.question(*name, inquiry.type, inquiry.rclass); }
  if (inquiry.edns) { writer_.reserve(edns_room()); }
}

std::size_t AnswerWriter::edns_room() const noexcept {
  std::size_t room = kOptSize + kMaxErrors * (kOptionHead + kEdeSize);
  if (inquiry_.has_cookie()) { room += kOptionHead + inquiry_.cookie.size(); }
  if (inquiry_.wants_nsid && !options_.nsid.empty()) { room += kOptionHead + options_.nsid.size(); }
  if (inquiry_.wants_keepalive) { room += kOptionHead + kKeepaliveSize; }
  return room;
}

void AnswerWriter::answer(const RRset& rrset, std::uint32_t ttl, std::uint16_t rotate) {
  overflow_ |= !writer_.rrset(Section::answer, rrset, ttl, inquiry_.dnssec_ok, rotate);
}

void AnswerWriter::authority(const RRset& rrset, std::uint32_t ttl) {
  overflow_ |= !writer_.rrset(Section::authority, rrset, ttl, inquiry_.dnssec_ok);
}

void AnswerWriter::answer_signatures(const RRset& rrset, std::uint32_t ttl) {
  overflow_ |= !writer_.signatures(Section::answer, rrset, ttl);
}

void AnswerWriter::answer_record(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
  overflow_ |= !writer_.record(Section::answer, owner, type, Class::IN, ttl, rdata);
}

void AnswerWriter::additional(const RRset& rrset, std::uint32_t ttl) {
  if (!overflow_) { writer_.rrset(Section::additional, rrset, ttl, inquiry_.dnssec_ok); }
}

void AnswerWriter::authority_record(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
  overflow_ |= !writer_.record(Section::authority, owner, type, Class::IN, ttl, rdata);
}

void AnswerWriter::additional_record(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
  if (!overflow_) { writer_.record(Section::additional, owner, type, Class::IN, ttl, rdata); }
}

void AnswerWriter::error(Ede code, std::string_view text) noexcept {
  if (error_count_ < kMaxErrors) { errors_[error_count_++] = {code, text}; }
}

void AnswerWriter::validation_error(Reason reason) noexcept {
  if (reason == Reason::dnskey_unreachable || reason == Reason::ds_unreachable) { error(Ede::dnssec_bogus); }
}

void AnswerWriter::drop_records() noexcept {
  writer_.drop_records();
  if (inquiry_.edns) { writer_.reserve(edns_room()); }
  error_count_ = 0;
  overflow_ = false;
}

void AnswerWriter::write_edns() noexcept {
  const std::uint16_t size = std::max(options_.edns_size, kPlainUdpSize);
  if (!inquiry_.edns || !writer_.begin_edns(size, inquiry_.dnssec_ok)) { return; }
  if (inquiry_.has_cookie()) { writer_.option(OptionCode::cookie, inquiry_.cookie); }
  if (inquiry_.wants_nsid && !options_.nsid.empty()) { writer_.option(OptionCode::nsid, bytes_of(options_.nsid)); }
  if (inquiry_.wants_keepalive) {
    Octet timeout[kKeepaliveSize];
    const bool over_tcp = inquiry_.protocol == ClientProtocol::tcp;
    const std::uint32_t idle = over_tcp ? options_.tcp_idle_timeout_ms : options_.tls_idle_timeout_ms;
    store16(timeout, u16(std::min<std::uint32_t>(idle / kKeepaliveUnit, 0xffff)));
    writer_.option(OptionCode::keepalive, timeout);
  }
  for (std::size_t i = 0; i < error_count_; ++i) { writer_.extended_error(errors_[i].code, errors_[i].text); }
  if (inquiry_.is_encrypted()) { writer_.pad_to(kPaddingBlock); }
  writer_.end_edns();
}

std::size_t AnswerWriter::finish(Rcode rcode, bool authentic, FrontCounters& counters) {
  bool truncated = false;
  if (overflow_) {
    // An empty answer with TC is all that a client needs to come back over TCP (RFC 2181 section 9), and nothing to
    // amplify with.
    truncated = inquiry_.protocol == ClientProtocol::udp;
    if (!truncated) {
      rcode = Rcode::server_failure;
      errors_[0] = {Ede::other, "the answer is larger than a message"};
      error_count_ = 1;
    }
    writer_.drop_records();
    authentic = false;
  }
  // RFC 6840 section 5.7: AD in a query asks for AD in the answer; DO asks, too.
  const bool ad = authentic && (inquiry_.dnssec_ok || inquiry_.ad);
  writer_.set_flags({.qr = true,
                     .aa = authoritative_,
                     .tc = truncated,
                     .rd = inquiry_.rd,
                     .ra = true,
                     .ad = ad,
                     .cd = inquiry_.cd,
                     .rcode = rcode});
  write_edns();
  count_rcode(rcode, counters);
  if (truncated) { counters.truncated.add(); }
  return writer_.finish().size();
}

std::size_t write_header_only(MutableBytes out, Bytes query, Rcode rcode, FrontCounters& counters) {
  std::fill_n(out.begin(), kHeaderSize, Octet{0});
  out[0] = query[0];
  out[1] = query[1];
  out[2] = u8(0x80U | (query[2] & 0x79U));                                 // QR, and the query's opcode and RD
  out[3] = u8(0x80U | (query[3] & 0x10U) | static_cast<unsigned>(rcode));  // RA, the query's CD
  count_rcode(rcode, counters);
  return kHeaderSize;
}

void write_any_refusal(AnswerWriter& writer, NameView name) {
  constexpr std::string_view kHinfo("\x07RFC8482\x00", 9);
  writer.answer_record(name, Type::HINFO, kAnyTtl, bytes_of(kHinfo));
}

namespace {

std::size_t write_failure(AnswerWriter& writer, const Answer& answer, Ede otherwise, FrontCounters& counters) {
  writer.error(answer.ede.value_or(otherwise), answer.ede ? std::string_view(answer.ede_text) : std::string_view());
  writer.validation_error(answer.verdict.reason());
  if (answer.from_cache && answer.ede) { writer.error(Ede::cached_error); }
  return writer.finish(Rcode::server_failure, false, counters);
}

// ANY and RRSIG were resolved as another type when answers are to be minimal: what came back stands for the whole.
bool write_sample(AnswerWriter& writer, NameView name, const Answer& answer) {
  const bool signatures = writer.inquiry().type == Type::RRSIG;
  for (const AnswerPart& part : answer.answer) {
    if (!(part.rrset->owner() == name)) { continue; }
    if (!signatures) { writer.answer(*part.rrset, part.ttl); }
    if (signatures && part.rrset->signature_count() == 0) { continue; }
    if (signatures) { writer.answer_signatures(*part.rrset, part.ttl); }
    return true;
  }
  if (!signatures && answer.rcode == Rcode::no_error) { write_any_refusal(writer, name); }
  return false;
}

}  // namespace

std::size_t write_answer(AnswerWriter& writer, NameView name, const Answer& answer, const FrontOptions& options,
                         std::uint16_t rotate, FrontCounters& counters, const RRset* additional) {
  const Inquiry& inquiry = writer.inquiry();
  const Security security = answer.verdict.security();
  if (!inquiry.cd && options.withhold_bogus && security == Security::bogus) {
    return write_failure(writer, answer, Ede::dnssec_bogus, counters);
  }
  if (!inquiry.cd && options.require_validation && security == Security::unchecked) {
    return write_failure(writer, answer, Ede::dnssec_indeterminate, counters);
  }
  const bool known =
      answer.rcode == Rcode::no_error || answer.rcode == Rcode::name_error || answer.rcode == Rcode::yx_domain;
  if (!known) { return write_failure(writer, answer, Ede::other, counters); }

  const bool sample = options.minimal_any && (inquiry.type == Type::ANY || inquiry.type == Type::RRSIG);
  bool authentic = security == Security::secure && !answer.stale;
  bool has_answer = false;
  if (sample) {
    has_answer = write_sample(writer, name, answer);
    // A made-up HINFO is nobody's data, and nobody signs signatures (RFC 4035 section 2.2).
    authentic = authentic && has_answer && inquiry.type != Type::RRSIG;
  } else {
    for (const AnswerPart& part : answer.answer) {
      if (!belongs_in_answer(inquiry, *part.rrset)) { continue; }
      writer.answer(*part.rrset, part.ttl, rotate);
      has_answer |= part.rrset->type() == inquiry.type;
    }
    has_answer |= inquiry.type == Type::ANY && !answer.answer.empty();
  }
  const bool negative = !has_answer && !(sample && inquiry.type == Type::ANY && answer.rcode == Rcode::no_error);
  for (const AnswerPart& part : answer.authority) {
    if (belongs_in_authority(inquiry, *part.rrset, negative)) { writer.authority(*part.rrset, part.ttl); }
  }
  if (additional != nullptr) { writer.additional(*additional, additional->ttl()); }
  if (answer.stale) { writer.error(answer.rcode == Rcode::name_error ? Ede::stale_nxdomain : Ede::stale_answer); }
  if (answer.ede) { writer.error(*answer.ede, answer.ede_text); }
  const Rcode rcode =
      sample && has_answer ? Rcode::no_error : answer.rcode;  // what an alias leads to is not this name's matter
  return writer.finish(rcode, authentic, counters);
}

}  // namespace vouch
