#include <algorithm>
#include <utility>

#include "resolver/cache/signature_life.h"
#include "resolver/cache/snapshot_codec.h"

namespace vouch {

std::string_view fault_text(SnapshotFault fault) noexcept {
  switch (fault) {
    case SnapshotFault::none:
      return "none";
    case SnapshotFault::not_a_snapshot:
      return "it is not a snapshot of a cache";
    case SnapshotFault::other_version:
      return "another version of vouchd wrote it";
    case SnapshotFault::damaged:
      return "it is damaged";
  }
  return "";
}

std::expected<SnapshotHeader, SnapshotFault> SnapshotReader::open() {
  std::array<Octet, kSnapshotHeaderOctets> octets{};
  const std::size_t got = source_.read(octets);
  const auto header = parse_header(Bytes(octets).first(got));
  if (!header) {
    fault_ = header.error();
    return header;
  }
  header_ = *header;
  checksum_ = header_checksum(octets);
  return header;
}

void SnapshotReader::begin(const SnapshotRestoring& how, std::int64_t elapsed, TtlTime now) {
  how_ = how;
  elapsed_ = elapsed;
  begun_ = now;
}

SnapshotReader::Step SnapshotReader::fail(SnapshotFault fault) noexcept {
  fault_ = fault;
  return Step::faulty;
}

SnapshotReader::Step SnapshotReader::next() {
  if (fault_ != SnapshotFault::none) { return Step::faulty; }
  if (caches_.generations() != how_.as_of) { return Step::outdated; }
  block_.resize(kBlockHeadOctets);
  if (source_.read(block_) != kBlockHeadOctets) { return fail(SnapshotFault::damaged); }
  const std::uint32_t section = load32(block_.data()), entries = load32(block_.data() + 4);
  const std::size_t size = load32(block_.data() + 8);
  // Not yet known to be what was written: it must not make us take more memory than a block has.
  if (size > kMaxBlockOctets) { return fail(SnapshotFault::damaged); }
  block_.resize(kBlockHeadOctets + size + kChecksumOctets);
  const MutableBytes rest = MutableBytes(block_).subspan(kBlockHeadOctets);
  if (source_.read(rest) != rest.size()) { return fail(SnapshotFault::damaged); }
  const Bytes sealed = Bytes(block_).first(kBlockHeadOctets + size);
  const std::uint64_t checksum = snapshot_checksum(checksum_, sealed);
  if (load64(block_.data() + sealed.size()) != checksum) { return fail(SnapshotFault::damaged); }
  checksum_ = checksum;
  restored_.octets += block_.size();
  const Bytes payload = sealed.subspan(kBlockHeadOctets);
  if (section == static_cast<std::uint32_t>(SnapshotSection::end)) {
    ByteReader from(payload);
    const bool is_all = payload.size() == sizeof(std::uint64_t) && from.read64() == entries_;
    return is_all ? Step::done : fail(SnapshotFault::damaged);
  }
  entries_ += entries;
  return load(section, entries, payload) ? Step::more : fail(SnapshotFault::damaged);
}

// False where an entry makes no sense although the checksum fits: whoever wrote it was not this program.
bool SnapshotReader::load(std::uint32_t section, std::uint32_t entries, Bytes payload) {
  ByteReader from(payload);
  for (std::uint32_t i = 0; i < entries; ++i) {
    if (!load_entry(static_cast<SnapshotSection>(section), from)) { return false; }
  }
  return from.left() == 0;
}

bool SnapshotReader::load_entry(SnapshotSection section, ByteReader& from) {
  const TtlTime base = begun_ - elapsed_;
  switch (section) {
    case SnapshotSection::delegations: {
      const auto cut = read_delegation(from, base);
      if (cut) { load_delegation(*cut); }
      return cut.has_value();
    }
    case SnapshotSection::servers: {
      const auto server = read_server(from);
      if (server) { load_server(*server); }
      return server.has_value();
    }
    case SnapshotSection::proofs: {
      const auto proof = read_proof(from, base);
      if (proof) { load_proof(proof->zone, proof->proof); }
      return proof.has_value();
    }
    case SnapshotSection::rrsets: {
      auto entry = read_entry(from, base);
      if (entry) { load_rrset(std::move(*entry)); }
      return entry.has_value();
    }
    case SnapshotSection::end:
      break;
  }
  return false;
}

void SnapshotReader::count(bool is_taken, std::uint64_t SnapshotCounts::*counter) noexcept {
  if (is_taken) {
    restored_.*counter += 1;
  } else {
    ++restored_.refused;
  }
}

void SnapshotReader::load_delegation(const KeptDelegation& cut) {
  const TtlTime now = clock_.ttl();
  if (cut.expires <= now) {
    ++restored_.ended;
    return;
  }
  count(caches_.delegations.restore(cut, now, how_.as_of.delegations), &SnapshotCounts::delegations);
}

void SnapshotReader::load_server(KeptServer server) {
  const auto gone_by = std::chrono::seconds(std::min<std::int64_t>(elapsed_, UINT32_MAX));
  server.edns_broken_for -= gone_by;
  server.case_broken_for -= gone_by;
  count(caches_.servers.restore(server, clock_.monotonic(), how_.as_of.servers), &SnapshotCounts::servers);
}

void SnapshotReader::load_proof(NameView zone, KeptProof proof) {
  // What was proven on other grounds cannot be judged anew from here: it is of no use.
  if (!how_.proofs || !has_same_verdicts()) {
    ++restored_.refused;
    return;
  }
  const TtlTime now = clock_.ttl();
  proof.expires = std::min(proof.expires, now + signed_for(*proof.rrset, clock_.wall(), how_.signature_skew));
  if (proof.expires <= now) {
    ++restored_.ended;
    return;
  }
  count(caches_.denials.restore(zone, proof, now, how_.as_of.denials), &SnapshotCounts::proofs);
}

// False: it has to stay out, because the delegations that led to it are not known, or are not known to be all. Those
// that are come before it (write_snapshot()), and may have been learnt anew meanwhile.
bool SnapshotReader::bound_by_delegations(KeptEntry& kept, TtlTime now) const {
  if (!caches_.keeps_answers_within_delegations.load(std::memory_order_relaxed)) { return true; }
  const NameView name = kept.entry.kind == EntryKind::rrset ? kept.entry.rrset->owner() : kept.name.view();
  const std::uint32_t left = caches_.delegations.seconds_left(name, now);
  if (!header_.within_delegations || left == kNoCeiling) { return false; }
  kept.expires = std::min(kept.expires, now + TtlTime{left});
  return true;
}

void SnapshotReader::load_rrset(KeptEntry&& kept) {
  CacheEntry& entry = kept.entry;
  const TtlTime now = clock_.ttl();
  if (!bound_by_delegations(kept, now)) {
    ++restored_.refused;
    return;
  }
  const bool is_secure = entry.security == Security::secure;
  // A denial that came with more proofs than are kept cannot show why it is secure.
  const bool shows_why = entry.kind == EntryKind::rrset || entry.proofs;
  if (is_secure && shows_why) {
    // Data that is not to outlive its signature does not come back after it, not as stale either.
    const std::int64_t left = signed_for(entry, clock_.wall(), how_.signature_skew);
    if (left == 0) {
      ++restored_.ended;
      return;
    }
    kept.expires = std::min(kept.expires, now + left);
  }
  if (kept.expires <= now - TtlTime{how_.max_stale}) {
    ++restored_.ended;
    return;
  }
  const bool is_believed = has_same_verdicts() && (!is_secure || shows_why);
  const bool drops = !is_believed && entry.security != Security::unchecked;
  if (drops) {
    entry.security = Security::unchecked;
    entry.flaw = Flaw();
  }
  const bool is_taken = caches_.rrsets.restore(kept, now, how_.as_of.rrsets);
  count(is_taken, &SnapshotCounts::rrsets);
  if (is_taken && drops) { ++restored_.unjudged; }
}

}  // namespace vouch
