// What no key can get wrong alone: values that contradict one another.
#pragma once

#include "conf/map_reader.h"

namespace vouch {

// Called also when single keys were wrong; those have kept their defaults.
void check_across_keys(const Configuration& configuration, const KeyPlaces& places, Problems& problems);

}  // namespace vouch
