// The process and the kernel: limits, privileges, the service manager, whether an address can be listened on. Errors
// are sentences for the operator.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/base/address.h"

namespace vouch {

// Raises the limit on open descriptors as far as it goes; returns it.
std::uint64_t raise_descriptor_limit() noexcept;

// Why clients cannot be served at an address.
struct ListenProblem {
  bool has_no_such_address = false;  // not this machine's, or of a family that it does not have
  std::string text;                  // with what to do about it
};
// Our own sockets share their addresses among workers (SO_REUSEPORT), so a second vouchd would quietly take half of the
// first one's clients. This binds once without sharing, over UDP and TCP, and lets go.
std::optional<ListenProblem> listen_problem(const SocketAddress& address);

// For good: the user's ids and groups, no capabilities, none to be had by executing a file. Without a user only the
// capabilities of an unprivileged process go. Before any thread is started.
std::expected<void, std::string> drop_privileges(const std::string& user);
bool is_root() noexcept;

// To systemd, if it waits to be told (sd_notify(3)); "READY=1".
void notify_service_manager(std::string_view state) noexcept;

// Makes `folder` the working directory; after drop_privileges(), as it must be writable by whom we have become.
std::expected<void, std::string> enter_state_dir(const std::string& folder);

}  // namespace vouch
