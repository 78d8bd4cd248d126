// Messages behind their lengths: however a stream is cut into reads, the same messages come out as from the stream as a
// whole; what is held is bounded by what came; and what it says of itself (mid-message, work left) is true.
#include "transports/length_framer.h"

#include <vector>

#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

// The same, read off the whole stream by the definition alone (RFC 1035 section 4.2.2).
struct Truth {
  std::vector<Buffer> messages;
  std::size_t left = 0;  // octets behind the last whole message
};

Truth truth_of(Bytes stream) {
  Truth truth;
  std::size_t at = 0;
  while (stream.size() - at >= 2) {
    const std::size_t length = static_cast<std::size_t>(stream[at]) * 256 + stream[at + 1];
    if (stream.size() - at - 2 < length) { break; }
    const Bytes message = stream.subspan(at + 2, length);
    truth.messages.emplace_back(message.begin(), message.end());
    at += 2 + length;
  }
  truth.left = stream.size() - at;
  return truth;
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  FuzzInput choices(input.octets(64));
  const Bytes rest = input.rest();
  const Truth truth = truth_of(rest);

  LengthFramer framer;
  std::size_t given = 0;
  std::size_t heard = 0;
  std::size_t rounds = 0;
  while (given < rest.size() || framer.has_whole_message()) {
    must(++rounds < 2 * rest.size() + 16, "it comes to an end");
    // As a session does it: nothing fresh while there is work left over, and not more messages than it wants to take.
    const std::size_t piece =
        framer.has_whole_message() ? 0 : std::min(rest.size() - given, 1 + choices.below(1 + rest.size()));
    const Buffer fresh(rest.begin() + static_cast<std::ptrdiff_t>(given),
                       rest.begin() + static_cast<std::ptrdiff_t>(given + piece));
    given += piece;
    framer.add(fresh);
    for (std::size_t wanted = 1 + choices.below(4); wanted > 0; --wanted) {
      const auto message = framer.next();
      if (!message) { break; }
      must(heard < truth.messages.size(), "no message that was not sent");
      must(std::ranges::equal(*message, truth.messages[heard]), "the message that was sent");
      ++heard;
    }
    framer.settle();
    must(!(framer.has_whole_message() && framer.is_mid_message()), "either work or a wait");
  }
  must(heard == truth.messages.size(), "all messages come out");
  must(framer.is_mid_message() == (truth.left != 0), "what is owed is known");
  return 0;
}
