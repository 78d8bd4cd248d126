#pragma once

#include <cstdint>
#include <string>

#include "tests/lab/catalogue.h"
#include "tests/lab/ldns_handle.h"
#include "tests/lab/signature_plan.h"

// How each Flaw is made. One place knows, so that a reader who doubts a zone looks here and nowhere else; what lives in
// the denial chain is in denial.cc, what the server does on the wire is in the zone's impairments.
namespace vouch::lab {

constexpr std::uint8_t kUnknownAlgorithm = 100;  // unassigned (IANA registry)
constexpr std::uint8_t kUnknownDigest = 200;     // unassigned
constexpr int kKeyTrapSize = 60;  // keys of one tag, and false signatures: 3600 checks for who counts none

struct KeyFlags {
  std::uint16_t ksk_flags;
  std::uint8_t ksk_protocol;
};

KeyFlags key_flags_for(Flaw flaw);

// How the RRset of that owner and type in `zone` is signed.
SignaturePlan signature_plan(const ZoneSpec& zone, const std::string& owner, std::uint16_t type);

// How many DNSKEYs with the ZSK's own tag the zone shows besides its real ones.
int colliding_keys(const ZoneSpec& zone);

// Alters a DS that was made correctly from the child's key. `other` is a DS of a key that the child does not have.
void break_ds(const ZoneSpec& child, ldns_rr* ds, const ldns_rr* other);

}  // namespace vouch::lab
