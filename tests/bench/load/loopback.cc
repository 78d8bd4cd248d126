#include "tests/bench/load/loopback.h"

#include <arpa/inet.h>

namespace vouch::load {

std::expected<sockaddr_in, std::string> loopback(const std::string& address, std::uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  if (inet_pton(AF_INET, address.c_str(), &made.sin_addr) != 1) {
    return std::unexpected("`" + address + "` is not an IPv4 address");
  }
  if (ntohl(made.sin_addr.s_addr) >> 24 != 127) {
    return std::unexpected("`" + address + "` is not on loopback: this much load is for one's own machine alone");
  }
  return made;
}

}  // namespace vouch::load
