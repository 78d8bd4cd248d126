// The schema written out: as the commented default file, and as what a configuration amounts to.
#pragma once

#include <string>

#include "conf/configuration.h"

namespace vouch {

// conf/vouch.yaml: every key with its meaning, unit, range and default.
std::string default_document();
// Every key with the value it has, as YAML that the loader takes back (but for secrets, which are not shown).
std::string effective_document(const Configuration& configuration);

}  // namespace vouch
