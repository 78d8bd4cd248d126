// How every connection to a server begins.
#pragma once

#include "transports/socket.h"
#include "transports/source_address.h"

namespace vouch {

// A TCP socket that is connecting, or connected, to `server` from one of our addresses. Closed when that failed at
// once; errno then says why.
Socket begin_connecting(const SocketAddress& server, const SourceAddresses& sources, Random& random);

}  // namespace vouch
