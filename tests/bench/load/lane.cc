#include "tests/bench/load/lane.h"

#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace vouch::load {

namespace {

constexpr std::size_t kBatch = 32;  // datagrams for each system call: more gains little and makes the load bursty
constexpr std::size_t kIds = 65536;
constexpr std::size_t kMaxReply = 4096;  // we announce 1232; whoever sends more is cut off and counted all the same
constexpr std::size_t kHeaderSize = 12;
constexpr std::uint32_t kNobody = UINT32_MAX;

std::unexpected<std::string> failure(const char* call) {
  if (errno == ECONNREFUSED) {
    return std::unexpected<std::string>("nobody listens there (any more): the port is closed");
  }
  return std::unexpected(std::string(call) + ": " + std::strerror(errno));
}

bool is_passing(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR || error == ENOBUFS; }

}  // namespace

Lane::Lane(int descriptor, std::size_t window)
    : descriptor_(descriptor), window_(window), slots_(kIds, Slot{kNobody, 0}) {}

Lane::~Lane() {
  if (descriptor_ >= 0) { close(descriptor_); }
}

Lane::Lane(Lane&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      window_(other.window_),
      waiting_(other.waiting_),
      oldest_(other.oldest_),
      next_(other.next_),
      slots_(std::move(other.slots_)) {}

std::expected<std::size_t, std::string> Lane::send(const QueryList& queries, std::uint64_t next, std::uint64_t left,
                                                   std::uint32_t now) {
  std::array<std::array<std::uint8_t, kMaxQuery>, kBatch> room;
  std::array<iovec, kBatch> pieces;
  std::array<mmsghdr, kBatch> messages{};
  std::size_t sent = 0;
  while (waiting_ < window_ && sent < left) {
    const std::size_t free_ids = kIds - static_cast<std::size_t>(next_ - oldest_);
    const std::size_t wanted = std::min({kBatch, window_ - waiting_, free_ids, static_cast<std::size_t>(left - sent)});
    if (wanted == 0) { break; }
    for (std::size_t i = 0; i < wanted; ++i) {
      const auto query = queries.query((next + sent + i) % queries.size());
      std::copy(query.begin(), query.end(), room[i].begin());
      const auto id = static_cast<std::uint16_t>(next_ + i);
      room[i][0] = static_cast<std::uint8_t>(id >> 8);
      room[i][1] = static_cast<std::uint8_t>(id & 0xff);
      pieces[i] = {room[i].data(), query.size()};
      messages[i].msg_hdr.msg_iov = &pieces[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int taken = sendmmsg(descriptor_, messages.data(), static_cast<unsigned>(wanted), 0);
    if (taken < 0) {
      if (is_passing(errno)) { break; }
      return failure("sendmmsg");
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(taken); ++i) {
      slots_[next_++ % kIds] = {static_cast<std::uint32_t>((next + sent + i) % queries.size()), now};
    }
    sent += static_cast<std::size_t>(taken);
    waiting_ += static_cast<std::size_t>(taken);
    if (static_cast<std::size_t>(taken) < wanted) { break; }
  }
  return sent;
}

std::expected<std::size_t, std::string> Lane::receive(const QueryList& queries, BlastResult& result) {
  std::array<std::array<std::uint8_t, kMaxReply>, kBatch> room;
  std::array<iovec, kBatch> pieces;
  std::array<mmsghdr, kBatch> messages{};
  for (std::size_t i = 0; i < kBatch; ++i) {
    pieces[i] = {room[i].data(), room[i].size()};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int got = recvmmsg(descriptor_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (got < 0) {
    if (is_passing(errno)) { return 0; }
    return failure("recvmmsg");
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
    judge(queries, room[i].data(), messages[i].msg_len, result);
  }
  advance_oldest();
  return static_cast<std::size_t>(got);
}

void Lane::judge(const QueryList& queries, const std::uint8_t* reply, std::size_t size, BlastResult& result) {
  const bool is_response = size >= kHeaderSize && (reply[2] & 0x80) != 0;
  Slot& slot = slots_[is_response ? static_cast<std::size_t>(reply[0] << 8 | reply[1]) : 0];
  if (!is_response || slot.query == kNobody) {
    ++result.strangers;
    return;
  }
  const auto question = queries.question(slot.query);
  const bool has_question = (reply[4] << 8 | reply[5]) == 1;  // FORMERR may come without
  if (has_question && (size < kHeaderSize + question.size() ||
                       std::memcmp(reply + kHeaderSize, question.data(), question.size()) != 0)) {
    ++result.strangers;
    return;
  }
  const std::uint8_t rcode = reply[3] & 0x0f;
  const bool is_truncated = (reply[2] & 0x02) != 0;
  const bool has_answer = (reply[6] << 8 | reply[7]) != 0;
  slot.query = kNobody;
  --waiting_;
  ++result.answered;
  ++result.rcodes[rcode];
  result.octets += size;
  if (is_truncated) { ++result.truncated; }
  if ((reply[3] & 0x20) != 0) { ++result.authentic; }
  if (rcode == 0 && !is_truncated && has_answer) { ++result.positive; }
}

void Lane::advance_oldest() {
  while (oldest_ != next_ && slots_[oldest_ % kIds].query == kNobody) { ++oldest_; }
}

std::size_t Lane::expire(std::uint32_t now, std::uint32_t timeout) {
  std::size_t expired = 0;
  for (advance_oldest(); oldest_ != next_ && now - slots_[oldest_ % kIds].sent_at > timeout; advance_oldest()) {
    slots_[oldest_ % kIds].query = kNobody;
    ++expired;
  }
  waiting_ -= expired;
  return expired;
}

}  // namespace vouch::load
