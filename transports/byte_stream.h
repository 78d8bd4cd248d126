// One connection's octets, both ways, whatever lies beneath: TCP, or TLS on TCP. Never blocks. What was given to it and
// the kernel has not taken yet waits inside; unsent() says how much, and whoever gives must watch it.
//
// Owner: one session or one connection to a server. One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "resolver/base/bytes.h"

namespace vouch {

class ByteStream {
 public:
  enum class Status : std::uint8_t {
    open,    // octets came, or none were there
    ended,   // the peer will send no more; it may still read
    gone,    // reset
    failed,  // against the rules of the layer beneath: what is unsent() may be an alert for the peer
  };
  struct Read {
    Status status = Status::open;
    std::size_t octets = 0;      // 0 with `open`: nothing is there now, wait for the descriptor
    bool may_have_more = false;  // decrypted octets may wait inside, of which the descriptor does not tell
  };
  virtual ~ByteStream() = default;

  virtual int fd() const noexcept = 0;
  virtual void close() noexcept = 0;  // gives the descriptor back at once; nothing else may be called afterwards
  // Also carries a handshake forward, whose octets then wait to be flushed.
  virtual Read read(MutableBytes into) = 0;
  virtual bool is_established() const noexcept = 0;  // a handshake is over, or there is none
  virtual bool was_resumed() const noexcept = 0;     // by a ticket; false while that is not known
  // After a read() that gave nothing: part of a record of the layer beneath has come, and its rest has not.
  virtual bool is_mid_record() const noexcept { return false; }
  virtual bool put(
      Bytes octets) = 0;  // to be sent by the next flush(); over TLS in records of their own. False: broken
  virtual std::optional<std::size_t> flush() = 0;  // octets the kernel took now; nothing: the connection is broken
  // put() and flush() in one, without a copy where that can be.
  virtual std::optional<std::size_t> send(Bytes octets) = 0;
  virtual std::size_t unsent() const noexcept = 0;
  virtual void say_goodbye() noexcept = 0;  // what the layer beneath says before an orderly close; the caller flushes
};

}  // namespace vouch
