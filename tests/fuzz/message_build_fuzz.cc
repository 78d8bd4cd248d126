// Messages there and back: RRsets of the fuzzer's choosing are written, parsed and must be what they were. Truncation,
// reservation and starting anew are among the choices.
#include <array>

#include "resolver/wire/message_view.h"
#include "resolver/wire/message_writer.h"
#include "resolver/wire/rdata_layout.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

constexpr std::size_t kMaxSets = 48;

struct Expected {
  Section section;
  Name owner;
  Type type;
  std::uint32_t ttl;
  Buffer rdata;
};

void append(Buffer& to, Bytes octets) { to.insert(to.end(), octets.begin(), octets.end()); }

Buffer make_rdata(FuzzInput& input, Type type) {
  Buffer rdata;
  const TypeInfo* const info = type_info(type);
  if (info == nullptr) {
    append(rdata, input.octets(input.octet()));
    return rdata;
  }
  for (const Field& field : info->fields) {
    switch (field.kind) {
      case FieldKind::compressible_name:
      case FieldKind::plain_name:
        append(rdata, input.name().view().octets());
        break;
      case FieldKind::octets:
        for (std::size_t i = 0; i < field.size; ++i) { rdata.push_back(input.octet()); }
        break;
      case FieldKind::text:
      case FieldKind::texts:
      case FieldKind::short_blob: {
        const Bytes text = input.octets(input.octet());
        rdata.push_back(u8(text.size()));
        append(rdata, text);
        break;
      }
      case FieldKind::bitmap:
        append(rdata, std::array<Octet, 3>{input.octet(), 1, input.octet()});
        break;
      case FieldKind::rest:
        append(rdata, input.octets(input.octet()));
        break;
    }
  }
  must(is_valid_rdata(type, rdata), "RDATA made by the table is sound by the table");
  return rdata;
}

RRsetPtr make_rrset(FuzzInput& input) {
  constexpr Type kTypes[] = {
      Type::A,   Type::NS,  Type::CNAME, Type::SOA,  Type::MX,    Type::TXT,  Type::MINFO,
      Type::SRV, Type::PTR, Type::DNAME, Type::NSEC, Type::NAPTR, Type::SVCB, static_cast<Type>(65400)};
  const Type type = kTypes[input.below(std::size(kTypes))];
  std::vector<Buffer> rdata, signatures;
  for (std::size_t i = 1U + input.octet() % 6U; i > 0; --i) { rdata.push_back(make_rdata(input, type)); }
  for (std::size_t i = input.octet() % 3U; i > 0; --i) { signatures.push_back(make_rdata(input, Type::RRSIG)); }
  const std::vector<Bytes> records(rdata.begin(), rdata.end()), covering(signatures.begin(), signatures.end());
  return RRset::make(input.name(), type, input.number32() >> 1, records, covering);
}

void expect(std::vector<Expected>& expected, Section section, const RRset& rrset, std::uint32_t ttl,
            bool with_signatures, std::size_t rotate) {
  std::vector<Bytes> rdata;
  for (const Bytes one : rrset.rdata()) { rdata.push_back(one); }
  std::ranges::rotate(rdata, rdata.begin() + static_cast<std::ptrdiff_t>(rotate % rdata.size()));
  const auto add = [&](Type type, Bytes one) {
    expected.push_back({section, Name(rrset.owner()), type, ttl, Buffer(one.begin(), one.end())});
  };
  for (const Bytes one : rdata) { add(rrset.type(), one); }
  if (!with_signatures) { return; }
  for (const Bytes one : rrset.signatures()) { add(Type::RRSIG, one); }
}

// Compression may take a name in another case: equal is as DNS means it.
bool same_rdata(Type type, Bytes a, Bytes b) {
  const TypeInfo* const info = type_info(type);
  if (info == nullptr || !info->has_compressible_names) { return std::ranges::equal(a, b); }
  Buffer one(a.begin(), a.end()), two(b.begin(), b.end());
  lower_case_names(type, one);
  lower_case_names(type, two);
  return one == two;
}

void check(Bytes packet, NameView question, const std::vector<Expected>& expected) {
  const auto message = MessageView::parse(packet);
  must(message.has_value(), "what we wrote parses");
  must(message->question() && equals_name_with_case(packet, message->question()->name, question), "the question");
  must(message->records().size() == expected.size(), "as many records as were taken");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const RecordAt& record = message->records()[i];
    const Expected& want = expected[i];
    must(message->owner_is(record, want.owner), "owner");
    must(record.section == want.section && record.type == want.type && record.ttl == want.ttl, "section, type, TTL");
    Buffer rdata;
    message->append_rdata(record, rdata);
    must(same_rdata(record.type, rdata, want.rdata), "RDATA");
  }
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  Buffer out(512 + input.number16() % (kMaxMessage - 511));
  const std::size_t limit = 512 + input.below(out.size() - 511);
  MessageWriter writer(out, limit);
  const Name question = input.name();
  writer.header(input.number16(), {.qr = true});
  writer.question(question, Type::A, Class::IN);
  std::size_t reserved = 0;
  std::vector<Expected> expected;
  Section section = Section::answer;
  for (std::size_t sets = 0; sets < kMaxSets && !input.is_empty(); ++sets) {
    const std::uint8_t choice = input.octet();
    if (choice < 8) {
      writer.drop_records();
      expected.clear();
      section = Section::answer;
      reserved = 0;
    } else if (choice < 16 && writer.reserve(input.octet())) {
      reserved = 1;
    } else if (choice < 48 && section != Section::additional) {
      section = section == Section::answer ? Section::authority : Section::additional;
    }
    const RRsetPtr rrset = make_rrset(input);
    if (!rrset) { continue; }
    const std::size_t before = writer.size();
    const std::uint16_t rotate = input.octet();
    if (writer.rrset(section, *rrset, rrset->ttl(), choice % 2 == 0, rotate)) {
      expect(expected, section, *rrset, rrset->ttl(), choice % 2 == 0, rotate);
    } else {
      must(writer.size() == before, "a set that does not fit leaves nothing");
    }
    must(writer.size() <= limit, "within the limit");
  }
  if (reserved != 0 || input.octet() % 2 == 0) { writer.begin_edns(1232, true); }
  writer.pad_to(468);
  writer.end_edns();
  must(writer.size() <= limit, "within the limit with EDNS");
  check(writer.finish(), question, expected);
  return 0;
}
