// EDNS: options read as written, hostile option lists end, padding lands on its block.
#include <array>

#include "resolver/wire/message_view.h"
#include "resolver/wire/message_writer.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

void read_hostile(Bytes octets) {
  OptionReader reader(octets);
  std::size_t read = 0, options = 0;
  while (const auto option = reader.next()) {
    read += 4 + option->data.size();
    ++options;
    must(read <= octets.size(), "options lie within");
  }
  must(options <= kMaxOptions, "bounded");
  must(reader.failed() || read == octets.size(), "read to the end or failed");
  must(!reader.next(), "ended for good");
}

struct Written {
  OptionCode code;
  Buffer data;
};

void there_and_back(FuzzInput& input) {
  std::array<Octet, 4096> out;
  const std::size_t limit = 512 + input.below(out.size() - 511);
  MessageWriter writer(out, limit);
  const auto rcode = static_cast<Rcode>(input.number16() & 0x0fff);
  const Name question = input.name();
  writer.header(input.number16(), {.qr = true, .rcode = rcode});
  writer.question(question, Type::TXT, Class::IN);
  const std::uint16_t udp_size = input.number16();
  const bool dnssec_ok = input.octet() % 2 == 0;
  must(writer.begin_edns(udp_size, dnssec_ok), "there is always room for OPT after a question");
  std::vector<Written> written;
  const std::size_t wanted = input.octet() % 12U;
  for (std::size_t i = 0; i < wanted; ++i) {
    const auto code = static_cast<OptionCode>(input.number16());
    const Bytes data = input.octets(input.octet());
    if (writer.option(code, data)) { written.push_back({code, Buffer(data.begin(), data.end())}); }
  }
  const auto ede = static_cast<Ede>(input.octet());
  const Bytes text = input.octets(input.octet());
  const bool has_ede = writer.extended_error(ede, text_of(text));
  const std::size_t block = input.number16() % 600U;
  const std::size_t unpadded = writer.size();
  writer.pad_to(block);
  const bool is_padded = writer.size() != unpadded;
  writer.end_edns();
  must(writer.size() <= limit, "within the limit");
  must(!is_padded || writer.size() % block == 0 || writer.size() == limit, "on the block, or at the limit");

  const auto message = MessageView::parse(writer.finish());
  must(message && message->edns(), "what we wrote parses");
  must(message->rcode() == rcode, "rcode with its upper bits");
  must(message->edns()->udp_size == std::max<std::uint16_t>(udp_size, 512), "size");
  must(message->edns()->dnssec_ok == dnssec_ok, "DO");
  OptionReader reader(message->option_octets());
  for (const Written& want : written) {
    const auto option = reader.next();
    must(option && option->code == want.code && std::ranges::equal(option->data, want.data), "option");
  }
  if (has_ede) {
    const auto option = reader.next();
    must(option && option->code == OptionCode::extended_error && load16(option->data.data()) == std::uint16_t(ede),
         "EDE");
    const bool is_whole = std::ranges::equal(option->data.subspan(2), text);
    must(is_whole || option->data.size() == 2, "EDE's text, or none");
  }
  if (is_padded) {
    const auto option = reader.next();
    must(option && option->code == OptionCode::padding, "padding");
    must(std::ranges::all_of(option->data, [](Octet octet) { return octet == 0; }), "of zeros");
  }
  must(!reader.next() && !reader.failed(), "and no more");
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  read_hostile({data, size});
  FuzzInput input({data, size});
  there_and_back(input);
  return 0;
}
