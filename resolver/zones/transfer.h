// Fetches a zone from one primary: asks for its serial first where we have the zone (RFC 1034 section 4.3.5), then for
// the differences (IXFR, RFC 1995), and for the whole zone (AXFR, RFC 5936) where there is nothing to compare with or
// the differences lead nowhere. Over TCP, signed where the primary has a key (RFC 8945).
#pragma once

#include <optional>

#include "resolver/base/random.h"
#include "resolver/zones/message_stream.h"
#include "resolver/zones/transfer_reader.h"

namespace vouch {

struct Primary {
  SocketAddress address;
  TsigKeyPtr key;           // null: neither signed nor checked
  bool incremental = true;  // false: IXFR is not asked for
};

// How long a primary may take. A peer that trickles is held by `whole`, one that stalls by `message`.
struct TransferPatience {
  Duration message = std::chrono::seconds(15);  // from one message to the next, connecting included
  Duration whole = std::chrono::minutes(10);    // for all of it, fallback included
};

// All that is referenced outlives the task.
struct TransferParts {
  StreamDialer& dialer;
  const Clock& clock;
  Random& random;
};

struct TransferOrder {
  Name zone;
  Primary primary;
  ZonePtr base;  // what we have; null: nothing
  TransferLimits limits = {};
  TransferPatience patience = {};
};

using TransferResult = std::expected<Transfer, TransferError>;

// Always ends within patience.whole. A transfer that is up to date has no zone. Destroying the task closes the
// connection. What came is not checked beyond what TransferReader checks: whether to believe it is the caller's
// business.
Task<TransferResult> transfer(TransferOrder order, TransferParts parts);

}  // namespace vouch
