// A stream of DNS over QUIC: however its octets are cut into pieces, the verdict is the one that RFC 9250 section 4.2
// gives on the whole, and no more is held than has come.
#include <algorithm>

#include "tests/fuzz/fuzz_input.h"
#include "transports/quic/doq_query.h"

namespace vouch {
namespace {

// The rules, read off a stream that has ended.
bool is_one_query(Bytes stream) {
  if (stream.size() < DoqQuery::kPrefix) { return false; }
  const std::size_t announced = load16(stream.data());
  return announced >= DoqQuery::kLeastMessage && announced == stream.size() - DoqQuery::kPrefix &&
         load16(stream.data() + DoqQuery::kPrefix) == 0;
}

void take_in_pieces(Bytes cuts, Bytes stream) {
  DoqQuery query;
  std::size_t fed = 0;
  std::size_t cut = 0;
  const auto feed = [&](std::size_t count, bool is_last) {
    const auto state = query.take(stream.subspan(fed, count), is_last);
    fed += count;
    must(query.size() <= fed, "no more is held than has come");
    must(state == query.state(), "the state is the verdict");
    return state;
  };
  DoqQuery::State state = DoqQuery::State::incomplete;
  while (cut < cuts.size() && fed < stream.size() && state == DoqQuery::State::incomplete) {
    state = feed(std::min<std::size_t>(cuts[cut], stream.size() - fed), false);
    ++cut;
    must(state != DoqQuery::State::complete, "not complete before its end");
  }
  if (state == DoqQuery::State::violation) {
    must(!is_one_query(stream), "what is right is not refused");
    return;
  }
  state = feed(stream.size() - fed, true);
  must(state != DoqQuery::State::incomplete, "an ended stream has a verdict");
  must((state == DoqQuery::State::complete) == is_one_query(stream), "the verdict is right");
  if (state != DoqQuery::State::complete) { return; }
  must(std::ranges::equal(query.message(), stream.subspan(DoqQuery::kPrefix)), "the query as it was sent");
  must(query.take({}, true) == DoqQuery::State::complete, "an end repeated says nothing new");
  must(query.take(stream.first(1), false) == DoqQuery::State::violation, "nothing follows the end");
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  const Bytes cuts = input.octets(input.octet());
  const Bytes rest = input.rest();
  take_in_pieces(cuts, rest);
  // The same octets as one message with a length that fits.
  Buffer framed(DoqQuery::kPrefix + std::min(rest.size(), DoqQuery::kMaxMessage));
  store16(framed.data(), u16(framed.size() - DoqQuery::kPrefix));
  std::copy_n(rest.begin(), framed.size() - DoqQuery::kPrefix, framed.begin() + DoqQuery::kPrefix);
  take_in_pieces(cuts, framed);
  return 0;
}
