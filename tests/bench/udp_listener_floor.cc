// The listener's own price: every datagram is answered at once with itself, the QR bit set, and so many zero octets
// behind it that it has an answer's size. What a resolver adds to this is its own.
//   udp_listener_floor ADDRESS@PORT [EXTRA_OCTETS]     ends on SIGTERM
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "transports/udp_listener.h"

namespace {

class Echo final : public vouch::QuerySink {
 public:
  explicit Echo(std::size_t extra) : extra_(extra) {}
  bool admits(const vouch::IpAddress&) const override { return true; }
  std::size_t answer(const vouch::ClientQuery& query, vouch::ReplyRoom& room) override {
    const std::size_t octets = query.packet.size() + extra_;
    const vouch::MutableBytes out = room.buffer();
    if (query.packet.size() < 12 || octets > out.size()) { return 0; }
    std::copy(query.packet.begin(), query.packet.end(), out.begin());
    out[2] |= 0x80;
    return octets;
  }

 private:
  std::size_t extra_;
};

}  // namespace

int main(int count, char** words) {
  const auto address = count > 1 ? vouch::SocketAddress::parse(words[1], 53) : std::nullopt;
  std::size_t extra = 0;
  if (count > 2) { std::from_chars(words[2], words[2] + std::strlen(words[2]), extra); }
  const auto loop = vouch::EventLoop::create();
  if (!address || loop == nullptr) {
    std::fputs("usage: udp_listener_floor ADDRESS@PORT [EXTRA_OCTETS]\n", stderr);
    return 2;
  }
  Echo echo(extra);
  vouch::TransportCounters counters;
  const auto listener = vouch::UdpListener::open(*loop, *address, {}, echo, counters);
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().c_str());
    return 1;
  }
  loop->run();
  return 0;
}
