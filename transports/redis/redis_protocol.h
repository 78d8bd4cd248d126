// The words that are spoken with a Redis or Valkey server (RESP2), by hiredis: commands written, replies read. No
// socket: octets in, octets out.
//
// Of hiredis the reader alone is used, with objects of our own, so that a hostile server makes it allocate nothing but
// the octets that it sent: arrays, which no command of ours is answered by, end the reading.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "resolver/base/bytes.h"

struct redisReader;

namespace vouch {

// Appends a command to what will be sent: its name and arguments, whatever octets they have. False: no memory.
bool append_command(Buffer& to, std::span<const Bytes> words);
inline bool append_command(Buffer& to, std::initializer_list<Bytes> words) {
  return append_command(to, std::span(words.begin(), words.size()));
}

struct RedisReply {
  enum class Kind : std::uint8_t { status, error, integer, octets, nil };
  Kind kind = Kind::nil;
  Buffer octets = {};  // of a status, an error or octets
};

class RedisReplies {
 public:
  // `most`: octets of a reply. What begins to be longer is a fault.
  explicit RedisReplies(std::size_t most);
  ~RedisReplies();
  RedisReplies(const RedisReplies&) = delete;
  RedisReplies& operator=(const RedisReplies&) = delete;

  enum class Step : std::uint8_t {
    reply,   // `into` is the next
    more,    // octets are needed
    faulty,  // this is not the protocol, or more than may come: nothing can be read from here on
  };
  void feed(Bytes octets);  // a read's worth, then next() until it wants more
  Step next(RedisReply& into);
  void begin_anew();                     // for another connection
  std::size_t waiting() const noexcept;  // octets fed and not read yet

 private:
  struct Objects;  // what hiredis makes of a reply
  RedisReplies* plain(RedisReply::Kind kind) noexcept;

  const std::size_t most_;
  redisReader* reader_ = nullptr;
  RedisReply found_;
  bool is_faulty_ = false;
};

}  // namespace vouch
