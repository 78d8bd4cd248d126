// Thousands of random zones, every one signed by definition, against their brute-force twin: sound with any of a zone's
// records, complete with all of them.
#include "resolver/dnssec/denial.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/fuzz/denial_check.h"

namespace vouch {
namespace {

using model::Choose;
using model::Kind;
using model::Labels;
using model::Record;
using model::Zone;

constexpr std::uint32_t kZones = 3000;
constexpr std::size_t kNamesPerZone = 12;

struct Tally {
  std::size_t name_errors = 0, no_data = 0, wildcards = 0, opt_outs = 0, unsigned_delegations = 0;
};

// What the stories are about does occur in these zones.
void count(const Zone& zone, const Labels& name, Tally& tally) {
  tally.name_errors += model::name_error(zone, name) == Proof::proven ? 1 : 0;
  tally.no_data += model::no_data(zone, name, Type::A) == Proof::proven ? 1 : 0;
  tally.opt_outs += model::ds_absence(zone, name) == DsAbsence::opt_out ? 1 : 0;
  tally.unsigned_delegations += model::ds_absence(zone, name) == DsAbsence::unsigned_delegation ? 1 : 0;
  const Labels source = model::child_of(zone.closest_encloser(name), "*");
  tally.wildcards += !zone.exists(name) && !zone.is_beyond(name) && zone.exists(source) ? 1 : 0;
}

Labels near_miss(const Zone& zone, const Choose& choose) {
  Labels name = model::random_name(zone, choose);
  if (name.size() > zone.apex.size() && choose(4) == 0) { name.back() += '\0'; }  // the very next name
  return name;
}

// Some records of the zone, or all, and of those of other names some for good measure.
void add_records(const Zone& zone, const Labels& asked, bool all, const Choose& choose, std::vector<Record>& kept) {
  if (zone.kind == Kind::compact) {
    for (std::size_t i = choose(3); i > 0; --i) { kept.push_back(zone.compact_record(near_miss(zone, choose))); }
    if (all || choose(2) == 0) { kept.push_back(zone.compact_record(asked)); }
    return;
  }
  for (Record& record : zone.records()) {
    if (all || choose(3) != 0) { kept.push_back(std::move(record)); }
  }
}

TEST(Denial, AgreesWithTheZoneWhateverOfItsRecordsItIsShown) {
  Tally tally;
  for (std::uint32_t seed = 0; seed < kZones; ++seed) {
    std::mt19937 random(seed);
    const Choose choose = [&random](std::size_t bound) { return random() % bound; };
    const Zone zone = model::random_zone(choose);
    for (std::size_t i = 0; i < kNamesPerZone; ++i) {
      const Labels asked = near_miss(zone, choose);
      count(zone, asked, tally);
      const bool all = i % 2 == 0;
      std::vector<Record> kept;
      add_records(zone, asked, all, choose, kept);
      ASSERT_LE(kept.size(), Denial::kMaxProofs);
      const Name apex = model::name_of(zone.apex);
      Denial denial(apex, 50);
      for (const Record& record : kept) { denial.add(*record.rrset); }
      ASSERT_NO_THROW(model::ask_everything(zone, denial, asked, all)) << "seed " << seed << ", name " << i;
    }
  }
  EXPECT_GT(tally.name_errors, 1000U);
  EXPECT_GT(tally.no_data, 1000U);
  EXPECT_GT(tally.wildcards, 300U);
  EXPECT_GT(tally.opt_outs, 300U);
  EXPECT_GT(tally.unsigned_delegations, 300U);
}

// Two zones, one within the other, with the same salt: what a child (or a parent) says of itself is not believed of
// this zone.
TEST(Denial, IsNotTakenInByTheNsec3OfZonesAboveAndBelow) {
  for (std::uint32_t seed = 0; seed < kZones / 3; ++seed) {
    std::mt19937 random(seed);
    const Choose choose = [&random](std::size_t bound) { return random() % bound; };
    Zone zone = model::random_zone(choose);
    if (zone.kind != Kind::nsec3) { continue; }
    Zone other = model::random_zone(choose);
    if (other.kind != Kind::nsec3 || other.apex == zone.apex) { continue; }
    std::vector<Record> records = zone.records();
    const Name apex = model::name_of(zone.apex);
    Denial denial(apex, 50);
    for (const Record& record : other.records()) { denial.add(*record.rrset); }
    for (const Record& record : records) { denial.add(*record.rrset); }
    for (std::size_t i = 0; i < kNamesPerZone; ++i) {
      ASSERT_NO_THROW(model::ask_everything(zone, denial, near_miss(zone, choose), true)) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace vouch
