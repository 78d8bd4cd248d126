// The service manager that has started us, and wants to be told how we are (sd_notify(3)); nobody, where there is none.
//
// The socket is connected once, at the start, because a confined process can make none of this kind (seccomp_filter.h).
// Any thread, once reach_service_manager() has returned.
#pragma once

#include <optional>
#include <string_view>

#include "resolver/base/clock.h"

namespace vouch {

// Reads the environment ($NOTIFY_SOCKET, $WATCHDOG_USEC, $WATCHDOG_PID). Before any thread is started; once.
void reach_service_manager() noexcept;

// "READY=1", "STOPPING=1". Never blocks for long: a datagram that cannot be taken is left out.
void notify_service_manager(std::string_view state) noexcept;

// How long we may keep silent before we are taken for dead; nothing: as long as we like.
std::optional<Duration> watchdog_patience() noexcept;

}  // namespace vouch
