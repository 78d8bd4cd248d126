// ldns's headers, for .cc files alone: no public header of ours shows an ldns type. Without <stdbool.h> before them
// they would make a macro of `bool` and break every C++ header that comes later.
#pragma once

#include <stdbool.h>  // NOLINT: <cstdbool> is gone from C++20

#include <ldns/ldns.h>
