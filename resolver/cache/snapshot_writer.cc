#include <vector>

#include "resolver/cache/snapshot_codec.h"

namespace vouch {

namespace {

// Blocks as they fill, within the bound on the whole.
class Blocks {
 public:
  Blocks(const SnapshotHeader& header, std::uint64_t max_octets, SnapshotSink& sink)
      : max_octets_(max_octets), sink_(sink) {
    const Buffer octets = header_octets(header);
    checksum_ = header_checksum(octets);
    send(octets);
  }

  bool is_over() const noexcept { return is_refused_ || written_.is_cut; }
  bool is_refused() const noexcept { return is_refused_; }
  // After a step of the walk.
  void rest() {
    if (!is_refused_) { is_refused_ = !sink_.rest(); }
  }

  // `append(Buffer&)` adds one entry, counted at `counter`.
  template <typename Append>
  void add(SnapshotSection section, std::uint64_t SnapshotCounts::*counter, const Append& append) {
    if (is_over()) { return; }
    if (section != section_ || block_.size() >= kBlockOctets) { end_block(); }
    section_ = section;
    if (block_.empty()) { block_.resize(kBlockHeadOctets); }
    const std::size_t before = block_.size();
    append(block_);
    // There is room for the end block, too, or the whole could not be told from a part.
    if (written_.octets + block_.size() + kChecksumOctets + kEndOctets > max_octets_) {
      block_.resize(before);
      written_.is_cut = true;
      return;
    }
    ++entries_;
    written_.*counter += 1;
  }

  std::optional<SnapshotWritten> finish() {
    end_block();
    section_ = SnapshotSection::end;
    block_.resize(kBlockHeadOctets + sizeof(std::uint64_t));
    store64(block_.data() + kBlockHeadOctets, written_.sum());
    seal();
    if (is_refused_) { return std::nullopt; }
    return written_;
  }

 private:
  static constexpr std::size_t kEndOctets = kBlockHeadOctets + sizeof(std::uint64_t) + kChecksumOctets;

  void end_block() {
    if (entries_ != 0) { seal(); }
    block_.clear();
  }
  void seal() {
    store32(block_.data(), static_cast<std::uint32_t>(section_));
    store32(block_.data() + 4, entries_);
    store32(block_.data() + 8, u32(block_.size() - kBlockHeadOctets));
    checksum_ = snapshot_checksum(checksum_, block_);
    const std::size_t end = block_.size();
    block_.resize(end + kChecksumOctets);
    store64(block_.data() + end, checksum_);
    send(block_);
    block_.clear();
    entries_ = 0;
  }
  void send(Bytes octets) {
    if (is_refused_) { return; }
    written_.octets += octets.size();
    is_refused_ = !sink_.take(octets);
  }

  const std::uint64_t max_octets_;
  SnapshotSink& sink_;
  SnapshotWritten written_;
  SnapshotSection section_ = SnapshotSection::delegations;
  Buffer block_;
  std::uint32_t entries_ = 0;
  std::uint64_t checksum_ = 0;
  bool is_refused_ = false;
};

class Walk {
 public:
  Walk(const Caches& caches, const SnapshotWriting& writing, Blocks& blocks)
      : caches_(caches), writing_(writing), blocks_(blocks) {}

  void delegations(bool visited) {
    std::vector<KeptDelegation> kept;
    const auto look = [&](std::size_t shard, std::uint32_t& position) {
      return caches_.delegations.look_at(shard, position, kSnapshotStep, visited, writing_.now, kept);
    };
    each_shard(caches_.delegations.shards(), look, kept, [this](const KeptDelegation& cut) {
      if (!cut.delegation) { return; }  // memory is out
      blocks_.add(SnapshotSection::delegations, &SnapshotCounts::delegations,
                  [&](Buffer& to) { append_entry(to, cut, writing_.now); });
    });
  }

