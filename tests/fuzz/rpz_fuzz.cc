// A policy zone from any text, and from any records: what cannot be understood is counted and never a rule, and what is
// found is what a plain list of all rules would have found, searched from end to end.
#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "resolver/policy/rpz/text.h"
#include "resolver/wire/rdata_layout.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace vouch;

struct Closed {
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

void check_report(const RpzZone& zone) {
  const RpzReport& report = zone.report();
  must(zone.rules() + report.ignored + report.skipped() <= report.records, "more rules than records");
  must(report.problems.size() <= RpzReport::kMaxTold, "too many problems told");
  must(report.skipped() >= report.problems.size(), "a problem that is not counted");
}

void try_text(Bytes text) {
  Buffer copy(text.begin(), text.end());
  copy.push_back('\n');
  const std::unique_ptr<std::FILE, Closed> file(fmemopen(copy.data(), copy.size(), "r"));
  const auto made = read_rpz_text(*file, Name::of("rpz."));
  if (!made) {
    must(!made.error().problem.empty(), "refused without a reason");
    return;
  }
  check_report(**made);
  for (const char* name : {".", "a.", "a.example.", "www.example.com."}) {
    const HashedName hashed(Name::of(name));
    const auto hit = (*made)->find_name(hashed);
    if (!hit) { continue; }
    must(hit->is_wildcard ? hashed.name().is_below(hit->name) : hashed.name() == hit->name, "a rule for another name");
    must((hit->data != nullptr) == (hit->action == RpzAction::data), "data without its action");
  }
}

// All rules in the order in which they came; the first record of a rule decides what kind it is.
struct Plain {
  std::vector<RpzOwner> owners;

  void add(const RpzOwner& owner) {
    for (const RpzOwner& known : owners) {
      const bool is_same = known.trigger == owner.trigger && known.name == owner.name &&
                           known.is_wildcard == owner.is_wildcard && known.prefix == owner.prefix;
      if (is_same) { return; }
    }
    owners.push_back(owner);
  }
  std::optional<RpzOwner> by_name(RpzTrigger trigger, NameView name) const {
    std::optional<RpzOwner> best;
    for (const RpzOwner& owner : owners) {
      if (owner.trigger != trigger) { continue; }
      if (!owner.is_wildcard && name == owner.name) { return owner; }
      if (!owner.is_wildcard || !name.is_below(owner.name)) { continue; }
      if (!best || owner.name.view().labels() > best->name.view().labels()) { best = owner; }
    }
    return best;
  }
  std::optional<Prefix> by_address(RpzTrigger trigger, const IpAddress& address) const {
    std::optional<Prefix> best;
    for (const RpzOwner& owner : owners) {
      if (owner.trigger != trigger || !owner.prefix.contains(address)) { continue; }
      if (!best || owner.prefix.bits() > best->bits()) { best = owner.prefix; }
    }
    return best;
  }
  std::uint64_t count(RpzTrigger trigger) const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(owners, [trigger](const RpzOwner& owner) { return owner.trigger == trigger; }));
  }
};

Name address_owner(FuzzInput& input, const char* kind) {
  Name name = Name::of(kind);
  for (std::size_t labels = 1 + input.octet() % 9U; labels > 0; --labels) {
    const std::uint8_t choice = input.octet();
    const std::string text = choice < 200 ? std::to_string(choice % 12) : choice < 230 ? "zz" : std::to_string(choice);
    name.prepend_label(bytes_of(text));
  }
  return name;
}

IpAddress some_address(FuzzInput& input) {
  std::array<Octet, 16> octets{};
  const bool is_v4 = input.octet() % 2 == 0;
  for (std::size_t i = 0; i < (is_v4 ? 4U : 16U); ++i) { octets[i] = u8(input.octet() % 12U); }
  return is_v4 ? IpAddress::v4(Bytes(octets).first(4)) : IpAddress::v6(octets);
}

void compare(const RpzZone& zone, const Plain& plain, FuzzInput& input) {
  for (std::size_t i = 0; i <= RpzReport::kMaxTold; ++i) {
    const Name name = input.name();
    const HashedName hashed(name);
    const auto hit = zone.find_name(hashed);
    const auto expected = plain.by_name(RpzTrigger::qname, name);
    must(hit.has_value() == expected.has_value(), "a name is found, or not, against the list");
    must(!hit || (hit->name == expected->name && hit->is_wildcard == expected->is_wildcard), "another rule by name");
    const NameView servers[] = {name};
    must(zone.find_servers(servers).has_value() == plain.by_name(RpzTrigger::nsdname, name).has_value(), "a server");
    const IpAddress address = some_address(input);
    for (const RpzTrigger trigger : {RpzTrigger::client_ip, RpzTrigger::response_ip, RpzTrigger::nsip}) {
      const auto by_address = zone.find_addresses(trigger, {&address, 1});
      const auto prefix = plain.by_address(trigger, address);
      must(by_address.has_value() == prefix.has_value(), "an address is found, or not, against the list");
      must(!by_address || by_address->prefix == *prefix, "another rule by address");
    }
  }
}

void try_records(Bytes octets) {
  FuzzInput input(octets);
  const Name apex = Name::of("rpz.");
  RpzZoneBuilder builder(apex);
  Plain plain;
  const auto soa = parse_record("rpz. 300 IN SOA ns. h. 1 2 3 4 5");
  builder.add(apex, Type::SOA, soa->ttl, soa->rdata, 0);
  for (std::size_t records = input.octet(); records > 0 && !input.is_empty(); --records) {
    constexpr const char* kKinds[] = {"rpz-ip.rpz.", "rpz-nsip.rpz.", "rpz-client-ip.rpz."};
    const std::uint8_t kind = input.octet();
    Name owner = input.name();
    if (kind < 100) {
      owner = address_owner(input, kKinds[kind % 3]);
    } else if (kind < 240) {  // else out of the zone, for the most part
      owner = Name::substitute(owner, NameView(), kind % 3 == 0 ? Name::of("rpz-nsdname.rpz.") : apex).value_or(apex);
      if (kind % 5 == 0) { owner.prepend_label(bytes_of("*")); }
    }
    constexpr Type kTypes[] = {Type::CNAME, Type::CNAME, Type::A, Type::TXT, Type::NSEC, Type::DNAME};
    const Type type = kTypes[input.octet() % std::size(kTypes)];
    const Name target = input.name();
    const Bytes names = target.view().octets();
    const Buffer rdata = type == Type::CNAME || type == Type::DNAME ? Buffer(names.begin(), names.end())
                         : type == Type::TXT                        ? Buffer{1, input.octet()}
                                                                    : Buffer{192, 0, 2, input.octet()};
    if (!is_valid_rdata(type, rdata)) { continue; }
    builder.add(owner, type, input.octet(), rdata, records);
    const auto read = read_rpz_owner(owner, apex);
    const bool is_rule = read && type != Type::NSEC && type != Type::DNAME && HashedName(read->name).is_whole();
    if (is_rule) { plain.add(*read); }
  }
  const auto zone = builder.finish();
  must(zone.has_value(), "a zone with an SOA");
  check_report(**zone);
  for (std::size_t i = 0; i < kRpzTriggers; ++i) {
    const auto trigger = static_cast<RpzTrigger>(i);
    must((*zone)->rules(trigger) == plain.count(trigger), "rules are counted");
  }
  compare(**zone, plain, input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try_text({data, size});
  try_records({data, size});
  return 0;
}
