#include "resolver/policy/local_zones.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <map>
#include <unordered_map>
#include <utility>

#include "resolver/policy/discovery.h"
#include "resolver/policy/reverse_names.h"
#include "resolver/policy/special_use.h"

namespace vouch {

namespace {

constexpr std::uint32_t kSpecialTtl = 10800;   // RFC 6303 section 3: three hours, also for what does not exist
constexpr std::uint32_t kOwnNegativeTtl = 60;  // at an operator's own names: he may add the missing type any minute

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(NameView name) const noexcept { return name.hash(process_hash_key()); }
};
struct NameEqual {
  using is_transparent = void;
  bool operator()(NameView a, NameView b) const noexcept { return a == b; }
};
template <typename T>
using NameMap = std::unordered_map<Name, T, NameHash, NameEqual>;

// Where a look-up ends: a zone of ours, a hole cut into one (`not_special`), a single name of the operator's, or a name
// of which nothing but RESINFO is ours.
struct Anchor {
  enum class Kind : std::uint8_t { zone, hole, name, information };
  Kind kind = Kind::zone;
  SpecialUse use = SpecialUse::empty;
  bool delegated = false;
  RRsetPtr soa;
  std::optional<SpecialName> special = std::nullopt;
  bool is_hole_below = false;  // a single name at the top of a hole: what is below stays everybody's
  std::optional<LocalZoneType> own = std::nullopt;  // a zone of the operator's
};

bool is_single(const Anchor& anchor) noexcept {
  return anchor.kind == Anchor::Kind::name || anchor.kind == Anchor::Kind::information;
}

struct Node {
  std::vector<RRsetPtr> sets;  // empty: an empty non-terminal
};

RRsetPtr one_record(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
  const Bytes records[] = {rdata};
  return RRset::make(owner, type, ttl, records);
}

RRsetPtr make_ns(NameView zone) { return one_record(zone, Type::NS, kSpecialTtl, zone.octets()); }

// Local data is final data: what would send the resolver elsewhere, or claims to be signed, has no place here.
bool may_be_local(Type type) noexcept {
  switch (type) {
    case Type::CNAME:
    case Type::DNAME:
    case Type::NS:
    case Type::SOA:
    case Type::DS:
    case Type::RRSIG:
    case Type::NSEC:
    case Type::NSEC3:
    case Type::NSEC3PARAM:
    case Type::DNSKEY:
      return false;
    default:
      return !is_meta(type);
  }
}

}  // namespace

MadeUpSoa::MadeUpSoa(NameView zone, std::uint32_t ttl) noexcept {
  constexpr std::uint32_t kSerial = 1, kRefresh = 3600, kRetry = 1200, kExpire = 604800;
  Octet* at = std::ranges::copy(zone.octets(), octets_.data()).out;
  at = std::ranges::copy(bytes_of(kMailbox), at).out;
  for (const std::uint32_t field : {kSerial, kRefresh, kRetry, kExpire, ttl}) {
    store32(at, field);
    at += sizeof field;
  }
  size_ = static_cast<std::size_t>(at - octets_.data());
}

RRsetPtr made_up_soa(NameView zone, std::uint32_t ttl) {
  return one_record(zone, Type::SOA, ttl, MadeUpSoa(zone, ttl).rdata());
}

struct LocalZones::Impl {
  using Depths = std::bitset<kMaxLabels + 1>;
  NameMap<Depths> reach;  // by top-level domain: how many labels the anchors beneath it have
  NameMap<Anchor> anchors;
  NameMap<Node> nodes;  // every name that exists, inside zones and single ones
  RRsetPtr loopback_v4, loopback_v6;
  RRsetPtr null_v4, null_v6;  // the unspecified addresses

  Impl();
  void add_anchor(NameView name, Anchor anchor);
  void add_special_zones(const LocalDataOptions& options, bool has_discovery);
  std::optional<std::string> add_discovery(const DiscoveryOptions& discovery);
  std::optional<std::string> add_own_zones(const std::vector<LocalZoneOptions>& zones);
  std::optional<std::string> add_records(const LocalDataOptions& options);
  // Outside our zones the owner becomes an anchor of its own.
  void add_set(const RRsetPtr& rrset, Anchor::Kind outside = Anchor::Kind::name);
  void add_loopback_name(std::string_view reverse);
  const RRsetPtr* set_of(NameView name, Type type) const;
  std::optional<LocalAnswer> answer_in_own(const Anchor& anchor, NameView zone, NameView name, Type type) const;
  const Anchor* anchor_of(NameView name, NameView& at) const;
  const RRsetPtr* set_at(const Node& node, Type type) const;
  LocalAnswer answer_in(const Anchor& zone, NameView name, Type type) const;
};

