// Proofs of non-existence. Two kinds of input. A zone, and whichever of its genuine records a forger chooses to show:
// oracle: what is then proven is true of the zone, and all of its records prove all that can be proven
// (denial_model.h). Or records of arbitrary octets, some made from genuine ones: whatever they say, the work is
// bounded.
#include "resolver/dnssec/denial.h"

#include "resolver/base/budget.h"
#include "resolver/wire/rrset.h"
#include "tests/fuzz/denial_check.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

constexpr std::uint16_t kMaxIterations = 50;
constexpr std::size_t kMaxQuestions = 8;
constexpr std::size_t kMaxDamaged = 12;

void show_parts_of_a_zone(FuzzInput& input) {
  const model::Choose choose = [&input](std::size_t bound) { return input.octet() % bound; };
  const model::Zone zone = model::random_zone(choose);
  const Name apex = model::name_of(zone.apex);
  for (std::size_t i = 0; i < kMaxQuestions && !input.is_empty(); ++i) {
    const model::Labels asked = model::random_name(zone, choose);
    const bool all = choose(2) == 0;
    std::vector<model::Record> kept;
    if (zone.kind == model::Kind::compact) {
      for (std::size_t more = choose(3); more > 0; --more) {
        kept.push_back(zone.compact_record(model::random_name(zone, choose)));
      }
      if (all || choose(2) == 0) { kept.push_back(zone.compact_record(asked)); }
    } else {
      for (model::Record& record : zone.records()) {
        if (all || choose(2) == 0) { kept.push_back(std::move(record)); }
      }
    }
    must(kept.size() <= Denial::kMaxProofs, "every zone's records find room");
    Denial denial(apex, kMaxIterations);
    for (const model::Record& record : kept) { denial.add(*record.rrset); }
    try {
      model::ask_everything(zone, denial, asked, all);
    } catch (const std::logic_error& broken) { must(false, broken.what()); }
  }
}

// Octets of the input for the RDATA, or a genuine record's with a few changed.
RRsetPtr damaged_record(FuzzInput& input, const std::vector<model::Record>& genuine) {
  Name owner = input.name();
  Type type = input.octet() % 2 == 0 ? Type::NSEC : Type::NSEC3;
  Buffer rdata;
  if (!genuine.empty() && input.octet() % 4 != 0) {
    const RRset& rrset = *genuine[input.below(genuine.size())].rrset;
    if (input.octet() % 4 != 0) { owner = Name(rrset.owner()); }
    type = rrset.type();
    const Bytes whole = rrset.first_rdata();
    rdata.assign(whole.begin(), whole.end());
    for (std::size_t edits = input.octet() % 4U; edits > 0 && !rdata.empty(); --edits) {
      rdata[input.below(rdata.size())] = input.octet();
    }
    if (input.octet() % 8 == 0) { rdata.resize(input.below(rdata.size() + 1)); }
  } else {
    const Bytes octets = input.octets(input.octet());
    rdata.assign(octets.begin(), octets.end());
  }
  const Bytes one[] = {rdata};
  return RRset::make(owner, type, 300, one);
}

void show_damaged_records(FuzzInput& input) {
  const model::Choose choose = [&input](std::size_t bound) { return input.octet() % bound; };
  const model::Zone zone = model::random_zone(choose);
  std::vector<model::Record> genuine;
  if (zone.kind == model::Kind::compact) {
    genuine.push_back(zone.compact_record(model::random_name(zone, choose)));
  } else {
    genuine = zone.records();
  }
  const Name apex = input.octet() % 4 == 0 ? input.name() : model::name_of(zone.apex);
  std::vector<RRsetPtr> shown;
  Denial denial(apex, kMaxIterations);
  for (std::size_t i = input.octet() % kMaxDamaged; i > 0; --i) {
    if (RRsetPtr record = damaged_record(input, genuine)) {
      denial.add(*record);
      shown.push_back(std::move(record));
    }
  }
  Budget budget{Instant{}};
  for (std::size_t i = 0; i < kMaxQuestions; ++i) {
    const Name asked = i % 2 == 0 ? input.name() : model::name_of(model::random_name(zone, choose), true);
    const auto type = static_cast<Type>(input.number16());
    const Proof proof = denial.name_error(asked, budget);
    must((proof == Proof::missing) == shown.empty(), "what was shown is not missing");
    const bool is_ours = asked.view().is_at_or_below(apex);
    must(is_ours || (proof != Proof::proven && proof != Proof::proven_by_opt_out), "nothing outside the zone");
    denial.no_data(asked, type, budget);
    denial.ds_absence(asked, budget);
    denial.wildcard_answer(asked, input.octet(), budget);
    const auto labels = denial.closest_encloser_labels(asked, budget);
    must(!labels || (*labels <= asked.view().labels() && *labels >= apex.view().labels()), "an encloser in the zone");
    must(budget.hash_iterations() <= Budget::kHashIterations, "the work is bounded");
  }
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  if (size > 4096) { return 0; }
  FuzzInput input(Bytes(data, size));
  if (input.octet() % 2 == 0) {
    show_parts_of_a_zone(input);
  } else {
    show_damaged_records(input);
  }
  return 0;
}
