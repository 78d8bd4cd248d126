#include "resolver/policy/rpz/zone.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr RpzValue kFirstData = 16;  // below: actions without data, by number, from 1
constexpr std::uint8_t kMappedBits = 96;

RpzValue value_of(RpzAction action) noexcept { return static_cast<RpzValue>(action) + 1; }
bool is_data(RpzValue value) noexcept { return value >= kFirstData; }

// The CNAME targets of the actions that are no data, by number.
const std::array<Name, kRpzActions - 1> kActionTargets{Name::of("."), Name::of("*."), Name::of("rpz-passthru."),
                                                       Name::of("rpz-drop."), Name::of("rpz-tcp-only.")};

// What is the zone's own, not a rule: signatures and proofs of a signed policy zone, its digest.
bool is_zone_keeping(Type type) noexcept {
  switch (type) {
    case Type::RRSIG:
    case Type::NSEC:
    case Type::NSEC3:
    case Type::NSEC3PARAM:
    case Type::DNSKEY:
    case Type::CDS:
    case Type::CDNSKEY:
    case Type::ZONEMD:
      return true;
    default:
      return false;
  }
}

// What would send the resolver elsewhere, or is another zone's, cannot be an answer's data.
bool may_be_data(Type type) noexcept {
  return type != Type::NS && type != Type::SOA && type != Type::DNAME && type != Type::DS && !is_meta(type);
}

// What a CNAME's target stands for, at an owner that below its zone is called `trigger`. Nothing: data. `is_known` is
// false for what the draft keeps for later.
std::optional<RpzValue> action_of(NameView trigger, NameView target, bool& is_known) {
  const auto& targets = kActionTargets;
  for (std::size_t action = 0; action < targets.size(); ++action) {
    if (target == targets[action]) { return value_of(static_cast<RpzAction>(action)); }
  }
  if (target == trigger) { return value_of(RpzAction::passthru); }  // the old form
  is_known = target.labels() != 1 || !text_of(target.first_label()).starts_with("rpz-");
  return std::nullopt;
}

// One record within a set's text, and the way through it: type, TTL, length, RDATA.
constexpr std::size_t kRecordFixed = 8;

std::string record_octets(Type type, std::uint32_t ttl, Bytes rdata) {
  Octet fixed[kRecordFixed];
  store16(fixed, static_cast<std::uint16_t>(type));
  store32(fixed + 2, ttl);
  store16(fixed + 6, u16(rdata.size()));
  std::string text(reinterpret_cast<const char*>(fixed), sizeof fixed);
  text.append(reinterpret_cast<const char*>(rdata.data()), rdata.size());
  return text;
}

struct StoredRecord {
  Type type;
  std::uint32_t ttl;
  Bytes rdata;
};

std::vector<StoredRecord> records_in(std::string_view text) {
  std::vector<StoredRecord> records;
  const Bytes octets = bytes_of(text);
  for (std::size_t at = 0; at < octets.size();) {
    const Octet* const fixed = octets.data() + at;
    const std::size_t size = load16(fixed + 6);
    records.push_back({static_cast<Type>(load16(fixed)), load32(fixed + 2), octets.subspan(at + kRecordFixed, size)});
    at += kRecordFixed + size;
  }
  return records;
}

