#include "transports/plain_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace vouch {

namespace {
// A peer that was slow once keeps no buffer for it.
constexpr std::size_t kKeptOutput = 4096;
}  // namespace

ByteStream::Read PlainStream::read(MutableBytes into) {
  const ssize_t got = recv(socket_.fd(), into.data(), into.size(), MSG_DONTWAIT);
  if (got > 0) { return {.octets = static_cast<std::size_t>(got)}; }
  if (got == 0) { return {.status = Status::ended}; }
  return {.status = errno == EAGAIN || errno == EINTR ? Status::open : Status::gone};
}

bool PlainStream::put(Bytes octets) {
  output_.insert(output_.end(), octets.begin(), octets.end());
  return true;
}

std::optional<std::size_t> PlainStream::send(Bytes octets) {
  if (output_.empty() && octets.empty()) { return 0; }
  iovec parts[] = {{.iov_base = output_.data(), .iov_len = output_.size()},
                   {.iov_base = const_cast<Octet*>(octets.data()), .iov_len = octets.size()}};
  const msghdr header{.msg_name = nullptr,
                      .msg_namelen = 0,
                      .msg_iov = parts,
                      .msg_iovlen = 2,
                      .msg_control = nullptr,
                      .msg_controllen = 0,
                      .msg_flags = 0};
  const ssize_t result = sendmsg(socket_.fd(), &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (result < 0 && errno != EAGAIN && errno != EINTR) { return std::nullopt; }
  const std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
  const std::size_t old = std::min(sent, output_.size());
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(old));
  const Bytes kept = octets.subspan(sent - old);
  output_.insert(output_.end(), kept.begin(), kept.end());
  if (output_.empty() && output_.capacity() > kKeptOutput) { output_ = Buffer(); }
  return sent;
}

}  // namespace vouch
