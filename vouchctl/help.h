// What vouchctl says about itself.
#pragma once

#include <string>

#include "vouchctl/command.h"

namespace vouch {

std::string help_text();                           // of the whole
std::string help_text(const CtlCommand& command);  // of one command
std::string version_text();

}  // namespace vouch
