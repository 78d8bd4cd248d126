// The socket on which the operator's program, vouchctl, speaks to the daemon.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vouch {

// In the folder that systemd makes for the service (RuntimeDirectory=vouch), and takes away with it.
inline constexpr std::string_view kControlSocket = "/run/vouch/control.sock";

// What fits into sockaddr_un, its final zero left out.
inline constexpr std::size_t kMaxSocketPath = 107;

struct ControlOptions {
  std::string socket{kControlSocket};  // an absolute path of at most kMaxSocketPath octets; empty: there is none
};

}  // namespace vouch
