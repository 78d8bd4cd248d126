// The server's side of one HTTP/2 connection (RFC 9113), over nghttp2: octets in, requests out; responses in, octets
// out. Knows no socket, no clock and nothing of DNS but how large a request may be.
//
//   connection->receive(octets, now);
//   while (const auto* request = connection->request()) {
//     connection->respond(request->stream, head, body);  // now or at any time later
//     connection->drop_request();
//   }
//   for (Bytes record; !(record = connection->next_record(room)).empty();) { send(record); }  // as one TLS record
//
// A response ends the record it is in: dnsperf, among others, takes no more than one answer from each.
//
// Limits, all per connection, and together below 1 MiB whatever the client does: kMaxStreams open; kMaxHttpFields and
// one body of kMaxHttpBody per request; kMaxBodies for all bodies, which the connection's window enforces; kMaxLibrary
// for nghttp2 and the header fields it holds; what waits in responses is the caller's to bound (unsent()). What frames
// may cost is FrameMeter's. A client that goes beyond is told to calm down (GOAWAY) and nothing of it is heard any
// more.
//
// Owner: one session. One thread. It calls nobody back.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "transports/http/doh_request.h"
#include "transports/http/doh_response.h"
#include "transports/http/frame_meter.h"
#include "transports/http/library_memory.h"
#include "transports/linked_list.h"

struct nghttp2_rcbuf;
struct nghttp2_session;

namespace vouch {

struct Http2Library;  // what nghttp2 calls

class Http2Connection {
 public:
  using StreamId = std::uint32_t;

  static constexpr std::uint32_t kMaxStreams = 100;
  // A stream may send the largest body and one frame more, so that we see that it is too large.
  static constexpr std::size_t kStreamWindow = kMaxHttpBody + 16 * 1024;
  // Up to half of it waits to be given back: room for two of the largest at a time, or a hundred of 1.2 KiB.
  static constexpr std::size_t kMaxBodies = 256 * 1024;
  static constexpr std::size_t kMaxLibrary = 512 * 1024;  // a hundred streams with the longest target each, twice
  // Decoded, counted as kMaxHttpFields is. Between the two a request gets its status; beyond it is an HPACK bomb.
  static constexpr std::size_t kMaxDecodedFields = 80 * 1024;
  // Of the fields that we look at, the target aside; longer ones are as if absent, for none of their values is known.
  static constexpr std::size_t kMaxFieldValue = 256;
  static constexpr std::size_t kHpackTable = 4096;   // the default of RFC 9113; ours and, at most, the client's
  static constexpr std::size_t kRecord = 16 * 1024;  // the contents of a TLS record
  static constexpr std::size_t kRecordRoom = 2 * kRecord + 32;  // it is full once a frame, of 16 KiB at most, fills it

  enum class State : std::uint8_t {
    open,
    not_http2,  // it did not begin as HTTP/2 does: answer in words that it knows, and close
    broken,     // against the protocol, or gone beyond a limit that leaves nothing to say
    abused,     // gone beyond a limit; a GOAWAY waits to be sent
  };
  struct Request : HttpRequest {
    StreamId stream = 0;
  };

  static std::unique_ptr<Http2Connection> create(Instant now);  // null: no memory
  ~Http2Connection();
  Http2Connection(const Http2Connection&) = delete;
  Http2Connection& operator=(const Http2Connection&) = delete;

  State receive(Bytes octets, Instant now);
  State state() const noexcept { return state_; }

  // The oldest request that is whole and not dropped; null: there is none, or state() is not open. Stays as it is until
  // drop_request().
  const Request* request() const noexcept;
  void drop_request() noexcept;
  // Takes copies; leaves the body out for HEAD. Does nothing when the stream has been reset, or has its answer already.
  void respond(StreamId stream, const ResponseHead& head, Bytes body);
  void give_up(StreamId stream);  // it gets no answer: resets it
  void say_goodbye();             // GOAWAY; streams still open are given up

  // What to send next, in `room`, which holds at least kRecordRoom octets; empty: nothing now.
  Bytes next_record(MutableBytes room);
  bool has_record() const noexcept;
  std::size_t unsent() const noexcept { return unsent_; }  // octets of responses' bodies not in a record yet
  // Of these, some wait for the client to open a window.
  bool is_held_up() const noexcept { return unsent_ != 0 && !has_record(); }
  // The client owes the rest of something: of the preface, a frame or a request.
  bool is_mid_request() const noexcept;
  StreamId oldest_incomplete() const noexcept;  // of the requests; 0: none
  bool is_over() const noexcept;                // nothing will be read or sent any more
  std::size_t library_octets() const noexcept { return library_memory_.octets(); }

 private:
  friend struct Http2Library;
  struct Stream;
  struct Whole;  // the list of whole requests
  struct All;    // the list of streams

  explicit Http2Connection(Instant now);
  bool begin();
  bool open(std::int32_t id, nghttp2_session* session);
  bool feed(Bytes octets);
  std::size_t pass_preface(Bytes octets) noexcept;
  void calm_down();
  Stream* stream_of(StreamId id) const noexcept;
  void complete(Stream& stream);
  void release_request(Stream& stream) noexcept;
  void close(Stream& stream) noexcept;

  LibraryMemory library_memory_{kMaxLibrary};  // before the session, which lies in it to its end
  nghttp2_session* session_ = nullptr;
  FrameMeter meter_;
  LinkedList<Stream, All> streams_;
  LinkedList<Stream, Whole> whole_;
  std::vector<std::unique_ptr<Stream>> spare_;
  std::size_t preface_seen_ = 0;
  std::size_t incomplete_ = 0;  // streams whose requests are not whole
  std::size_t unsent_ = 0;
  Instant now_;  // of what was received last, which is what resets are sent for
  State state_ = State::open;
  bool is_bomb_ = false;
};

}  // namespace vouch