LocalZones::Impl::Impl() {
  constexpr Octet kV4[4] = {127, 0, 0, 1};
  Octet v6[16] = {};
  v6[15] = 1;
  loopback_v4 = one_record(NameView(), Type::A, kSpecialTtl, kV4);
  loopback_v6 = one_record(NameView(), Type::AAAA, kSpecialTtl, v6);
  constexpr std::array<Octet, 16> kNull{};
  null_v4 = one_record(NameView(), Type::A, kOwnNegativeTtl, Bytes(kNull).first(4));
  null_v6 = one_record(NameView(), Type::AAAA, kOwnNegativeTtl, kNull);
}

void LocalZones::Impl::add_anchor(NameView name, Anchor anchor) {
  reach[Name(name.suffix(1))].set(name.labels());
  const auto before = anchors.find(name);
  const bool was_hole =
      before != anchors.end() && (before->second.kind == Anchor::Kind::hole || before->second.is_hole_below);
  anchor.is_hole_below = was_hole && is_single(anchor);
  anchors.insert_or_assign(Name(name), std::move(anchor));
}

void LocalZones::Impl::add_special_zones(const LocalDataOptions& options, bool has_discovery) {
  for (const SpecialUseZone& special : special_use_zones()) {
    const Name zone = Name::of(special.zone);
    const bool is_discovery = special.kind == SpecialUse::no_data;
    if (!options.special_use_zones && !(is_discovery && has_discovery)) { continue; }
    const auto spares = [&](const Name& spared) { return zone.view().is_at_or_below(spared); };
    if (std::ranges::any_of(options.not_special, spares)) { continue; }
    const RRsetPtr soa = made_up_soa(zone, is_discovery ? kDiscoveryTtl : kSpecialTtl);
    add_anchor(zone, {.kind = Anchor::Kind::zone,
                      .use = special.kind,
                      .delegated = special.delegated,
                      .soa = soa,
                      .special = special_name_of(special.zone)});
    nodes[zone].sets = {soa, make_ns(zone)};
  }
  for (const Name& spared : options.not_special) { add_anchor(spared, {.kind = Anchor::Kind::hole, .soa = nullptr}); }
  add_loopback_name("1.0.0.127.in-addr.arpa.");
  add_loopback_name("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.");
}

// RFC 6761 section 6.3 speaks of the name; its way back is what every hosts file says.
void LocalZones::Impl::add_loopback_name(std::string_view reverse) {
  NameView at;
  const Name owner = Name::of(reverse);
  const Anchor* anchor = anchor_of(owner, at);
  if (anchor == nullptr || anchor->kind != Anchor::Kind::zone) { return; }  // the operator resolves it elsewhere
  add_set(one_record(owner, Type::PTR, kSpecialTtl, Name::of("localhost.").view().octets()));
}

std::optional<std::string> LocalZones::Impl::add_discovery(const DiscoveryOptions& discovery) {
  const Name apex = Name::of("resolver.arpa.");
  NameView at;
  const Anchor* zone = anchor_of(apex, at);
  const bool is_ours = zone != nullptr && zone->kind == Anchor::Kind::zone;
  if (is_ours) {
    const auto designated = designated_resolvers(discovery);
    if (!designated) { return designated.error(); }
    if (*designated) { add_set(*designated); }
    const auto information = resolver_information(apex, discovery);
    if (!information) { return information.error(); }
    add_set(*information);
  }
  if (discovery.name.view().is_root()) { return std::nullopt; }
  const auto information = resolver_information(discovery.name, discovery);
  if (!information) { return information.error(); }
  add_set(*information, Anchor::Kind::information);
  return std::nullopt;
}

// The zone, hole or single name that `name` belongs to: the one with the most labels. A single name with `name` below
// it stands for the hole there.
const Anchor* LocalZones::Impl::anchor_of(NameView name, NameView& at) const {
  const auto depths = reach.find(name.suffix(1));
  if (depths == reach.end()) { return nullptr; }
  for (std::size_t labels = name.labels() + std::size_t{1}; labels-- > 0;) {
    if (!depths->second.test(labels)) { continue; }
    const NameView candidate = name.suffix(u8(labels));
    const auto found = anchors.find(candidate);
    if (found == anchors.end()) { continue; }
    const Anchor& anchor = found->second;
    // Ours is the name, not what is below; that is a hole, or belongs to what is further up.
    if (is_single(anchor) && !anchor.is_hole_below && labels != name.labels()) { continue; }
    at = candidate;
    return &anchor;
  }
  return nullptr;
}

