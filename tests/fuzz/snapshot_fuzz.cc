// Any octets as a snapshot of the caches: they are refused, or what comes in is sound, holds nothing that nobody could
// have judged so, lives no longer than a cache lets it, and can be written and read again. Tried as they are, and as
// the content of blocks with checksums that are right, or no fuzzer would ever come past those.
#include <map>
#include <string>

#include "resolver/cache/snapshot.h"
#include "resolver/cache/snapshot_codec.h"
#include "resolver/wire/rdata_layout.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/cache/living.h"

namespace {

using namespace vouch;

constexpr UnixTime kNow = 1'796'100'000;  // when the signatures of the seeds hold (2026-12-01)
constexpr TtlTime kUptime = 1'000'000;

class StandingClock final : public Clock {
 public:
  Instant monotonic() const override { return Instant{} + std::chrono::hours(1); }
  UnixTime wall() const override { return kNow; }
  TtlTime ttl() const override { return kUptime; }
};

class Memory final : public SnapshotSource, public SnapshotSink {
 public:
  explicit Memory(Buffer octets = {}) : all_(std::move(octets)) {}
  bool rest() override { return true; }
  std::size_t read(MutableBytes to) override {
    const std::size_t count = std::min(to.size(), all_.size() - at_);
    std::copy_n(all_.begin() + static_cast<std::ptrdiff_t>(at_), count, to.begin());
    at_ += count;
    return count;
  }
  bool take(Bytes octets) override {
    all_.insert(all_.end(), octets.begin(), octets.end());
    return true;
  }

 private:
  Buffer all_;
  std::size_t at_ = 0;
};

bool is_sound(const RRset& rrset) {
  bool sound = rrset.count() > 0 && rrset.count() <= RRset::kMaxRecords;
  for (const Bytes rdata : rrset.rdata()) { sound = sound && is_valid_rdata(rrset.type(), rdata); }
  for (const Bytes rdata : rrset.signatures()) {
    const auto view = rrsig_view(rdata);
    sound = sound && view && view->covered == rrset.type();
  }
  return sound;
}

bool has_signature_in_force(const RRset& rrset, std::int64_t seconds) {
  for (const Bytes rdata : rrset.signatures()) {
    const auto view = rrsig_view(rdata);
    const std::uint32_t now = static_cast<std::uint32_t>(kNow);
    if (view && static_cast<std::int32_t>(view->expiration - now) >= seconds &&
        static_cast<std::int32_t>(view->inception - now) <= 300) {
      return true;
    }
  }
  return false;
}

using Seen = std::map<std::string, std::uint32_t>;  // name, type, kind and verdict; seconds left

Seen check(const Caches& caches, bool believes) {
  Seen seen;
  for (const auto& [name, type, entry] : samples::living(caches.rrsets, kUptime)) {
    must(entry.security == Security::unchecked || entry.security == Security::insecure ||
             entry.security == Security::secure,
         "a verdict that nothing comes back with");
    must(believes || entry.security == Security::unchecked, "a verdict on other grounds");
    must(entry.ttl <= caches.options.ttl_max && entry.ttl <= entry.lifetime, "a life beyond bounds");
    must(!entry.rrset || is_sound(*entry.rrset), "an unsound set");
    must(entry.rrset || entry.proofs, "nothing at all");
    if (entry.security == Security::secure) {
      must(entry.flaw.reason == Reason::none, "secure, with a reason");
      must(has_signature_in_force(*entry.rrset, entry.ttl), "secure beyond its signature");
    }
    if (entry.proofs) {
      for (const RRsetPtr& proof : entry.proofs->rrsets()) { must(is_sound(*proof), "an unsound proof"); }
    }
    if (entry.kind == EntryKind::rrset) { must(entry.rrset->type() == type, "a set under another type"); }
    seen[name.view().text() + type_text(type) + std::to_string(static_cast<int>(entry.kind)) +
         std::to_string(static_cast<int>(entry.security))] = entry.ttl;
  }
  return seen;
}

SnapshotGrounds grounds() {
  SnapshotGrounds made;
  made.sources.fill(1);
  made.verdicts.fill(2);
  return made;
}

SnapshotFault read(Memory& from, Caches& into, bool believes) {
  const StandingClock clock;
  SnapshotReader reader(from, into, clock);
  const auto header = reader.open();
  if (!header) { return header.error(); }
  SnapshotGrounds today = header->grounds;
  if (!believes) { today.verdicts[0] ^= 1; }
  reader.begin({.grounds = today, .max_stale = 3600, .signature_skew = 300}, 10, kUptime);
  while (reader.next() == SnapshotReader::Step::more) {}
  return reader.fault();
}

void try_stream(const Buffer& octets, bool believes) {
  Caches caches{CacheOptions{.size = 1 << 20}};
  Memory stream(octets);
  (void)read(stream, caches, believes);
  const Seen seen = check(caches, believes);

  // What came in can be written, and comes in again.
  Memory again;
  SnapshotWriting writing{.header = {.taken = {.wall = kNow}, .grounds = grounds()},
                          .now = kUptime + 10,  // so that the ten seconds of read() cancel out
                          .instant = StandingClock().monotonic(),
                          .max_octets = 16 << 20,
                          .max_stale = 3600};
  must(write_snapshot(caches, writing, again).has_value(), "not written");
  Caches second{CacheOptions{.size = 1 << 20}};
  must(read(again, second, true) == SnapshotFault::none, "what was written is not read");
  for (const auto& [key, left] : check(second, true)) {
    const auto first = seen.find(key);
    must(first != seen.end() && first->second >= left, "read again it is another, or younger");
  }
}

Buffer sealed(Bytes content) {
  SnapshotHeader header{.taken = {.wall = kNow - 10}, .grounds = grounds()};
  Buffer all = header_octets(header);
  std::uint64_t checksum = header_checksum(all);
  ByteReader from(content);
  while (from.left() >= 4) {
    const std::uint8_t section = from.read8(), entries = from.read8();
    const std::size_t size = std::min<std::size_t>(from.read16(), from.left());
    Buffer block(kBlockHeadOctets);
    store32(block.data(), section);
    store32(block.data() + 4, entries);
    store32(block.data() + 8, u32(size));
    const Bytes payload = from.read(size);
    block.insert(block.end(), payload.begin(), payload.end());
    checksum = snapshot_checksum(checksum, block);
    block.resize(block.size() + kChecksumOctets);
    store64(block.data() + block.size() - kChecksumOctets, checksum);
    all.insert(all.end(), block.begin(), block.end());
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) { return 0; }
  const Bytes input(data + 1, size - 1);
  const bool believes = (data[0] & 1) != 0;
  if ((data[0] & 2) != 0) {
    try_stream(Buffer(input.begin(), input.end()), believes);
  } else {
    try_stream(sealed(input), believes);
  }
  return 0;
}
