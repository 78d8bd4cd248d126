// Which start of the machine this is. Uptimes of one start can be compared; those of two cannot.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "resolver/base/bytes.h"

namespace vouch {

using MachineStart = std::array<Octet, 16>;  // a random number of the kernel's; all zero: not known

// Of 32 hexadecimal digits in small letters, and nothing else; all zero for any other text.
MachineStart parse_machine_start(std::string_view digits) noexcept;

// From the kernel's `file` (boot_id, a UUID with its hyphens). Where that cannot be read, because a service manager
// hides it (ProcSubset=pid of systemd), from the environment's `variable`, which the manager has set: 32 digits.
// Blocking. Before any thread is started that may change the environment.
MachineStart machine_start(const std::string& file, const char* variable);

}  // namespace vouch
