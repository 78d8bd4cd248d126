// Any text as the memory of negative trust anchors: it is refused, or it is one that could have been written. Tried as
// it is, and with a first line and a checksum that are right, or no fuzzer would ever come past those.
#include "resolver/dnssec/checked_text.h"
#include "resolver/dnssec/negative_anchor_memory.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace vouch;

void try_text(std::string_view text) {
  const auto parsed = parse_negative_anchors(text);
  if (!parsed) {
    must(!parsed.error().empty() && parsed.error().size() < 200, "refused without a reason");
    return;
  }
  must(parsed->size() <= kMaxNegativeAnchors, "too many anchors");
  for (const TemporaryNegativeAnchor& anchor : *parsed) {
    must(!anchor.zone.view().is_root(), "an anchor at the root");
    must(anchor.until > anchor.added && anchor.until - anchor.added <= kLongestNegativeAnchor, "too long");
    must(is_fit_reason(anchor.reason), "a reason that is not fit for a log");
  }
  const auto written = negative_anchor_text(*parsed);
  if (!written) { return; }  // names may grow as they are written out
  const auto again = parse_negative_anchors(*written);
  must(again && *again == *parsed, "written, it reads differently");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try_text(input);
  std::string whole = "vouch-negative-anchors 1\n" + std::string(input);
  if (!whole.ends_with('\n')) { whole += '\n'; }
  const auto checked = with_checksum(std::move(whole));
  must(checked.has_value(), "no SHA-256");
  try_text(*checked);
  return 0;
}
