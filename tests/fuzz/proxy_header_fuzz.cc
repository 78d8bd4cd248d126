// PROXY headers: a connection's octets in pieces and a datagram's at once are judged alike, and no octet is taken that
// belongs to what follows.
#include "transports/proxy_header.h"

#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

struct Heard {
  bool is_whole = false;
  std::size_t taken = 0;
  std::optional<ProxiedEnds> ends;
};

Heard hear(Bytes stream, FuzzInput& sizes) {
  ProxyHeaderReader reader;
  Heard heard;
  while (reader.wanted() > 0 && heard.taken < stream.size()) {
    must(reader.wanted() <= kMaxProxyHeader, "no more is wanted than a header may take");
    const std::size_t most = std::min(reader.wanted(), stream.size() - heard.taken);
    const Bytes piece = stream.subspan(heard.taken, 1 + sizes.below(most));
    const Buffer exact(piece.begin(), piece.end());  // so that a read beyond the end is seen
    heard.taken += exact.size();
    if (!reader.add(exact)) { return heard; }
  }
  heard.is_whole = reader.wanted() == 0;
  heard.ends = reader.ends();
  return heard;
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  FuzzInput sizes(input.octets(16));
  const Bytes rest = input.rest();
  const Buffer stream(rest.begin(), rest.end());
  const auto parsed = parse_proxy_header(stream);
  const Heard heard = hear(stream, sizes);
  must(heard.is_whole == parsed.has_value(), "a stream and a datagram are judged alike");
  if (!parsed) { return 0; }
  must(heard.taken == parsed->size && parsed->size <= stream.size(), "the header's size");
  must(heard.ends.has_value() == parsed->ends.has_value(), "ends or none");
  if (parsed->ends) {
    must(heard.ends->client == parsed->ends->client && heard.ends->local == parsed->ends->local, "the same ends");
  }
  return 0;
}
