// Where clients are served: what of the configuration's addresses this machine has.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/address.h"
#include "transports/listener_options.h"

namespace vouch {

enum class ListenerKind : std::uint8_t { dns, tls, https, cleartext_https, quic };

struct ListenAddresses {
  std::vector<SocketAddress> dns;  // UDP and TCP
  std::vector<SocketAddress> tls, https, cleartext_https, quic;

  std::vector<SocketAddress>& of(ListenerKind kind) noexcept;
  const std::vector<SocketAddress>& of(ListenerKind kind) const noexcept;
};

struct ListenerGroup {
  ListenerKind kind;
  std::string_view key;       // the configuration's
  std::string_view protocol;  // as status and log call it
};
// All kinds, in the order in which they are opened.
std::span<const ListenerGroup> listener_groups() noexcept;

// What of `wanted` can be listened on. Each is tried, but for those of `held`, which this process listens on already.
// On failure a sentence for the operator. A machine without IPv6 has no ::1, and the default asks for it; that alone is
// no reason not to serve. Anything else is.
std::expected<ListenAddresses, std::string> usable_addresses(const ListenerOptions& wanted,
                                                             const ListenAddresses& held = {});

}  // namespace vouch