void LocalZones::Impl::add_set(const RRsetPtr& rrset, Anchor::Kind outside) {
  NameView at;
  const NameView owner = rrset->owner();
  const Anchor* anchor = anchor_of(owner, at);
  const bool in_zone = anchor != nullptr && anchor->kind == Anchor::Kind::zone;
  auto& sets = nodes[Name(owner)].sets;
  std::erase_if(sets,
                [&](const RRsetPtr& set) { return set->type() == rrset->type(); });  // the operator's word comes last
  sets.push_back(rrset);
  if (!in_zone) {
    add_anchor(owner, {.kind = outside, .soa = made_up_soa(owner, kOwnNegativeTtl)});
    return;
  }
  for (NameView above = owner.parent(); above.is_below(at); above = above.parent()) { nodes.try_emplace(Name(above)); }
}

// They take the place of special-use zones, and of holes in those.
std::optional<std::string> LocalZones::Impl::add_own_zones(const std::vector<LocalZoneOptions>& zones) {
  for (const LocalZoneOptions& zone : zones) {
    if (zone.zone.view().is_root()) { return "local_data: the root cannot be a local zone"; }
    add_anchor(zone.zone,
               {.kind = Anchor::Kind::zone, .soa = made_up_soa(zone.zone, kOwnNegativeTtl), .own = zone.type});
    nodes.erase(zone.zone);  // what a special-use zone has there
  }
  return std::nullopt;
}

namespace {

struct SetOrder {
  bool operator()(const std::pair<Name, Type>& a, const std::pair<Name, Type>& b) const noexcept {
    const auto order = canonical_order(a.first, b.first);
    return order != 0 ? order < 0 : a.second < b.second;
  }
};
using RecordSets = std::map<std::pair<Name, Type>, std::vector<TextRecord>, SetOrder>;

// To each address the way back, unless the operator has written down one; of several names the first.
void add_reverse_records(const std::vector<TextRecord>& addresses, RecordSets& sets) {
  std::vector<TextRecord> made;
  for (const TextRecord& record : addresses) {
    const Name owner = reverse_name(record.type == Type::A ? IpAddress::v4(record.rdata) : IpAddress::v6(record.rdata));
    const Bytes target = record.owner.view().octets();
    const auto is_there = [&](const TextRecord& other) { return other.owner == owner; };
    if (sets.contains({owner, Type::PTR}) || std::ranges::any_of(made, is_there)) { continue; }
    made.push_back({owner, Type::PTR, record.ttl, {target.begin(), target.end()}});
  }
  for (TextRecord& record : made) {
    std::pair key{record.owner, Type::PTR};
    sets[std::move(key)].push_back(std::move(record));
  }
}

}  // namespace

std::optional<std::string> LocalZones::Impl::add_records(const LocalDataOptions& options) {
  RecordSets sets;
  std::vector<TextRecord> addresses;
  for (const std::string& text : options.records) {
    auto record = parse_record(text);
    if (!record) { return "local_data: not a record: " + text; }
    if (!may_be_local(record->type)) {
      return "local_data: " + type_text(record->type) + " records cannot be local: " + text;
    }
    if (record->owner.view().is_wildcard()) {
      return "local_data: a wildcard cannot be local, name each host: " + text;
    }
    if (record->type == Type::A || record->type == Type::AAAA) { addresses.push_back(*record); }
    std::pair key{record->owner, record->type};
    sets[std::move(key)].push_back(std::move(*record));
  }
  if (options.reverse_records) { add_reverse_records(addresses, sets); }
  for (const auto& [key, records] : sets) {
    std::vector<Bytes> rdata;
    std::uint32_t ttl = records.front().ttl;
    for (const TextRecord& record : records) {
      rdata.emplace_back(record.rdata);
      ttl = std::min(ttl, record.ttl);  // RFC 2181 section 5.2: one set, one TTL
    }
    const RRsetPtr rrset = RRset::make(key.first, key.second, ttl, rdata);
    if (!rrset) { return "local_data: too many records at " + key.first.text(); }
    add_set(rrset);
  }
  return std::nullopt;
}

const RRsetPtr* LocalZones::Impl::set_at(const Node& node, Type type) const {
  if (type == Type::ANY) { return node.sets.empty() ? nullptr : &node.sets.front(); }  // RFC 8482: one is enough
  const auto found = std::ranges::find_if(node.sets, [&](const RRsetPtr& set) { return set->type() == type; });
  return found == node.sets.end() ? nullptr : &*found;
}

const RRsetPtr* LocalZones::Impl::set_of(NameView name, Type type) const {
  const auto node = nodes.find(name);
  return node == nodes.end() ? nullptr : set_at(node->second, type);
}

