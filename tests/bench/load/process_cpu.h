// What a process has cost so far, as the kernel counts it.
#pragma once

#include <sys/types.h>
#include <chrono>
#include <optional>

namespace vouch::load {

// User and system time of a process, all its threads, its children of any generation, and those children that have
// ended and were waited for. To one tick of the kernel's clock, mostly 10 ms. Empty when there is no such process.
std::optional<std::chrono::microseconds> cpu_time_of(pid_t pid);

}  // namespace vouch::load
