// Fetches a zone once, as vouchd does, for tests with real primaries: prints what came of it in one line.
//
//   zone_fetch ADDRESS@PORT ZONE [ALGORITHM:KEY:SECRET]   exit status 0: it came
#include <cstdio>
#include <string>
#include <vector>

#include "resolver/zones/transfer.h"
#include "transports/message_dialer.h"

namespace vouch {
namespace {

TsigKeyPtr key_from(const std::string& text) {
  const std::size_t first = text.find(':'), second = text.find(':', first + 1);
  const auto algorithm = parse_tsig_algorithm(text.substr(0, first));
  const auto name = Name::parse(text.substr(first + 1, second - first - 1));
  const auto secret = parse_tsig_secret(text.substr(second + 1));
  if (!algorithm || !name || !secret) { return nullptr; }
  return std::make_shared<TsigKey>(TsigKey{*name, *algorithm, *secret});
}

int fetch(const std::vector<std::string>& said) {
  const auto server = SocketAddress::parse(said[0], 53);
  const auto zone = Name::parse(said[1]);
  const auto loop = EventLoop::create();
  if (!server || !zone || loop == nullptr) { return 2; }
  TransferOrder order;
  order.zone = *zone;
  order.primary.address = *server;
  if (said.size() > 2) {
    order.primary.key = key_from(said[2]);
    if (order.primary.key == nullptr) { return 2; }
  }
  SystemRandom random;
  const SystemClock clock(TtlClock::monotonic);
  MessageDialer dialer(*loop, OutgoingOptions(), random);
  int status = 1;
  const auto run = [&]() -> Task<void> {
    const TransferResult result = co_await transfer(order, {dialer, clock, random});
    if (result) {
      std::printf("serial %u records %zu messages %zu octets %zu left_out %zu\n", result->zone->serial(),
                  result->zone->size(), result->messages, result->octets, result->foreign);
    } else {
      std::printf("%s: %s\n", std::string(transfer_fault_id(result.error().fault)).c_str(),
                  result.error().text.c_str());
    }
    status = result ? 0 : 1;
    loop->stop();
  };
  Task<void> task = run();
  task.start();
  if (!task.done()) { loop->run(); }
  return status;
}

}  // namespace
}  // namespace vouch

int main(int count, char** words) {
  const std::vector<std::string> said(words + 1, words + count);
  if (said.size() < 2) {
    std::fprintf(stderr, "zone_fetch: see the head of zone_fetch.cc\n");
    return 2;
  }
  return vouch::fetch(said);
}
