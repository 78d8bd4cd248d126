// udpecho: the floor of any DNS server over kernel sockets. It does the system calls of a batching server and no DNS at
// all.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "tests/bench/load/arguments.h"

namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kRoom = 4096;  // for a query and for the reply made of it
constexpr int kSocketBuffer = 8 << 20;
constexpr std::uint64_t kMaxSeconds = 3600;

constexpr const char* kHelp =
    R"(usage: udpecho [--port N] [--reply-size N] [--count N] [--seconds N]

Sends every datagram on 127.0.0.1 back to its sender with the QR bit set, a batch for a batch. Prints `ready PORT` first.

  --port N        the port to listen on (default: a free one)
  --reply-size N  pad each reply with zero octets to N, so that replies have the size of a real server's (default 0: as they are)
  --count N       end after N replies or a few more, a batch being sent whole (default: none)
  --seconds N     end after N seconds at the latest, 1 to 3600 (default 600)
)";

int failed(const char* what) {
  std::fprintf(stderr, "udpecho: %s: %s\n", what, std::strerror(errno));
  return 1;
}

// A socket on 127.0.0.1, or -1.
int open_socket(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) { return -1; }
  const int size = kSocketBuffer;
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);  // not root: as much as the system allows
  }
  if (setsockopt(descriptor, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) != 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  }
  const timeval patience{.tv_sec = 0, .tv_usec = 200'000};  // how late the end may be noticed when nothing comes
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) { return descriptor; }
  const int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

int port_of(int descriptor) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

class Echo {
 public:
  Echo(int descriptor, std::size_t reply_size) : descriptor_(descriptor), reply_size_(reply_size) {}

  // One batch in, the same batch out; returns how many, 0 when none came, negative when the socket failed.
  int turn() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      pieces_[i] = {room_[i].data(), kRoom};
      messages_[i].msg_hdr = {};
      messages_[i].msg_hdr.msg_name = &clients_[i];
      messages_[i].msg_hdr.msg_namelen = sizeof clients_[i];
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
    const int came = recvmmsg(descriptor_, messages_.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (came < 0) { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1; }
    for (std::size_t i = 0; i < static_cast<std::size_t>(came); ++i) { make_reply(i); }
    for (int sent = 0; sent < came;) {
      const int taken = sendmmsg(descriptor_, messages_.data() + sent, static_cast<unsigned>(came - sent), 0);
      sent += taken > 0 ? taken : 1;  // one that cannot be sent is skipped, as a server would
    }
    return came;
  }

 private:
  void make_reply(std::size_t i) {
    const std::size_t size = messages_[i].msg_len;
    if (size > 2) { room_[i][2] |= 0x80; }
    if (size < reply_size_) { std::memset(room_[i].data() + size, 0, reply_size_ - size); }
    pieces_[i].iov_len = size < reply_size_ ? reply_size_ : size;
  }

  int descriptor_;
  std::size_t reply_size_;
  std::array<std::array<std::uint8_t, kRoom>, kBatch> room_{};
  std::array<sockaddr_in, kBatch> clients_{};
  std::array<iovec, kBatch> pieces_{};
  std::array<mmsghdr, kBatch> messages_{};
};

}  // namespace

int main(int argc, char** argv) {
  vouch::load::Arguments arguments(argc, argv);
  if (arguments.flag("--help")) {
    std::fputs(kHelp, stdout);
    return 0;
  }
  const auto port = static_cast<std::uint16_t>(arguments.number("--port", 0, 1, 65535));
  const auto reply_size = static_cast<std::size_t>(arguments.number("--reply-size", 0, 0, kRoom));
  const std::uint64_t count = arguments.number("--count", UINT64_MAX, 1, UINT64_MAX);
  const std::chrono::seconds duration(arguments.number("--seconds", 600, 1, kMaxSeconds));
  if (const std::string complaint = arguments.complaint(); !complaint.empty()) {
    std::fprintf(stderr, "udpecho: %s (see udpecho --help)\n", complaint.c_str());
    return 2;
  }
  const int descriptor = open_socket(port);
  if (descriptor < 0) { return failed("cannot listen on 127.0.0.1"); }
  std::printf("ready %d\n", port_of(descriptor));
  std::fflush(stdout);

  static Echo echo(descriptor, reply_size);  // too large for some stacks
  const auto end = std::chrono::steady_clock::now() + duration;
  for (std::uint64_t replies = 0; replies < count && std::chrono::steady_clock::now() < end;) {
    const int sent = echo.turn();
    if (sent < 0) { return failed("recvmmsg"); }
    replies += static_cast<std::uint64_t>(sent);
  }
  close(descriptor);
  return 0;
}
