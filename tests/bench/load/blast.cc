#include "tests/bench/load/blast.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "tests/bench/load/lane.h"
#include "tests/bench/load/loopback.h"
#include "tests/bench/load/process_cpu.h"

namespace vouch::load {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kReceiveBuffer = 4 << 20;  // octets: the load itself must never be the one that loses replies
constexpr int kIdlePoll = 1;             // milliseconds to sleep when nothing came: expiring needs no better

std::expected<Lane, std::string> open_lane(const sockaddr_in& server, std::size_t window) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) { return std::unexpected(std::string("cannot open a socket: ") + std::strerror(errno)); }
  Lane lane(descriptor, window);
  const int size = kReceiveBuffer;
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);  // not root: as much as the system allows
  }
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
    return std::unexpected(std::string("cannot connect: ") + std::strerror(errno));
  }
  return lane;
}

std::expected<std::vector<Lane>, std::string> open_lanes(const BlastOptions& options) {
  const auto server = loopback(options.address, options.port);
  if (!server) { return std::unexpected(server.error()); }
  const std::size_t number = std::min(options.sockets, options.window);
  std::vector<Lane> lanes;
  for (std::size_t i = 0; i < number; ++i) {
    const std::size_t share = options.window / number + (i < options.window % number ? 1 : 0);
    auto lane = open_lane(*server, share);
    if (!lane) { return std::unexpected(lane.error()); }
    lanes.push_back(std::move(*lane));
  }
  return lanes;
}

void wait_for_replies(const std::vector<Lane>& lanes) {
  std::vector<pollfd> descriptors;
  for (const Lane& lane : lanes) { descriptors.push_back({lane.descriptor(), POLLIN, 0}); }
  poll(descriptors.data(), descriptors.size(), kIdlePoll);
}

// One turn over all sockets; returns how many datagrams came.
std::expected<std::size_t, std::string> turn(std::vector<Lane>& lanes, const QueryList& queries,
                                             const BlastOptions& options, std::uint32_t now, BlastResult& result) {
  std::size_t came = 0;
  for (Lane& lane : lanes) {
    const std::uint64_t left = options.count == 0 ? UINT64_MAX : options.count - result.sent;
    const auto sent = lane.send(queries, result.sent, left, now);
    if (!sent) { return std::unexpected(sent.error()); }
    result.sent += *sent;
    const auto got = lane.receive(queries, result);
    if (!got) { return std::unexpected(got.error()); }
    came += *got;
    result.lost += lane.expire(now, static_cast<std::uint32_t>(options.timeout.count()));
  }
  return came;
}

std::size_t waiting_on(const std::vector<Lane>& lanes) {
  std::size_t sum = 0;
  for (const Lane& lane : lanes) { sum += lane.waiting(); }
  return sum;
}

}  // namespace

std::expected<BlastResult, std::string> blast(const QueryList& queries, const BlastOptions& options) {
  auto lanes = open_lanes(options);
  if (!lanes) { return std::unexpected(lanes.error()); }
  BlastResult result;
  const auto cpu_before = options.server ? cpu_time_of(*options.server) : std::nullopt;
  if (options.server && !cpu_before) {
    return std::unexpected("there is no process " + std::to_string(*options.server) + " to measure");
  }
  const Clock::time_point start = Clock::now();
  for (;;) {
    const auto elapsed = Clock::now() - start;
    const bool all_sent = options.count != 0 && result.sent == options.count;
    if (elapsed >= options.duration || (all_sent && waiting_on(*lanes) == 0)) { break; }
    const auto now = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
    const auto came = turn(*lanes, queries, options, now, result);
    if (!came) {
      return std::unexpected(came.error() + "; " + std::to_string(result.answered) + " answers had come from " +
                             options.address + " port " + std::to_string(options.port));
    }
    if (*came == 0) { wait_for_replies(*lanes); }
  }
  result.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  result.unfinished = waiting_on(*lanes);
  if (cpu_before) {
    const auto cpu_after = cpu_time_of(*options.server);
    if (!cpu_after) {
      return std::unexpected("the server (process " + std::to_string(*options.server) + ") has ended");
    }
    result.server_cpu = *cpu_after - *cpu_before;
  }
  return result;
}

}  // namespace vouch::load
