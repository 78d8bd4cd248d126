// Any octets from a Redis server, in pieces of any size: replies come out of it, or it is at fault; no reply is longer
// than may be, nothing is kept beyond one, and in one piece or in many the replies are the same.
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_input.h"
#include "transports/redis/redis_protocol.h"

namespace {

using namespace vouch;

constexpr std::size_t kMost = 256;
constexpr std::size_t kSlack = 64;  // a reply's framing

struct Heard {
  std::vector<std::string> replies;
  bool is_faulty = false;
};

void hear(RedisReplies& replies, Heard& heard) {
  RedisReply reply;
  for (;;) {
    const RedisReplies::Step step = replies.next(reply);
    if (step == RedisReplies::Step::faulty) { heard.is_faulty = true; }
    if (step != RedisReplies::Step::reply) { break; }
    must(reply.octets.size() <= kMost, "a reply longer than may be");
    heard.replies.push_back(std::to_string(static_cast<int>(reply.kind)) + std::string(text_of(reply.octets)));
  }
  must(heard.is_faulty || replies.waiting() <= kMost + kSlack, "more is kept than one reply");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(Bytes(data, size));
  const std::size_t piece = 1 + input.octet() % 64U;
  const Bytes all = input.rest();
  Heard whole, pieces;
  RedisReplies at_once(kMost), bit_by_bit(kMost);
  at_once.feed(all);
  hear(at_once, whole);
  for (std::size_t at = 0; at < all.size() && !pieces.is_faulty; at += piece) {
    bit_by_bit.feed(all.subspan(at, std::min(piece, all.size() - at)));
    hear(bit_by_bit, pieces);
  }
  // Up to a fault: it may be seen earlier where all of what led to it is there.
  const std::size_t common = std::min(whole.replies.size(), pieces.replies.size());
  must(std::equal(whole.replies.begin(), whole.replies.begin() + static_cast<std::ptrdiff_t>(common),
                  pieces.replies.begin()),
       "other replies in pieces");
  must(whole.is_faulty || pieces.is_faulty || whole.replies.size() == pieces.replies.size(), "replies were lost");

  // For another connection nothing is left of this one.
  at_once.begin_anew();
  at_once.feed(bytes_of("+PONG\r\n"));
  RedisReply reply;
  must(at_once.next(reply) == RedisReplies::Step::reply && text_of(reply.octets) == "PONG", "not anew");
  return 0;
}
