// Any octets as an entry of the cache that a fleet shares: without the right code nothing is looked at, and with it (or
// no fuzzer would ever come past that) what comes out is sound, has not ended, and can be written and read again.
#include <algorithm>

#include "resolver/fleet/shared_entry.h"
#include "resolver/wire/rdata_layout.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace vouch;

constexpr UnixTime kNow = 1'796'100'000;
constexpr TtlTime kUptime = 1'000'000;

void must_be_sound(const RRset& rrset) {
  must(rrset.count() > 0 && rrset.count() <= RRset::kMaxRecords, "no records, or too many");
  for (const Bytes rdata : rrset.rdata()) { must(is_valid_rdata(rrset.type(), rdata), "unsound rdata"); }
  for (const Bytes rdata : rrset.signatures()) {
    const auto view = rrsig_view(rdata);
    must(view && view->covered == rrset.type(), "a signature over something else");
  }
}

void must_be_sound(const OpenedEntry& opened) {
  must(!opened.sets.empty() && opened.sets.size() <= kMaxSharedSets, "no sets, or too many");
  must(opened.stored >= 0 && opened.stored <= kNow + kMaxClockSkew, "from the future");
  for (const KeptEntry& set : opened.sets) {
    must(set.expires > kUptime, "ended");
    must(set.entry.security == Security::unchecked || set.entry.security == Security::insecure ||
             set.entry.security == Security::secure,
         "a verdict that nothing is shared with");
    must(set.entry.rrset || set.entry.proofs, "nothing at all");
    if (set.entry.rrset) { must_be_sound(*set.entry.rrset); }
    if (!set.entry.proofs) { continue; }
    for (const RRsetPtr& proof : set.entry.proofs->rrsets()) { must_be_sound(*proof); }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const SharedKeys keys = SharedKeys::make(bytes_of("a secret of thirty-two octets...")).value();
  SnapshotGrounds grounds;
  const auto digest = keys.digest(grounds, Name::of("www.example."), Type::A).value();
  const Bytes input(data, size);
  must(!open_entry(keys, digest, input, kUptime, kNow), "a code was guessed");

  const auto seal = [&](Bytes content) {
    Buffer sealed(content.begin(), content.end());
    const auto code = keys.code(digest, content).value();
    sealed.insert(sealed.end(), code.begin(), code.end());
    return sealed;
  };
  // As it is; and behind a head that fits, with the sets that the fuzzer makes.
  Buffer headed = seal_entry(keys, digest, {}, kUptime, kNow - 10);
  headed.resize(headed.size() - SharedKeys::kCode);
  headed.back() = size == 0 ? u8(0) : data[0];
  if (size > 1) { headed.insert(headed.end(), data + 1, data + size); }
  for (const Buffer& sealed : {seal(input), seal(headed)}) {
    const auto opened = open_entry(keys, digest, sealed, kUptime, kNow);
    if (!opened) { continue; }
    must_be_sound(*opened);
    const Buffer again = seal_entry(keys, digest, opened->sets, kUptime, kNow);
    const auto second = open_entry(keys, digest, again, kUptime, kNow);
    const bool may_have_ended =
        std::ranges::any_of(opened->sets, [](const KeptEntry& set) { return set.expires <= kUptime + 1; });
    must(second.has_value() || may_have_ended, "what was written is not read");
    if (second) { must(second->sets.size() == opened->sets.size(), "read again it is another"); }
  }
  return 0;
}