// `zone`: the anchor's name. Nothing: the name is resolved as any other.
std::optional<LocalAnswer> LocalZones::Impl::answer_in_own(const Anchor& anchor, NameView zone, NameView name,
                                                           Type type) const {
  using enum LocalZoneType;
  const auto node = nodes.find(name);
  const bool has_records = node != nodes.end() && !node->second.sets.empty();
  const LocalAnswer nothing{.answer = nullptr, .authority = anchor.soa};
  LocalAnswer denied = nothing;
  denied.rcode = Rcode::name_error;
  const bool looks_at_records = *anchor.own <= deny;
  if (looks_at_records && *anchor.own != redirect && has_records) {
    const RRsetPtr* set = set_at(node->second, type);
    return set == nullptr ? nothing : LocalAnswer{.answer = *set, .authority = nullptr};
  }
  switch (*anchor.own) {
    case static_zone:
      return node != nodes.end() || name == zone ? nothing : denied;
    case redirect: {
      const RRsetPtr* set = set_of(zone, type);
      if (set == nullptr) { return nothing; }
      return LocalAnswer{.answer = (*set)->with_owner(name), .authority = nullptr, .ede = Ede::forged_answer};
    }
    case transparent:
      return std::nullopt;
    case refuse:
      return LocalAnswer{.rcode = Rcode::refused, .answer = nullptr, .authority = nullptr, .ede = Ede::blocked};
    case deny:
      return LocalAnswer{.answer = nullptr, .authority = nullptr, .is_silence = true};
    case always_nxdomain:
      denied.ede = Ede::blocked;
      return denied;
    case always_nodata:
    case always_null:
      break;
  }
  LocalAnswer blocked = nothing;
  blocked.ede = Ede::blocked;
  if (*anchor.own == always_null && (type == Type::A || type == Type::AAAA)) {
    blocked.answer = (type == Type::A ? null_v4 : null_v6)->with_owner(name);
    blocked.authority = nullptr;
  }
  return blocked;
}

LocalAnswer LocalZones::Impl::answer_in(const Anchor& anchor, NameView name, Type type) const {
  const auto node = nodes.find(name);
  if (node != nodes.end()) {
    if (const RRsetPtr* set = set_at(node->second, type)) {
      return {.answer = *set, .authority = nullptr, .authoritative = type == Type::RESINFO};
    }
  }
  if (anchor.kind == Anchor::Kind::zone && anchor.use == SpecialUse::loopback) {
    if (type == Type::A) { return {.answer = loopback_v4->with_owner(name), .authority = nullptr}; }
    if (type == Type::AAAA) { return {.answer = loopback_v6->with_owner(name), .authority = nullptr}; }
    return {.answer = nullptr, .authority = anchor.soa};
  }
  const bool exists = node != nodes.end() || anchor.use == SpecialUse::no_data;
  return {.rcode = exists ? Rcode::no_error : Rcode::name_error, .answer = nullptr, .authority = anchor.soa};
}

LocalZones::LocalZones() : impl_(std::make_unique<const Impl>()) {}
LocalZones::LocalZones(LocalZones&&) noexcept = default;
LocalZones& LocalZones::operator=(LocalZones&&) noexcept = default;
LocalZones::~LocalZones() = default;

std::expected<LocalZones, std::string> LocalZones::build(const LocalDataOptions& options,
                                                         const DiscoveryOptions* discovery) {
  auto impl = std::make_unique<Impl>();
  impl->add_special_zones(options, discovery != nullptr);
  if (discovery != nullptr) {
    if (auto error = impl->add_discovery(*discovery)) { return std::unexpected(std::move(*error)); }
  }
  if (auto error = impl->add_own_zones(options.zones)) { return std::unexpected(std::move(*error)); }
  if (auto error = impl->add_records(options)) { return std::unexpected(std::move(*error)); }
  LocalZones zones;
  zones.impl_ = std::move(impl);
  return zones;
}

std::optional<LocalAnswer> LocalZones::find(NameView name, Type type) const {
  NameView at;
  const Anchor* anchor = impl_->anchor_of(name, at);
  if (anchor == nullptr || anchor->kind == Anchor::Kind::hole) { return std::nullopt; }
  if (anchor->own) { return impl_->answer_in_own(*anchor, at, name, type); }
  const bool is_apex = at.labels() == name.labels();
  if (is_single(*anchor) && !is_apex) { return std::nullopt; }
  const bool is_cut = anchor->kind == Anchor::Kind::zone && anchor->delegated && is_apex;
  if (type == Type::DS && is_cut) { return std::nullopt; }  // the parent's to say
  if (anchor->kind == Anchor::Kind::information && type != Type::RESINFO) { return std::nullopt; }
  LocalAnswer answer = impl_->answer_in(*anchor, name, type);
  answer.special = anchor->special;
  return answer;
}

}  // namespace vouch
