#include "resolver/zones/zone.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "resolver/wire/rdata_layout.h"

namespace vouch {

namespace {

std::strong_ordering octet_order(Bytes a, Bytes b) noexcept {
  const std::size_t common = std::min(a.size(), b.size());
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  if (order != 0) { return order <=> 0; }
  return a.size() <=> b.size();
}

std::strong_ordering record_order(const ZoneRecord& a, const ZoneRecord& b) {
  if (a.owner.data() != b.owner.data()) {  // a run of records shares its owner's octets
    if (const auto order = canonical_order(a.owner, b.owner); order != 0) { return order; }
  }
  if (a.type != b.type) { return a.type <=> b.type; }
  return canonical_rdata_order(a.type, a.rdata, b.rdata);
}

struct RecordBefore {
  bool operator()(const ZoneRecord& a, const ZoneRecord& b) const { return record_order(a, b) < 0; }
};

}  // namespace

std::strong_ordering canonical_rdata_order(Type type, Bytes a, Bytes b) {
  const auto order = octet_order(a, b);
  if (order == 0) { return order; }
  const TypeInfo* const info = type_info(type);
  if (info == nullptr || !info->lower_case_names || !info->has_names) { return order; }
  Buffer lower_a(a.begin(), a.end()), lower_b(b.begin(), b.end());
  lower_case_names(type, lower_a);
  lower_case_names(type, lower_b);
  return octet_order(lower_a, lower_b);
}

// ------------------------------------------------------------------------------------------------------------- records

bool RecordList::add(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
  if (octets_.size() + owner.length() + rdata.size() > kMaxOctets) { return false; }
  Entry entry;
  entry.ttl = ttl;
  entry.type = type;
  entry.rdata_length = u16(rdata.size());
  entry.owner_length = owner.length();
  entry.owner_labels = owner.labels();
  const bool is_repeated = !entries_.empty() && view(entries_.back()).owner.is_same_with_case(owner);
  if (is_repeated) {
    entry.owner = entries_.back().owner;
  } else {
    entry.owner = u32(octets_.size());
    octets_.insert(octets_.end(), owner.data(), owner.data() + owner.length());
  }
  entry.rdata = u32(octets_.size());
  octets_.insert(octets_.end(), rdata.begin(), rdata.end());
  entries_.push_back(entry);
  return true;
}

ZoneRecord RecordList::view(const Entry& entry) const noexcept {
  return {.owner = NameView::trusted(octets_.data() + entry.owner, entry.owner_length, entry.owner_labels),
          .type = entry.type,
          .ttl = entry.ttl,
          .rdata = Bytes(octets_.data() + entry.rdata, entry.rdata_length)};
}

ZoneRecord RecordList::operator[](std::size_t index) const noexcept { return view(entries_[index]); }

std::size_t RecordList::memory() const noexcept { return entries_.capacity() * sizeof(Entry) + octets_.capacity(); }

// ---------------------------------------------------------------------------------------------------------------- zone

std::expected<ZonePtr, std::string> Zone::make(NameView apex, RecordList records) {
  std::size_t soas = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const ZoneRecord record = records[i];
    if (!record.owner.is_at_or_below(apex)) {
      return std::unexpected(record.owner.text() + " lies outside the zone " + apex.text());
    }
    if (is_meta(record.type) && record.type != Type::NXNAME) {
      return std::unexpected("a record of type " + type_text(record.type) + " at " + record.owner.text());
    }
  }
  const auto before = [&records](const RecordList::Entry& a, const RecordList::Entry& b) {
    const auto order = record_order(records.view(a), records.view(b));
    return order != 0 ? order < 0 : a.rdata < b.rdata;  // of equal ones the first to come stays
  };
  // Servers send sorted zones, mostly.
  if (!std::ranges::is_sorted(records.entries_, before)) { std::ranges::sort(records.entries_, before); }
  const auto repeated = std::ranges::unique(records.entries_, [&](const auto& a, const auto& b) {
    return record_order(records.view(a), records.view(b)) == 0;
  });
  records.entries_.erase(repeated.begin(), repeated.end());

  std::shared_ptr<Zone> zone(new Zone(apex));
  // Written anew in order: owners lie once for all their records, and neighbours in memory are neighbours in the zone.
  zone->records_.entries_.reserve(records.size());
  zone->records_.octets_.reserve(records.octets_.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (!zone->records_.add(records[i])) { return std::unexpected(std::string("too large")); }
    if (records[i].type != Type::SOA || records[i].owner != apex) { continue; }
    zone->soa_ = i;
    ++soas;
  }
  if (soas != 1) { return std::unexpected(std::to_string(soas) + " SOA records at " + apex.text()); }
  if (!is_valid_rdata(Type::SOA, zone->soa_record().rdata)) { return std::unexpected(std::string("a malformed SOA")); }
  zone->records_.octets_.shrink_to_fit();
  return zone;
}

