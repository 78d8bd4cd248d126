// Any text as the memory of trust anchors: it is refused, or it is one that could have been written. Tried as it is,
// and with a first line and a checksum that are right, or no fuzzer would ever come past those.
#include "resolver/dnssec/algorithms.h"
#include "resolver/dnssec/anchor_memory.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace vouch;

void try_to_restore(const TrustPointMemory& memory) {
  TrustPoint point(memory.configured);
  must(point.restore(memory), "a memory that its own configuration does not fit");
  const AnchorSet::Point trusted = point.trusted();
  for (const TrackedKey& key : memory.keys) {
    const bool is_among = std::ranges::find(trusted.dnskeys, key.rdata) != trusted.dnskeys.end();
    const bool is_the_operators =
        std::ranges::find(memory.configured.dnskeys, key.rdata) != memory.configured.dnskeys.end();
    must(is_among == (key.is_trusted() || (is_the_operators && key.state == KeyState::add_pending)),
         "trusted against its state");
  }
  const std::int64_t wait = point.seconds_to_probe(memory.next_probe / 2);
  must(wait >= 0 && wait <= TrustPoint::kMostInterval, "a wait out of bounds");
}

void try_text(std::string_view text) {
  const auto parsed = parse_anchor_memory(text);
  if (!parsed) {
    must(!parsed.error().empty() && parsed.error().size() < 200, "refused without a reason");
    return;
  }
  must(parsed->size() <= kMaxAnchorZones, "too many zones");
  for (const TrustPointMemory& memory : *parsed) { try_to_restore(memory); }
  const auto written = anchor_memory_text(*parsed);
  if (!written) { return; }  // names may grow as they are written out
  const auto again = parse_anchor_memory(*written);
  must(again && *again == *parsed, "written, it reads differently");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try_text(input);
  std::string whole = "vouch-trust-anchors 1\n" + std::string(input);
  if (!whole.ends_with('\n')) { whole += '\n'; }
  const auto digest = digest_of(2, bytes_of(whole), {});
  must(digest.has_value(), "no SHA-256");
  whole += "checksum ";
  for (const Octet octet : digest->view()) {
    whole += "0123456789abcdef"[octet >> 4U];
    whole += "0123456789abcdef"[octet & 0xfU];
  }
  try_text(whole + "\n");
  return 0;
}
