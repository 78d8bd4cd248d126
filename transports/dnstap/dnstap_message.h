// One DNS message and what is known of its way, in the form that dnstap collectors read: a Protocol Buffers message of
// the schema at https://dnstap.info. Written by hand, because it is twenty fields and three wire types, and this runs
// for every query: a generator would add a compiler and a library to every build, cross builds included.
//
// Pure. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"

namespace vouch {

// Numbers are the schema's, here and below.
enum class DnstapType : std::uint8_t {
  resolver_query = 3,
  resolver_response = 4,
  client_query = 5,
  client_response = 6,
  forwarder_query = 7,
  forwarder_response = 8,
};
enum class DnstapProtocol : std::uint8_t { udp = 1, tcp = 2, dot = 3, doh = 4, doq = 7 };
enum class DnstapHttp : std::uint8_t { none = 0, http2 = 2, http3 = 3 };

struct DnstapMessage {
  using Moment = std::chrono::system_clock::time_point;

  DnstapType type = DnstapType::client_query;
  DnstapProtocol protocol = DnstapProtocol::udp;
  DnstapHttp http = DnstapHttp::none;
  std::optional<IpAddress> query_address;  // who asked; of the same family as response_address
  std::uint16_t query_port = 0;            // 0: not told
  SocketAddress response_address;          // who was asked
  Moment query_time{};
  std::optional<Moment> response_time;  // of responses
  Bytes dns;                            // the query, or with a response_time the response: at most 65,535 octets
};

class DnstapEncoder {
 public:
  // Of the server, in every message; each at most kMaxName octets, what is beyond is cut off.
  DnstapEncoder(std::string_view identity, std::string_view version);
  static constexpr std::size_t kMaxName = 255;

  // Valid until the next call.
  Bytes encode(const DnstapMessage& message);

 private:
  const Buffer names_;  // the fields that are the same in every message
  Buffer fields_;       // of the inner message, all but the DNS message
  Buffer whole_;
};

}  // namespace vouch
