#include "resolver/cache/packed_delegation.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "resolver/cache/heap_octets.h"

namespace vouch {

namespace {

struct PackedServer {
  NameView name;
  const Octet* addresses;  // their number, then each
  const Octet* end;
};

PackedServer server_at(const Octet* at) noexcept {
  PackedServer server{NameView::trusted(at + 2, at[0], at[1]), at + 2 + at[0], nullptr};
  const Octet* address = server.addresses + 1;
  for (unsigned i = 0; i < *server.addresses; ++i) { address += 1 + *address; }
  server.end = address;
  return server;
}

std::size_t packed_octets(const Delegation& delegation) noexcept {
  std::size_t size = delegation.zone().view().length();
  for (const Delegation::Server& server : delegation.servers()) {
    size += 3U + server.name.view().length();
    for (const IpAddress& address : server.addresses) { size += 1 + address.octets().size(); }
  }
  return size;
}

Octet* append(Octet* to, Bytes octets) noexcept { return std::copy(octets.begin(), octets.end(), to); }

}  // namespace

PackedDelegationPtr PackedDelegation::pack(const Delegation& delegation) {
  void* const memory = ::operator new(sizeof(PackedDelegation) + packed_octets(delegation));
  auto* const packed = ::new (memory) PackedDelegation;
  const NameView zone = delegation.zone();
  packed->ttl_ = delegation.ttl();
  packed->zone_length_ = zone.length();
  packed->zone_labels_ = zone.labels();
  packed->server_count_ = u8(delegation.servers().size());
  Octet* to = append(reinterpret_cast<Octet*>(packed + 1), zone.octets());
  for (const Delegation::Server& server : delegation.servers()) {
    const NameView name = server.name;
    *to++ = name.length();
    *to++ = name.labels();
    to = append(to, name.octets());
    *to++ = u8(server.addresses.size());
    for (const IpAddress& address : server.addresses) {
      *to++ = u8(address.octets().size());
      to = append(to, address.octets());
    }
  }
  return PackedDelegationPtr(packed);
}

DelegationPtr PackedDelegation::unpack() const {
  std::vector<Delegation::Server> servers;
  servers.reserve(server_count_);
  const Octet* at = data() + zone_length_;
  for (unsigned i = 0; i < server_count_; ++i) {
    const PackedServer packed = server_at(at);
    Delegation::Server& server = servers.emplace_back();
    server.name = Name(packed.name);
    server.addresses.reserve(*packed.addresses);
    for (const Octet* address = packed.addresses + 1; address != packed.end; address += 1 + *address) {
      const Bytes octets(address + 1, *address);
      server.addresses.push_back(octets.size() == 4 ? IpAddress::v4(octets) : IpAddress::v6(octets));
    }
    at = packed.end;
  }
  return Delegation::make(zone(), std::move(servers), ttl_);
}

bool PackedDelegation::same_servers(const PackedDelegation& other) const noexcept {
  // Two passes over at most 13 names each, and each name is looked for in both directions, for a name may stand there
  // twice.
  std::array<NameView, Delegation::kMaxServers> ours;
  std::array<NameView, Delegation::kMaxServers> theirs;
  const auto list = [](const PackedDelegation& from, std::array<NameView, Delegation::kMaxServers>& to) {
    const Octet* at = from.data() + from.zone_length_;
    for (unsigned i = 0; i < from.server_count_; ++i) {
      const PackedServer server = server_at(at);
      to[i] = server.name;
      at = server.end;
    }
    return std::span<const NameView>(to).first(from.server_count_);
  };
  const auto a = list(*this, ours);
  const auto b = list(other, theirs);
  const auto within = [](std::span<const NameView> some, std::span<const NameView> all) {
    return std::ranges::all_of(some, [all](NameView name) { return std::ranges::find(all, name) != all.end(); });
  };
  return within(a, b) && within(b, a);
}

std::size_t PackedDelegation::memory() const noexcept { return heap_octets(this); }

void PackedDelegation::release() const noexcept {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) { return; }
  this->~PackedDelegation();
  ::operator delete(const_cast<PackedDelegation*>(this));
}

}  // namespace vouch
