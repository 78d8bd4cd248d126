// Block lists, and hints that rebinding protection looks into: text cut anywhere says the same; what is found in a list
// stands in it or above; and what is left of a record has no address that was to go.
#include <memory>

#include "resolver/policy/list_parser.h"
#include "resolver/policy/rebinding.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

struct Read {
  NameTable listed, excepted;
  ListReport report;
};

std::unique_ptr<Read> read(std::string_view text, ListFormat format, std::size_t piece) {
  auto made = std::make_unique<Read>();
  ListParser parser(format, made->listed, made->excepted);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) { parser.feed(text.substr(0, piece)); }
  made->report = parser.end();
  return made;
}

void check_list(std::string_view text, ListFormat format, std::size_t piece, NameView asked) {
  const auto whole = read(text, format, text.size() + 1), cut = read(text, format, piece);
  must(whole->report.names == cut->report.names && whole->report.bad == cut->report.bad &&
           whole->report.lines == cut->report.lines,
       "pieces say what the whole does");
  must(whole->report.first_bad.size() <= ListReport::kMaxTold, "bad lines are told within bounds");
  const HashedName name(asked);
  const auto found = whole->listed.find(name);
  must(found.has_value() == cut->listed.find(name).has_value(), "what is found does not hang on pieces");
  if (found) { must(asked.is_at_or_below(*found), "only what a rule covers is found"); }
}

void check_hints(Bytes rdata) {
  const auto left = without_internal_hints(rdata);
  if (!left) { return; }
  must(left->size() <= rdata.size(), "nothing is added");
  must(without_internal_hints(*left) == left, "nothing is left to take");
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  const auto format = static_cast<ListFormat>(input.below(4));
  const std::size_t piece = 1 + input.below(64);
  const Bytes octets = input.octets(40);
  const Bytes rest = input.rest();
  const Buffer exact(rest.begin(), rest.end());  // so that a read beyond the end is seen
  const auto asked = NameView::parse(octets);
  check_list(text_of(exact), format, piece, asked.value_or(NameView()));
  // And each line's own name.
  if (const auto own = listed_name(text_of(exact).substr(0, text_of(exact).find('\n')))) {
    check_list(text_of(exact), format, piece, *own);
  }
  check_hints(exact);
  return 0;
}