  void rrsets(bool visited) {
    std::vector<KeptEntry> kept;
    const TtlTime after = writing_.now - TtlTime{writing_.max_stale};
    const auto look = [&](std::size_t shard, std::uint32_t& position) {
      return caches_.rrsets.look_at(shard, position, kSnapshotStep, visited, writing_.now, after, kept);
    };
    each_shard(caches_.rrsets.shards(), look, kept, [this](const KeptEntry& entry) {
      // Once they are kept for longer the header would not be true of them.
      if (writing_.header.within_delegations && !caches_.keeps_answers_within_delegations) { return; }
      blocks_.add(SnapshotSection::rrsets, &SnapshotCounts::rrsets,
                  [&](Buffer& to) { append_entry(to, entry, writing_.now); });
    });
  }

  void servers() {
    std::vector<KeptServer> kept;
    const auto look = [&](std::size_t shard, std::uint32_t& position) {
      return caches_.servers.look_at(shard, position, kSnapshotStep, writing_.instant, kept);
    };
    each_shard(caches_.servers.shards(), look, kept, [this](const KeptServer& server) {
      blocks_.add(SnapshotSection::servers, &SnapshotCounts::servers, [&](Buffer& to) { append_entry(to, server); });
    });
  }

  void proofs() {
    std::vector<Name> zones;
    for (std::size_t shard = 0; shard < caches_.denials.shards(); ++shard) {
      std::size_t position = 0;
      bool more = true;
      while (more && !blocks_.is_over()) {
        zones.clear();
        more = caches_.denials.look_at(shard, position, kSnapshotStep, zones);
        for (const Name& zone : zones) { proofs_of(zone); }
        blocks_.rest();
      }
    }
  }

 private:
  // `look` gathers the next few, under a lock; `put` writes one, under none.
  template <typename Look, typename Kept, typename Put>
  void each_shard(std::size_t shards, const Look& look, std::vector<Kept>& kept, const Put& put) {
    kept.reserve(kSnapshotStep);
    for (std::size_t shard = 0; shard < shards; ++shard) {
      std::uint32_t position = 0;
      bool more = true;
      while (more && !blocks_.is_over()) {
        kept.clear();
        more = look(shard, position);
        for (const Kept& one : kept) { put(one); }
        blocks_.rest();
      }
    }
  }

  // The SOA goes behind a proof: without one the reader has no place for it.
  void proofs_of(const Name& zone) {
    std::optional<KeptProof> soa;
    std::vector<KeptProof> kept;
    const auto put = [&](const KeptProof& proof) {
      blocks_.add(SnapshotSection::proofs, &SnapshotCounts::proofs,
                  [&](Buffer& to) { append_entry(to, zone, proof, writing_.now); });
    };
    std::size_t position = 0;
    bool more = true;
    while (more && !blocks_.is_over()) {
      kept.clear();
      more = caches_.denials.look_at_zone(zone, position, kSnapshotStep, writing_.now, kept);
      for (const KeptProof& proof : kept) {
        if (proof.rrset->type() == Type::SOA) {
          soa = proof;
        } else {
          put(proof);
        }
      }
      blocks_.rest();
    }
    if (soa) { put(*soa); }
  }

  const Caches& caches_;
  const SnapshotWriting& writing_;
  Blocks& blocks_;
};

}  // namespace

// The most useful first, for the end may be cut: cuts that are in use lead past the root to whatever else is asked;
// then what clients have asked for again. Where answers end with their delegations, the reader has to know all of these
// before it meets an answer.
std::optional<SnapshotWritten> write_snapshot(const Caches& caches, const SnapshotWriting& given, SnapshotSink& sink) {
  SnapshotWriting writing = given;
  const bool cuts_first = writing.header.within_delegations = caches.keeps_answers_within_delegations;
  Blocks blocks(writing.header, writing.max_octets, sink);
  Walk walk(caches, writing, blocks);
  walk.delegations(true);
  if (cuts_first) { walk.delegations(false); }
  walk.servers();
  walk.rrsets(true);
  walk.proofs();
  if (!cuts_first) { walk.delegations(false); }
  walk.rrsets(false);
  return blocks.finish();
}

}  // namespace vouch
