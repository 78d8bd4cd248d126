#pragma once

#include <string>

#include "tests/lab/catalogue.h"
#include "tests/lab/outcome.h"
#include "tests/lab/signer.h"

// The papers beside the zone files, for those who use the lab: see `vouch-lab --help`, section FILES.
namespace vouch::lab {

// root.hints, root.anchors, manifest.tsv and examples.tsv.
Outcome<void> write_papers(const Catalogue& catalogue, KeyStore& keys, const std::string& dir);

// What `vouch-lab list` prints.
std::string listing(const Catalogue& catalogue);

}  // namespace vouch::lab
