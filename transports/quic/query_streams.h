// All streams of one connection, by the rules of what it speaks: DNS over QUIC or HTTP/3.
//
// The functions of the first group are called from within ngtcp2, which must not be asked to write then: they take note
// and answer nothing. serve() comes after, outside of ngtcp2, and asks the sink. Limits: as many streams as the
// connection allows the client; queries wait in arrived_ while too much of their answers is unread.
#pragma once

#include <ngtcp2/ngtcp2.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "transports/quic/query_stream.h"

namespace vouch {

class QuicConnection;

class QueryStreams {
 public:
  explicit QueryStreams(QuicConnection& connection) noexcept : connection_(connection) {}
  virtual ~QueryStreams() = default;

  // From within ngtcp2. `stream` is what set_stream() gave, or null. False: no memory.
  virtual bool begin() { return true; }  // the keys for answers are there
  virtual bool opened(std::int64_t id) = 0;
  virtual bool received(std::int64_t id, QueryStream* stream, Bytes octets, bool is_last, bool is_early) = 0;
  virtual bool acknowledged(std::int64_t id, std::uint64_t octets) = 0;
  virtual bool reset_by_client(std::int64_t id, QueryStream* stream) = 0;  // it will send no more: RESET_STREAM
  virtual bool closed(std::int64_t id, QueryStream* stream, std::uint64_t code) = 0;
  virtual bool may_send_more(std::int64_t id, QueryStream* stream) = 0;

  // Outside of ngtcp2.
  void serve();
  virtual void end_streams() = 0;  // carries out what was decided while ngtcp2 was not to be disturbed

  // What to send next, as ngtcp2 wants it; then exactly one of the three below for it.
  struct Output {
    std::int64_t id = -1;  // none: nothing to send
    bool is_last = false;
    std::span<const ngtcp2_vec> octets;
  };
  virtual Output next_output() = 0;
  virtual void sent(const Output& output, std::size_t octets) = 0;
  virtual void blocked(const Output& output) = 0;   // the client gives no more credit for now
  virtual void unwanted(const Output& output) = 0;  // the stream takes no more at all

  virtual std::uint64_t no_error() const noexcept = 0;
  virtual std::uint64_t excessive_load() const noexcept = 0;

  std::size_t open() const noexcept { return open_; }
  // Streams are open, and nothing is left to do for any of them: the client has yet to acknowledge it.
  bool waits_for_client_alone() const noexcept {
    return open_ != 0 && incomplete_.empty() && arrived_.empty() && waiting_.empty();
  }
  // The oldest stream whose query is not whole yet; -1: none.
  std::int64_t oldest_incomplete() const noexcept {
    const QueryStream* const oldest = incomplete_.front();
    return oldest != nullptr ? oldest->id() : -1;
  }

 protected:
  virtual void serve_one(QueryStream& stream) = 0;
  // Whether this query may be answered although it may be another's repetition (RFC 9250 section 4.5): early data,
  // before the handshake is over.
  virtual bool may_be_replayed(const QueryStream& stream) const = 0;

  QuicConnection& connection_;
  std::size_t open_ = 0;
  LinkedList<QueryStream, IncompleteQueries> incomplete_;
  LinkedList<QueryStream, ArrivedQueries> arrived_;
  LinkedList<QueryStream, WaitingQueries> waiting_;  // being resolved: their handles are out
};

}  // namespace vouch
