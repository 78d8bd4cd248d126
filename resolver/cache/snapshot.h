// What a restart need not ask for again: the caches written to a stream of octets, and read from one.
//
// The stream: a header, blocks, an end block; all integers big-endian. Each block carries a checksum of itself and of
// the checksum before it, so that it holds only behind all those that came before it in this very stream, and the end
// block's covers the whole. Reading stops at the first block that does not fit: what came before is as true as it would
// be in a whole stream, because each entry stands for itself; of what came behind nothing is looked at. The checksum
// (SipHash-2-4 under a key that is no secret) tells damage, not forgery: who may write the file is believed, so the
// file must be nobody else's (resolver/daemon/snapshot_file.h). What is read is checked like a message off the network
// all the same.
//
// Nothing bogus is written or read. Verdicts are believed where they rest on the same grounds as today's, and where a
// signature still holds; else the data comes in unjudged, and is judged when somebody asks for it (decision 0006).
// Nothing lives longer than it would have, had the process gone on; nothing replaces what is there already; and nothing
// comes back that was forgotten on purpose since.
#pragma once

#include <array>
#include <expected>
#include <optional>
#include <string_view>

#include "resolver/cache/caches.h"
#include "resolver/cache/snapshot_time.h"

namespace vouch {

using Fingerprint = std::array<Octet, 32>;
enum class SnapshotSection : std::uint32_t;  // snapshot_codec.h

// What has to be the same for a snapshot to be of use.
struct SnapshotGrounds {
  Fingerprint sources{};   // whom data comes from: else all of it is discarded
  Fingerprint verdicts{};  // what they rest on: else nothing is taken for judged
  friend bool operator==(const SnapshotGrounds&, const SnapshotGrounds&) = default;
};

struct SnapshotHeader {
  SnapshotMoment taken = {};
  SnapshotGrounds grounds = {};
  // The answers in it end with the delegations that led to them (Caches::keeps_answers_within_delegations).
  bool within_delegations = false;
  friend bool operator==(const SnapshotHeader&, const SnapshotHeader&) = default;
};

struct SnapshotCounts {
  std::uint64_t rrsets = 0, delegations = 0, proofs = 0, servers = 0;
  std::uint64_t octets = 0;
  std::uint64_t sum() const noexcept { return rrsets + delegations + proofs + servers; }
};

// ------------------------------------------------------------------------------------------------------------- writing

class SnapshotSink {
 public:
  virtual ~SnapshotSink() = default;
  // Takes the next octets, a block at a time, with no lock of the caches held: it may wait, so that the writing is
  // spread over time. False: no more is wanted.
  virtual bool take(Bytes octets) = 0;
  // After each step of the walk, whether it has yielded anything or not; likewise.
  virtual bool rest() = 0;
};

struct SnapshotWriting {
  SnapshotHeader header = {};    // but for `within_delegations`, which the caches tell
  TtlTime now = 0;               // on the TTLs' clock, when the header's moment was
  Instant instant{};             // likewise, for servers
  std::uint64_t max_octets = 0;  // what would pass it is left out; the most useful entries come first
  std::uint32_t max_stale = 0;   // seconds past their end that entries are still written
};

struct SnapshotWritten : SnapshotCounts {
  bool is_cut = false;  // max_octets was reached
};

// Entries a lock is held for: some ten microseconds where none of them lies in the processor's caches
// (cache_snapshot_lock in tests/bench/kernels/snapshot_bench.cc).
constexpr std::uint32_t kSnapshotStep = 64;

// Nothing: the sink wants no more. Any thread, beside whatever else the caches are used for.
std::optional<SnapshotWritten> write_snapshot(const Caches& caches, const SnapshotWriting& writing, SnapshotSink& sink);

// ------------------------------------------------------------------------------------------------------------- reading

class SnapshotSource {
 public:
  virtual ~SnapshotSource() = default;
  // Fills `to`; fewer octets only at the end, or where nothing more can be read.
  virtual std::size_t read(MutableBytes to) = 0;
};

enum class SnapshotFault : std::uint8_t {
  none,
  not_a_snapshot,  // another file, or one that ends within its header
  other_version,
  damaged,  // a checksum does not fit, the stream ends early, or a block cannot be read
};
std::string_view fault_text(SnapshotFault fault) noexcept;

struct SnapshotRestoring {
  SnapshotGrounds grounds = {};  // today's
  bool proofs = true;            // whether proven gaps are of use (RFC 8198)
  std::uint32_t max_stale = 0;   // seconds past its end that something may come in
  // Seconds by which a signature's inception may lie ahead. Its expiration is not stretched: nothing comes back after
  // it.
  std::uint32_t signature_skew = 0;
  Caches::Generations as_of = {};  // what was forgotten later does not come back, nor does anything else then
};

struct SnapshotRestored : SnapshotCounts {
  std::uint64_t unjudged = 0;  // RRsets whose verdict was dropped, which are among `rrsets`
  std::uint64_t ended = 0;     // what had ended, or its signatures had
  std::uint64_t refused = 0;   // what the caches would not take: they know better, or are full
};

class SnapshotReader {
 public:
  // All must outlive the reader.
  SnapshotReader(SnapshotSource& source, Caches& caches, const Clock& clock) noexcept
      : source_(source), caches_(caches), clock_(clock) {}

  std::expected<SnapshotHeader, SnapshotFault> open();
  // After open(), before next(): `elapsed` seconds have gone by since the snapshot was taken, at `now` on the TTLs'
  // clock.
  void begin(const SnapshotRestoring& how, std::int64_t elapsed, TtlTime now);
  // The next block into the caches: up to some hundred entries. `done` is the end of a whole snapshot; `outdated`: the
  // caches have forgotten something since `as_of`, and take nothing more.
  enum class Step : std::uint8_t { more, done, faulty, outdated };
  Step next();
  SnapshotFault fault() const noexcept { return fault_; }
  const SnapshotRestored& restored() const noexcept { return restored_; }

 private:
  Step fail(SnapshotFault fault) noexcept;
  bool load(std::uint32_t section, std::uint32_t entries, Bytes payload);
  bool load_entry(SnapshotSection section, ByteReader& from);
  void load_delegation(const KeptDelegation& cut);
  void load_server(KeptServer server);
  void load_proof(NameView zone, KeptProof proof);
  void load_rrset(KeptEntry&& kept);
  bool bound_by_delegations(KeptEntry& kept, TtlTime now) const;
  void count(bool is_taken, std::uint64_t SnapshotCounts::*counter) noexcept;
  bool has_same_verdicts() const noexcept { return header_.grounds.verdicts == how_.grounds.verdicts; }

  SnapshotSource& source_;
  Caches& caches_;
  const Clock& clock_;
  SnapshotRestoring how_;
  SnapshotHeader header_;
  std::int64_t elapsed_ = 0;
  TtlTime begun_ = 0;
  std::uint64_t checksum_ = 0;  // of the last block
  std::uint64_t entries_ = 0;   // read so far
  Buffer block_;
  SnapshotFault fault_ = SnapshotFault::none;
  SnapshotRestored restored_;
};

}  // namespace vouch
