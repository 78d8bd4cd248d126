#include "transports/connecting_socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

namespace vouch {

namespace {
// Older headers of the C library lack it; the value is the kernel's.
constexpr int kBindAddressNoPort =
    24;  // IP_BIND_ADDRESS_NO_PORT: connect() chooses the port, by the whole address pair
}  // namespace

Socket begin_connecting(const SocketAddress& server, const SourceAddresses& sources, Random& random) {
  Socket socket = open_socket(server.ip(), SOCK_STREAM);
  if (!socket.is_open() || !socket.set(IPPROTO_TCP, TCP_NODELAY, 1)) { return Socket(); }
  if (sources.any_for(server.ip())) {
    socket.set(IPPROTO_IP, kBindAddressNoPort, 1);
    if (!socket.bind(SocketAddress(sources.draw(server.ip(), random), 0))) { return Socket(); }
  }
  if (!socket.connect(server) && errno != EINPROGRESS) { return Socket(); }
  return socket;
}

}  // namespace vouch
