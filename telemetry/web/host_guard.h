// Which authorities are ours (RFC 9110 section 7.4). A hostile page can have its own name resolve to our address and
// then read us as its own origin; the name it came by is in the Host field, and refusing unknown ones ends that. An
// address literal cannot be rebound, but is held to those that lead here all the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/address.h"

namespace vouch {

class HostGuard {
 public:
  explicit HostGuard(const std::vector<std::string>& host_names);
  // "name", "name:port", "192.0.2.1:8053", "[::1]:8053"; the port does not matter, proxies and tunnels have their own.
  // `local`: the address that the connection came in at.
  bool allows(std::string_view authority, const IpAddress& local) const;

 private:
  std::vector<std::string> names_;  // lower case, without a final dot
};

}  // namespace vouch
