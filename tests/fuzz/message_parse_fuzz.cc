// Hostile packets: whatever parse() lets through must hold what its views promise.
#include "resolver/wire/message_view.h"
#include "resolver/wire/names_plain.h"
#include "resolver/wire/rdata_layout.h"
#include "resolver/wire/rrset.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

constexpr std::size_t kMaxTexts = 8;  // text through ldns is the slow part

void look_at(const MessageView& message, const RecordAt& record, std::size_t& texts) {
  const Name owner = message.owner(record);
  const auto slow = plain::expand_name(message.packet(), record.owner.first);
  must(slow && std::ranges::equal(owner.view().octets(), *slow), "the owner is what its plain twin says");
  must(message.owner_is(record, owner), "owner_is");
  must(record.type != Type::OPT, "OPT is not listed");
  Buffer rdata;
  message.append_rdata(record, rdata);
  if (record.rclass != Class::IN) { return; }
  if (rdata.size() > kMaxMessage) { return; }
  must(is_valid_rdata(record.type, rdata), "RDATA that passed is sound");
  (void)rdata_name(record.type, rdata);
  if (record.type == Type::SOA) {
    const SoaView soa = soa_view(rdata);
    must(soa.primary.length() + soa.mailbox.length() + 20U == rdata.size(), "SOA");
  }
  if (record.type == Type::RRSIG) { must(rrsig_view(rdata).has_value(), "RRSIG"); }
  const Bytes one[] = {rdata};
  const RRsetPtr rrset = RRset::make(owner, record.type, ttl_of(record), one);
  must(!rrset || std::ranges::equal(rrset->first_rdata(), rdata), "RRset");
  if (texts++ < kMaxTexts) {
    const std::string text = record_text(owner, record.type, 1, rdata);
    must(std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; }), "text is printable and of one line");
  }
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  const Bytes packet(data, size);
  const auto message = MessageView::parse(packet);
  const auto query = parse_query(packet);
  const bool has_question = message && message->question();
  must(query.has_value() == has_question, "parse_query takes what parse takes, if there is a question");
  if (query) {
    must(query->question.type == message->question()->type, "the same question");
    must(equals_name_with_case(packet, message->question()->name, query->name), "the same name");
    must(query->edns.has_value() == message->edns().has_value(), "the same OPT");
  } else if (!message) {
    must(query.error() == message.error() || query.error() == ParseError::malformed, "the same error");
  }
  if (!message) { return 0; }
  const HeaderView header = message->header();
  const std::size_t claimed = std::size_t{header.answer_count()} + header.authority_count() + header.additional_count();
  must(message->records().size() + (message->edns() ? 1U : 0U) == claimed, "every record is listed");
  OptionReader options(message->option_octets());
  while (options.next()) {}
  must(!options.failed() || message->edns()->version != 0, "options are sound");
  std::size_t texts = 0;
  for (const RecordAt& record : message->records()) { look_at(*message, record, texts); }
  return 0;
}
