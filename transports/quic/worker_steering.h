// Several workers, each with a socket of its own on one address (SO_REUSEPORT), and connections whose client may change
// its address: the kernel must choose the socket by the connection id and not by the addresses.
#pragma once

#include "transports/socket.h"

namespace vouch {

// For the group of sockets that `bound` belongs to: a datagram goes to the socket number
// (first octet of its connection id) mod `workers`, counted in the order in which they were bound. Sockets must
// therefore be bound in the order of the workers' indices, and none closed before all are. False, with errno: the
// kernel refuses.
bool steer_by_connection_id(const Socket& bound, unsigned workers) noexcept;

}  // namespace vouch
