// What the operator says about response policy zones; conf/vouch.yaml documents each key, docs/rpz.md how they work.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

// In place of what the zone's rules say, whichever of them matches (section 6 of the draft).
enum class RpzOverride : std::uint8_t { given, disabled, passthru, drop, nxdomain, nodata, tcp_only, cname };

enum class TransferSigning : std::uint8_t { hmac_sha256, hmac_sha384, hmac_sha512 };

// As many as anybody subscribes to; each costs every query a look-up.
inline constexpr std::size_t kMaxRpzZones = 64;

struct RpzZoneOptions {
  Name zone;  // its apex
  // Where it comes from: one of the two.
  std::string file;  // absolute once loaded
  std::vector<SocketAddress> primaries;
  // How transfers are signed (RFC 8945). No secret: they are not.
  Name tsig_key;
  TransferSigning tsig_algorithm = TransferSigning::hmac_sha256;
  std::string tsig_secret_file;  // as the operator wrote it
  std::string tsig_secret;       // what it says: base64, checked

  RpzOverride action = RpzOverride::given;
  Name target;  // of RpzOverride::cname; "*.garden.example." lets the name asked for take the asterisk's place
  std::optional<Ede> error = Ede::blocked;  // told where a name is denied or silenced; Ede::forged_answer where not
  std::uint32_t max_ttl = 3600;             // seconds, of what the zone's rules answer with
  bool include_soa = true;                  // the zone's SOA in the additional section of what was rewritten
  bool log = false;                         // the rule, each time that one matches, as far as the limit goes

  bool operator==(const RpzZoneOptions&) const = default;
};

}  // namespace vouch