// IPv4 as it is mapped into IPv6, so that the two compare.
std::array<Octet, 16> mapped(const IpAddress& address) noexcept {
  std::array<Octet, 16> octets{};
  if (!address.is_v4()) {
    std::ranges::copy(address.octets(), octets.begin());
    return octets;
  }
  octets[10] = octets[11] = 0xff;
  std::ranges::copy(address.octets(), octets.begin() + 12);
  return octets;
}
unsigned mapped_bits(const Prefix& prefix) noexcept {
  return prefix.bits() + (prefix.address().is_v4() ? unsigned{kMappedBits} : 0U);
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------ the zone

std::uint32_t RpzZone::serial() const noexcept { return soa_view(soa_->first_rdata()).serial; }

std::uint64_t RpzZone::rules(RpzTrigger trigger) const noexcept {
  const bool by_name = trigger == RpzTrigger::qname || trigger == RpzTrigger::nsdname;
  return by_name ? names(trigger).rules() : addresses(trigger).rules();
}

std::uint64_t RpzZone::rules() const noexcept {
  std::uint64_t all = 0;
  for (std::size_t trigger = 0; trigger < kRpzTriggers; ++trigger) { all += rules(static_cast<RpzTrigger>(trigger)); }
  return all;
}

std::size_t RpzZone::memory() const noexcept {
  return sizeof *this + qnames_.memory() + nsdnames_.memory() + client_ips_.memory() + response_ips_.memory() +
         nsips_.memory() + data_octets_;
}

const RpzAddressTable& RpzZone::addresses(RpzTrigger trigger) const noexcept {
  if (trigger == RpzTrigger::client_ip) { return client_ips_; }
  return trigger == RpzTrigger::nsip ? nsips_ : response_ips_;
}

RpzHit RpzZone::hit(RpzTrigger trigger, RpzValue value) const noexcept {
  RpzHit found;
  found.trigger = trigger;
  found.action = is_data(value) ? RpzAction::data : static_cast<RpzAction>(value - 1);
  found.data = is_data(value) ? &data_[value - kFirstData] : nullptr;
  return found;
}

RpzHit RpzZone::hit(RpzTrigger trigger, const RpzNameTable::Match& match) const noexcept {
  RpzHit found = hit(trigger, match.value);
  found.name = match.name;
  found.is_wildcard = match.is_wildcard;
  return found;
}

std::optional<RpzHit> RpzZone::find_client(const IpAddress& client) const noexcept {
  return find_addresses(RpzTrigger::client_ip, {&client, 1});
}

std::optional<RpzHit> RpzZone::find_name(const HashedName& name) const noexcept {
  const RpzNameTable::Match match = qnames_.find(name);
  if (match.value == kNoRpzRule) { return std::nullopt; }
  return hit(RpzTrigger::qname, match);
}

std::optional<RpzHit> RpzZone::find_addresses(RpzTrigger trigger, std::span<const IpAddress> given) const noexcept {
  const RpzAddressTable& table = addresses(trigger);
  if (table.rules() == 0) { return std::nullopt; }
  RpzAddressTable::Match best;
  std::array<Octet, 16> best_address{};
  for (const IpAddress& address : given) {
    const RpzAddressTable::Match match = table.find(address);
    if (match.value == kNoRpzRule) { continue; }
    const auto octets = mapped(address);
    const unsigned bits = mapped_bits(match.prefix), best_bits = mapped_bits(best.prefix);
    const bool is_better = best.value == kNoRpzRule || bits > best_bits || (bits == best_bits && octets < best_address);
    if (!is_better) { continue; }
    best = match;
    best_address = octets;
  }
  if (best.value == kNoRpzRule) { return std::nullopt; }
  RpzHit found = hit(trigger, best.value);
  found.prefix = best.prefix;
  return found;
}

std::optional<RpzHit> RpzZone::find_servers(std::span<const NameView> servers) const noexcept {
  if (nsdnames_.rules() == 0) { return std::nullopt; }
  NameView first;
  RpzNameTable::Match best;
  for (const NameView server : servers) {
    const HashedName hashed(server);
    const RpzNameTable::Match match = nsdnames_.find(hashed);
    if (match.value == kNoRpzRule) { continue; }
    if (best.value != kNoRpzRule && canonical_order(server, first) >= 0) { continue; }
    first = server;
    best = match;
  }
  if (best.value == kNoRpzRule) { return std::nullopt; }
  return hit(RpzTrigger::nsdname, best);
}

std::string RpzHit::text() const {
  const bool by_name = trigger == RpzTrigger::qname || trigger == RpzTrigger::nsdname;
  if (!by_name) { return prefix.text(); }
  if (is_wildcard && name.is_root()) { return "*."; }
  return (is_wildcard ? "*." : "") + name.text();
}

// --------------------------------------------------------------------------------------------------------- the builder

RpzZoneBuilder::RpzZoneBuilder(NameView zone) : zone_(new RpzZone) { zone_->name_ = Name(zone); }

void RpzZoneBuilder::tell(std::uint64_t& counter, std::uint64_t place, NameView owner, std::string_view problem) {
  ++counter;
  if (zone_->report_.problems.size() == RpzReport::kMaxTold) { return; }
  zone_->report_.problems.push_back({place, owner.text() + ": " + std::string(problem)});
}

RpzAddressTable& RpzZoneBuilder::addresses(RpzTrigger trigger) noexcept {
  if (trigger == RpzTrigger::client_ip) { return zone_->client_ips_; }
  return trigger == RpzTrigger::nsip ? zone_->nsips_ : zone_->response_ips_;
}

void RpzZoneBuilder::add(NameView owner, Type type, std::uint32_t ttl, Bytes rdata, std::uint64_t place) {
  if (!error_.empty()) { return; }
  RpzReport& report = zone_->report_;
  ++report.records;
  const auto read = read_rpz_owner(owner, zone_->name_);
  if (!read) {
    switch (read.error()) {
      case RpzOwnerFault::apex:
        if (type == Type::SOA && !zone_->soa_) {
          const Bytes records[] = {rdata};
          zone_->soa_ = RRset::make(zone_->name_, type, ttl, records);
        } else {
          ++report.ignored;
        }
        return;
      case RpzOwnerFault::out_of_zone:
        return tell(report.out_of_zone, place, owner, rpz_fault_text(read.error()));
      case RpzOwnerFault::malformed:
        return tell(report.malformed, place, owner, rpz_fault_text(read.error()));
      case RpzOwnerFault::unsupported:
        return tell(report.unsupported, place, owner, rpz_fault_text(read.error()));
    }
  }
  if (is_zone_keeping(type)) {
    ++report.ignored;
    return;
  }
  if (!may_be_data(type)) {
    return tell(report.unsupported, place, owner, type_text(type) + " records cannot be a rule");
  }
  add_rule(*read, owner, type, ttl, rdata, place);
}

void RpzZoneBuilder::add_rule(const RpzOwner& owner, NameView name, Type type, std::uint32_t ttl, Bytes rdata,
                              std::uint64_t place) {
  RpzReport& report = zone_->report_;
  std::optional<RpzValue> action;
  if (type == Type::CNAME) {
    bool is_known = true;
    const auto relative = Name::substitute(name, zone_->name_, NameView());
    action = action_of(*relative, rdata_name(type, rdata), is_known);
    if (!is_known) { return tell(report.unsupported, place, name, "this action is not known"); }
  }
  const HashedName hashed(owner.name);
  if (!hashed.is_whole()) {
    return tell(report.unsupported, place, name, "a name of more labels than a rule may have");
  }
  const RpzValue before = owner.is_name() ? zone_->names(owner.trigger).value_of(hashed, owner.is_wildcard)
                                          : addresses(owner.trigger).value_of(owner.prefix);
  RpzValue after = action.value_or(kNoRpzRule);
  if (before != kNoRpzRule) {
    // A CNAME is alone at its owner (RFC 1034 section 3.6.2). The first one stands.
    const bool is_again = type == Type::CNAME && (action ? before == *action : is_this_alone(before, type, ttl, rdata));
    if (is_again) { return; }
    if (type == Type::CNAME || !is_data(before) || has_alias(before)) {
      return tell(report.conflicting, place, name, "another rule has this owner name already");
    }
  }
  if (!action) { after = with_record(before, type, ttl, rdata); }
  if (after == kNoRpzRule) { return tell(report.conflicting, place, name, "too many records for one rule"); }
  if (before == kNoRpzRule && ++rules_ > RpzZone::kMaxRules) { error_ = "more rules than a zone may have"; }
  use(after);
  leave(before);
  if (!owner.is_name()) { return addresses(owner.trigger).set(owner.prefix, after); }
  RpzNameTable& table = owner.trigger == RpzTrigger::nsdname ? zone_->nsdnames_ : zone_->qnames_;
  if (!table.set(hashed, owner.is_wildcard, after)) { error_ = "the zone is too large"; }
}

bool RpzZoneBuilder::has_alias(RpzValue value) const {
  const auto records = records_in(*records_[value - kFirstData].text);
  return std::ranges::any_of(records, [](const StoredRecord& record) { return record.type == Type::CNAME; });
}

bool RpzZoneBuilder::is_this_alone(RpzValue value, Type type, std::uint32_t ttl, Bytes rdata) const {
  return is_data(value) && *records_[value - kFirstData].text == record_octets(type, ttl, rdata);
}

void RpzZoneBuilder::use(RpzValue value) {
  if (is_data(value)) { ++records_[value - kFirstData].rules; }
}

void RpzZoneBuilder::leave(RpzValue value) {
  if (!is_data(value)) { return; }
  RecordSet& set = records_[value - kFirstData];
  if (--set.rules != 0) { return; }
  free_.push_back(value);
  known_.erase(known_.find(*set.text));
  set.text = nullptr;
}

// The set that `value` stands for and one more record; each distinct set has one value. None when it would be too
// large.
RpzValue RpzZoneBuilder::with_record(RpzValue value, Type type, std::uint32_t ttl, Bytes rdata) {
  std::vector<std::string> all{record_octets(type, ttl, rdata)};
  std::size_t size = all.front().size();
  if (is_data(value)) {
    for (const StoredRecord& record : records_in(*records_[value - kFirstData].text)) {
      if (record.type == type && std::ranges::equal(record.rdata, rdata)) { return value; }  // RFC 2181 section 5
      all.push_back(record_octets(record.type, record.ttl, record.rdata));
      size += all.back().size();
    }
  }
  if (size > RRset::kMaxRRsetOctets || all.size() > RRset::kMaxRecords) { return kNoRpzRule; }
  std::ranges::sort(all);
  std::string text;
  text.reserve(size);
  for (const std::string& record : all) { text += record; }
  const RpzValue fresh = free_.empty() ? u32(kFirstData + records_.size()) : free_.back();
  const auto [known, is_new] = known_.try_emplace(std::move(text), fresh);
  if (!is_new) { return known->second; }
  if (free_.empty()) {
    records_.emplace_back();
  } else {
    free_.pop_back();
  }
  records_[fresh - kFirstData].text = &known->first;
  return fresh;
}

bool RpzZoneBuilder::make_data() {
  zone_->data_.resize(records_.size());
  zone_->data_octets_ = records_.size() * sizeof(RpzData);
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (records_[i].text == nullptr) { continue; }
    const auto records = records_in(*records_[i].text);  // in the order of their types
    RpzData& data = zone_->data_[i];
    for (std::size_t first = 0; first < records.size();) {
      std::vector<Bytes> rdata;
      std::uint32_t ttl = records[first].ttl;
      std::size_t next = first;
      for (; next < records.size() && records[next].type == records[first].type; ++next) {
        rdata.push_back(records[next].rdata);
        ttl = std::min(ttl, records[next].ttl);  // RFC 2181 section 5.2: one set, one TTL
      }
      RRsetPtr set = RRset::make(NameView(), records[first].type, ttl, rdata);
      if (!set) { return false; }
      zone_->data_octets_ += set->memory() + sizeof(RRsetPtr);
      data.sets.push_back(std::move(set));
      first = next;
    }
  }
  return true;
}

std::expected<RpzZonePtr, std::string> RpzZoneBuilder::finish() {
  if (!error_.empty()) { return std::unexpected(std::move(error_)); }
  if (!zone_->soa_) { return std::unexpected("no SOA record at " + zone_->name_.text()); }
  for (RpzAddressTable* table : {&zone_->client_ips_, &zone_->response_ips_, &zone_->nsips_}) { table->settle(); }
  if (!make_data()) { return std::unexpected("out of memory"); }
  return RpzZonePtr(std::move(zone_));
}

}  // namespace vouch
