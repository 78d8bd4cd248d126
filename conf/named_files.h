// The files that a configuration names: root hints, trust anchors, the cookie secret, the web token. What they say goes
// into the options.
#pragma once

#include "conf/loader.h"
#include "conf/map_reader.h"

namespace vouch {

inline constexpr std::size_t kMaxRecordsInFile = 1000;  // the root hints have 39, a set of anchors a handful

void read_named_files(Configuration& configuration, const KeyPlaces& places, const FileReader& reader,
                      Problems& problems);

}  // namespace vouch
