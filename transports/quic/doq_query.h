// What arrives on one stream of DNS over QUIC (RFC 9250 section 4.2): a length in two octets, one query, and the end of
// the stream. Pure; fed with octets in order, as they come.
#pragma once

#include <cstdint>

#include "resolver/base/bytes.h"

namespace vouch {

class DoqQuery {
 public:
  static constexpr std::size_t kPrefix = 2;
  static constexpr std::size_t kMaxMessage = 65535;
  static constexpr std::size_t kLeastMessage = 12;  // a DNS header

  enum class State : std::uint8_t {
    incomplete,
    complete,   // message() is the query, and the client will send no more on this stream
    violation,  // against RFC 9250 section 4.3.3: more or less than one message, or not an id of zero
  };
  // `is_last`: the client has ended the stream with these octets. Memory follows the octets that came, not the length
  // that was announced. Nothing may follow `violation`.
  State take(Bytes fresh, bool is_last);
  State state() const noexcept { return state_; }
  Bytes message() const noexcept { return Bytes(octets_).subspan(kPrefix); }
  std::size_t size() const noexcept { return octets_.size(); }  // octets held
  void forget() noexcept { octets_ = Buffer(); }                // once it has been answered

 private:
  State judge(bool is_last) const noexcept;
  Buffer octets_;
  State state_ = State::incomplete;
};

}  // namespace vouch
