// Seam: what a transport hands in and how the answer comes back. A transport knows nothing of DNS beyond its framing.
#pragma once

#include <cstdint>
#include <memory>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"

namespace vouch {

// In order: what stands after tcp is encrypted.
enum class ClientProtocol : std::uint8_t { udp, tcp, tls, https, quic, http3 };

struct ClientQuery {
  Bytes packet;  // valid during the call only
  SocketAddress client;
  SocketAddress local;  // the address that was asked
  ClientProtocol protocol = ClientProtocol::udp;
  bool is_backlogged = false;  // more has come than its listener keeps up with
};

// Takes the answer of a query that could not be answered at once. Called at most once, on the worker's thread;
// destroyed without a call when there is nothing to say. A transport whose client has gone makes `send` do nothing.
class ReplyHandle {
 public:
  virtual ~ReplyHandle() = default;
  virtual void send(Bytes message) = 0;
};

// How a transport offers room for an answer that is ready at once, and a handle for one that is not.
class ReplyRoom {
 public:
  virtual ~ReplyRoom() = default;
  virtual MutableBytes buffer() = 0;                // at least 65,535 octets, or for UDP at least 4,096
  virtual std::unique_ptr<ReplyHandle> keep() = 0;  // null when the transport can hold no more: the query is dropped
};

class QuerySink {
 public:
  virtual ~QuerySink() = default;
  // The number of octets written to room.buffer(), or 0: dropped, or an answer will come through the handle kept.
  virtual std::size_t answer(const ClientQuery& query, ReplyRoom& room) = 0;
  // These octets will be handed in, in a moment: time to fetch what they will be looked up in. Only a hint.
  virtual void expect(Bytes packet) const noexcept { static_cast<void>(packet); }
  // Whether clients at this address are served at all. answer() keeps to it by itself; an encrypted transport asks
  // before a handshake that costs a hundred times what an answer does.
  virtual bool admits(const IpAddress& client) const = 0;
};

}  // namespace vouch
