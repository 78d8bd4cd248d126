#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vouch::lab {

enum class Window { valid, expired, not_yet_valid, inverted };

enum class Tampering {
  none,
  other_data,       // the signature covers other RDATA than the record shows
  too_many_labels,  // the labels field exceeds the owner's labels (RFC 4035 section 5.3.1)
  noise,            // octets that are no signature, in the right length
};

enum class Signer {
  zone_key,    // the ZSK, or the single key; the KSK for the DNSKEY RRset
  zsk_only,    // the ZSK signs the DNSKEY RRset too, the KSK nothing
  stranger,    // a key of the same algorithm that the zone does not publish
  other_zone,  // another zone's key, in that zone's name
};

// How one RRset gets its signatures. The default is what RFC 4035 section 2.2 asks.
struct SignaturePlan {
  bool omit = false;
  Signer signer = Signer::zone_key;
  std::string other_zone = {};  // for Signer::other_zone
  Window window = Window::valid;
  Tampering tampering = Tampering::none;
  int copies = 1;
  std::optional<std::uint8_t> shown_algorithm = {};  // the algorithm number to write, whatever made the signature
};

}  // namespace vouch::lab
