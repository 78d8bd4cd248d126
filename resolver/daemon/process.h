// The process and the kernel: limits, privileges, whether an address can be listened on. Errors
// are sentences for the operator.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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
// first one's clients. This binds once without sharing, and lets go.
enum class ListenKind : std::uint8_t { udp, tcp, udp_and_tcp };
// `key`: the configuration's, in which the address stands.
std::optional<ListenProblem> listen_problem(std::string_view key, const SocketAddress& address, ListenKind kind);

// For good: the user's ids and groups, no capabilities, none to be had by executing a file. Without a user only the
// capabilities of an unprivileged process go. Before any thread is started.
std::expected<void, std::string> drop_privileges(const std::string& user);
bool is_root() noexcept;
// How many a folder has; 0 when it cannot be read. Of /proc/self/task the threads of this process, of /proc/self/fd its
// open descriptors and one, by which they are counted.
std::size_t entries_of(const char* folder) noexcept;
// Capabilities of this thread, and what executing a file could give back; false when the kernel refuses. Who has none
// is served, too.
bool drop_capabilities() noexcept;

// While it lives, files are made and read as this user, so that they are his when we have become him; without a user,
// or when it is this one already, nothing changes. On failure (no such user, not root) nothing has changed either.
// Before any thread is started.
class AsUser {
 public:
  static std::expected<AsUser, std::string> become(const std::string& user);
  AsUser(AsUser&& other) noexcept
      : has_changed_(std::exchange(other.has_changed_, false)), group_before_(other.group_before_) {}
  AsUser& operator=(AsUser&&) = delete;
  ~AsUser();

 private:
  AsUser() = default;
  bool has_changed_ = false;
  gid_t group_before_ = 0;
};

// Makes `folder` the working directory; after drop_privileges(), as it must be writable by whom we have become.
std::expected<void, std::string> enter_state_dir(const std::string& folder);

}  // namespace vouch
