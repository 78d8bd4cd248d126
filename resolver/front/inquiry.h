// What of a client's query the form of its answer depends on: a small value that outlives the packet.
#pragma once

#include "resolver/front/limits.h"
#include "resolver/front/query_sink.h"
#include "resolver/front/server_cookies.h"
#include "resolver/wire/types.h"

namespace vouch {

struct Inquiry {
  std::uint16_t id = 0;
  Type type = Type::none;
  Class rclass = Class::IN;
  ClientProtocol protocol = ClientProtocol::udp;
  CookieState cookie_state = CookieState::none;
  bool rd = false, ad = false, cd = false;
  bool edns = false;
  bool dnssec_ok = false;
  bool wants_nsid = false;              // RFC 5001
  bool wants_keepalive = false;         // RFC 7828
  std::uint16_t limit = kPlainUdpSize;  // octets that the answer may take
  ServerCookies::Cookie cookie;         // what to send back when cookie_state is neither none nor malformed

  bool has_cookie() const noexcept { return cookie_state > CookieState::malformed; }
  // Whether the client is where its address says: it holds a connection, or returned our cookie.
  bool is_verified() const noexcept { return protocol != ClientProtocol::udp || cookie_state == CookieState::valid; }
  bool is_encrypted() const noexcept { return protocol > ClientProtocol::tcp; }
};

}  // namespace vouch