// The first record that is not before (owner, type).
std::size_t Zone::lower_bound(NameView owner, Type type) const noexcept {
  std::size_t first = 0;
  std::size_t count = size();
  while (count != 0) {
    const std::size_t half = count / 2;
    const ZoneRecord record = records_[first + half];
    const auto order = canonical_order(record.owner, owner);
    const bool is_before = order < 0 || (order == 0 && record.type < type);
    if (is_before) { first += half + 1; }
    count = is_before ? count - half - 1 : half;
  }
  return first;
}

Zone::Run Zone::at(NameView owner) const noexcept {
  Run run{lower_bound(owner, Type::none), 0};
  run.last = run.first;
  while (run.last != size() && records_[run.last].owner == owner) { ++run.last; }
  return run;
}

Zone::Run Zone::at(NameView owner, Type type) const noexcept {
  Run run{lower_bound(owner, type), 0};
  run.last = run.first;
  while (run.last != size() && records_[run.last].type == type && records_[run.last].owner == owner) { ++run.last; }
  return run;
}

// What lies below a name follows it in canonical order.
bool Zone::exists(NameView name) const noexcept {
  const std::size_t first = lower_bound(name, Type::none);
  return first != size() && records_[first].owner.is_at_or_below(name);
}

std::size_t Zone::before(NameView name) const noexcept {
  const std::size_t first = lower_bound(name, Type::none);
  return first == 0 ? 0 : first - 1;
}

RRsetPtr Zone::rrset(NameView owner, Type type) const {
  const Run run = at(owner, type);
  if (run.empty() || run.size() > RRset::kMaxRecords) { return {}; }
  std::vector<Bytes> rdata, signatures;
  std::uint32_t ttl = records_[run.first].ttl;
  for (std::size_t i = run.first; i != run.last; ++i) {
    rdata.push_back(records_[i].rdata);
    ttl = std::min(ttl, records_[i].ttl);
  }
  const Run signing = type == Type::RRSIG ? Run{} : at(owner, Type::RRSIG);
  for (std::size_t i = signing.first; i != signing.last; ++i) {
    const auto view = rrsig_view(records_[i].rdata);
    if (view && view->covered == type) { signatures.push_back(records_[i].rdata); }
  }
  if (signatures.size() > RRset::kMaxSignatures) { return {}; }
  return RRset::make(records_[run.first].owner, type, ttl, rdata, signatures);
}

bool Zone::contains(const ZoneRecord& record) const {
  const Run run = at(record.owner, record.type);
  for (std::size_t i = run.first; i != run.last; ++i) {
    if (canonical_rdata_order(record.type, records_[i].rdata, record.rdata) == 0) { return true; }
  }
  return false;
}

// --------------------------------------------------------------------------------------------------------- differences

std::expected<ZonePtr, std::string> zone_after(const Zone& zone, const std::vector<ZoneDifference>& differences) {
  // What the differences say of each record they mention, in the end. The keys view the differences.
  struct Word {
    bool is_there = false;
    ZoneRecord record;  // as it was added last
  };
  std::map<ZoneRecord, Word, RecordBefore> words;
  std::uint32_t serial = zone.serial();
  for (const ZoneDifference& difference : differences) {
    if (difference.from != serial) {
      return std::unexpected("a difference from serial " + std::to_string(difference.from) + ", where the zone has " +
                             std::to_string(serial));
    }
    serial = difference.to;
    for (std::size_t i = 0; i < difference.deleted.size(); ++i) {
      const ZoneRecord record = difference.deleted[i];
      const auto [word, is_new] = words.try_emplace(record);
      if (is_new ? !zone.contains(record) : !word->second.is_there) {
        return std::unexpected("serial " + std::to_string(difference.to) + " deletes a record of type " +
                               type_text(record.type) + " at " + record.owner.text() + " that is not there");
      }
      word->second.is_there = false;
    }
    for (std::size_t i = 0; i < difference.added.size(); ++i) {
      words[difference.added[i]] = Word{.is_there = true, .record = difference.added[i]};
    }
  }

  RecordList records;
  bool fits = true;
  auto next = words.begin();
  const auto add_until = [&](const ZoneRecord* end) {  // what the differences add before that record
    for (; next != words.end() && (end == nullptr || record_order(next->first, *end) < 0); ++next) {
      if (next->second.is_there) { fits = records.add(next->second.record) && fits; }
    }
  };
  for (std::size_t i = 0; i < zone.size(); ++i) {
    const ZoneRecord record = zone[i];
    add_until(&record);
    const bool is_mentioned = next != words.end() && record_order(next->first, record) == 0;
    if (!is_mentioned) { fits = records.add(record) && fits; }
  }
  add_until(nullptr);
  if (!fits) { return std::unexpected(std::string("too large")); }
  return Zone::make(zone.apex(), std::move(records));
}

}  // namespace vouch
