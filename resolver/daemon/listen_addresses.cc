#include "resolver/daemon/listen_addresses.h"

#include <algorithm>
#include <array>

#include "resolver/base/log.h"
#include "resolver/daemon/process.h"

namespace vouch {

namespace {

constexpr std::array kGroups = {
    ListenerGroup{ListenerKind::dns, "server.listen", "dns"},
    ListenerGroup{ListenerKind::tls, "server.tls.listen", "tls"},
    ListenerGroup{ListenerKind::https, "server.https.listen", "https"},
    ListenerGroup{ListenerKind::cleartext_https, "server.https.cleartext_listen", "cleartext_https"},
    ListenerGroup{ListenerKind::quic, "server.quic.listen", "quic"},
};

ListenKind socket_kind(ListenerKind kind) noexcept {
  switch (kind) {
    case ListenerKind::dns:
      return ListenKind::udp_and_tcp;
    case ListenerKind::quic:
      return ListenKind::udp;
    default:
      return ListenKind::tcp;
  }
}

const std::vector<SocketAddress>& wanted_of(const ListenerOptions& options, ListenerKind kind) noexcept {
  switch (kind) {
    case ListenerKind::dns:
      return options.addresses;
    case ListenerKind::tls:
      return options.tls;
    case ListenerKind::https:
      return options.https;
    case ListenerKind::cleartext_https:
      return options.cleartext_https;
    case ListenerKind::quic:
      return options.quic;
  }
  return options.addresses;
}

std::expected<std::vector<SocketAddress>, std::string> usable_of(const ListenerGroup& group,
                                                                 const std::vector<SocketAddress>& wanted,
                                                                 const std::vector<SocketAddress>& held) {
  std::vector<SocketAddress> usable;
  for (const SocketAddress& address : wanted) {
    if (std::ranges::find(held, address) != held.end()) {
      usable.push_back(address);
      continue;
    }
    const auto problem = listen_problem(group.key, address, socket_kind(group.kind));
    if (!problem) {
      usable.push_back(address);
    } else if (problem->has_no_such_address && !address.ip().is_v4() &&
               (address.ip().is_loopback() || address.ip().is_unspecified()) && wanted.size() > 1) {
      log(LogLevel::warning, "no_ipv6", {{"address", address.text()}});
    } else {
      return std::unexpected(problem->text);
    }
  }
  if (usable.empty() && !wanted.empty()) {
    return std::unexpected("no address of " + std::string(group.key) + " can be listened on");
  }
  return usable;
}

}  // namespace

std::vector<SocketAddress>& ListenAddresses::of(ListenerKind kind) noexcept {
  return const_cast<std::vector<SocketAddress>&>(std::as_const(*this).of(kind));
}

const std::vector<SocketAddress>& ListenAddresses::of(ListenerKind kind) const noexcept {
  switch (kind) {
    case ListenerKind::dns:
      return dns;
    case ListenerKind::tls:
      return tls;
    case ListenerKind::https:
      return https;
    case ListenerKind::cleartext_https:
      return cleartext_https;
    case ListenerKind::quic:
      return quic;
  }
  return dns;
}

std::span<const ListenerGroup> listener_groups() noexcept { return kGroups; }

std::expected<ListenAddresses, std::string> usable_addresses(const ListenerOptions& wanted,
                                                             const ListenAddresses& held) {
  ListenAddresses usable;
  for (const ListenerGroup& group : kGroups) {
    auto found = usable_of(group, wanted_of(wanted, group.kind), held.of(group.kind));
    if (!found) { return std::unexpected(std::move(found.error())); }
    usable.of(group.kind) = std::move(*found);
  }
  return usable;
}

}  // namespace vouch
