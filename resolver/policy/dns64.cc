#include "resolver/policy/dns64.h"

#include <algorithm>

#include "resolver/policy/rebinding.h"
#include "resolver/policy/reverse_names.h"

namespace vouch {

namespace {

constexpr std::size_t kReservedOctet = 8;  // bits 64 to 71, always zero (RFC 6052 section 2.2)
constexpr std::uint32_t kTtl = 3600;       // of what is known for ever: ipv4only.arpa, reverse aliases

// Where the IPv4 address's octets lie behind a prefix of so many bits.
std::array<std::size_t, 4> places_behind(unsigned bits) noexcept {
  std::array<std::size_t, 4> places{};
  std::size_t at = bits / 8;
  for (std::size_t& place : places) {
    if (at == kReservedOctet) { ++at; }
    place = at++;
  }
  return places;
}

RRsetPtr set_of(NameView owner, Type type, std::uint32_t ttl, const std::vector<Buffer>& records) {
  std::vector<Bytes> rdata(records.begin(), records.end());
  return RRset::make(owner, type, ttl, rdata);
}

Buffer buffer_of(Bytes octets) { return {octets.begin(), octets.end()}; }

constexpr std::array<std::array<Octet, 4>, 2> kWellKnown4 = {{{192, 0, 0, 170}, {192, 0, 0, 171}}};  // RFC 7050

}  // namespace

Dns64::Dns64(const Dns64Options& options)
    : prefix_(options.prefix),
      not_for_(options.not_for),
      exclude_(options.exclude),
      is_well_known_(options.prefix == *Prefix::parse("64:ff9b::/96")),
      reverse_(reverse_name(options.prefix)) {
  const Name name = Name::of("ipv4only.arpa.");
  std::vector<Buffer> a, aaaa;
  for (std::size_t i = 0; i < kWellKnown4.size(); ++i) {
    a.push_back(buffer_of(kWellKnown4[i]));
    aaaa.push_back(buffer_of(embed(IpAddress::v4(kWellKnown4[i])).octets()));
    well_known_ptr_[i] =
        set_of(reverse_name(IpAddress::v4(kWellKnown4[i])), Type::PTR, kTtl, {buffer_of(name.view().octets())});
  }
  well_known_a_ = set_of(name, Type::A, kTtl, a);
  well_known_aaaa_ = set_of(name, Type::AAAA, kTtl, aaaa);
  well_known_soa_ = made_up_soa(name, kTtl);
}

IpAddress Dns64::embed(const IpAddress& ipv4) const noexcept {
  std::array<Octet, 16> octets{};
  std::ranges::copy(prefix_.address().octets(), octets.begin());
  const auto places = places_behind(prefix_.bits());
  for (std::size_t i = 0; i < places.size(); ++i) { octets[places[i]] = ipv4.octets()[i]; }
  return IpAddress::v6(octets);
}

std::optional<IpAddress> Dns64::extract(const IpAddress& ipv6) const noexcept {
  if (ipv6.is_v4() || !prefix_.contains(ipv6)) { return std::nullopt; }
  const Bytes octets = ipv6.octets();
  if (prefix_.bits() < 96 && octets[kReservedOctet] != 0) { return std::nullopt; }
  std::array<Octet, 4> v4{};
  const auto places = places_behind(prefix_.bits());
  for (std::size_t i = 0; i < places.size(); ++i) { v4[i] = octets[places[i]]; }
  return IpAddress::v4(v4);
}

bool Dns64::is_translated(const IpAddress& ipv4) const noexcept {
  // RFC 6052 section 3.1: the well-known prefix stands for global addresses alone.
  if (is_well_known_ && is_internal_address(ipv4)) { return false; }
  return std::ranges::none_of(not_for_, [&](const Prefix& prefix) { return prefix.contains(ipv4); });
}

RRsetPtr Dns64::without_excluded(const RRsetPtr& aaaa) const {
  std::vector<Bytes> kept;
  for (const Bytes rdata : aaaa->rdata()) {
    const IpAddress address = IpAddress::v6(rdata);
    const auto holds = [&](const Prefix& prefix) { return prefix.contains(address); };
    if (std::ranges::none_of(exclude_, holds)) { kept.push_back(rdata); }
  }
  if (kept.size() == aaaa->count()) { return aaaa; }
  return kept.empty() ? nullptr : RRset::make(aaaa->owner(), Type::AAAA, aaaa->ttl(), kept);
}

RRsetPtr Dns64::synthesise(const RRset& a, std::uint32_t ttl) const {
  std::vector<Buffer> records;
  for (const Bytes rdata : a.rdata()) {
    const IpAddress ipv4 = IpAddress::v4(rdata);
    if (is_translated(ipv4)) { records.push_back(buffer_of(embed(ipv4).octets())); }
  }
  return records.empty() ? nullptr : set_of(a.owner(), Type::AAAA, ttl, records);
}

std::optional<LocalAnswer> Dns64::find(NameView name, Type type) const {
  if (name == well_known_a_->owner()) {
    if (type == Type::A || type == Type::ANY) { return LocalAnswer{.answer = well_known_a_, .authority = nullptr}; }
    if (type == Type::AAAA) { return LocalAnswer{.answer = well_known_aaaa_, .authority = nullptr}; }
    if (type == Type::DS) { return std::nullopt; }  // the parent's to say
    return LocalAnswer{.answer = nullptr, .authority = well_known_soa_};
  }
  for (const RRsetPtr& set : well_known_ptr_) {
    if (type == Type::PTR && name == set->owner()) { return LocalAnswer{.answer = set, .authority = nullptr}; }
  }
  return std::nullopt;
}

RRsetPtr Dns64::reverse_alias(NameView name) const {
  if (!name.is_below(reverse_)) { return nullptr; }
  const auto ipv6 = address_of_reverse6(name);
  const auto ipv4 = ipv6 ? extract(*ipv6) : std::nullopt;
  if (!ipv4) { return nullptr; }
  return set_of(name, Type::CNAME, kTtl, {buffer_of(reverse_name(*ipv4).view().octets())});
}

}  // namespace vouch
