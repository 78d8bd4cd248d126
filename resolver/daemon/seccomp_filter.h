// Which system calls this process may make once it serves, as a seccomp filter (seccomp(2)). Pure but for install_*():
// the list and its assembly into a program of the kernel's BPF machine can be looked at, and are, by tests.
//
// Three outcomes. What the list names goes through, some of it only with certain arguments. What no part of a resolver
// ever asks for, and who has taken one over asks for first (to execute a file, to make a process, to trace one, to load
// code into the kernel), ends the process at once: the service manager starts a clean one within a second. Everything
// else is answered ENOSYS, as by an older kernel, for which the C library and all others have another way: a library
// that an update has taught a new call must not take a network's resolver down.
//
// amd64 and arm64. On others there is no filter, and is_filter_supported() is false.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vouch {

// The figure to keep (docs/reliability.md): every call more is more of the kernel to be attacked.
inline constexpr std::size_t kMostSystemCalls = 60;

struct AllowedCall {
  std::string_view name;
  int number = 0;
};
// All that may be called, with whatever arguments; empty where there is no filter.
std::vector<AllowedCall> allowed_system_calls();
bool is_filter_supported() noexcept;

// What becomes of a call that is not allowed.
enum class OnDenial : std::uint8_t {
  refuse,  // ENOSYS, an error of its own, or the end of the process, as told above
  report,  // it is let through, after whoever listens to the filter has heard of it
};
// Which sockets may be made. Unix sockets are a way to every other service of the machine, and there is none that a
// resolver asks for, but a dnstap collector where the operator wants one told.
enum class SocketKinds : std::uint8_t { internet, internet_and_unix };
std::vector<sock_filter> assemble_filter(OnDenial on_denial, SocketKinds sockets = SocketKinds::internet);

// For all threads of the process, for good. NO_NEW_PRIVS must be set. On failure a sentence.
std::expected<void, std::string> install_filter(std::span<const sock_filter> program);
// For this thread and those that it starts. The descriptor on which calls are reported: seccomp_unotify(2).
std::expected<int, std::string> install_reporting_filter(std::span<const sock_filter> program);

}  // namespace vouch
