#include "vouchctl/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "resolver/daemon/control/control_options.h"

namespace vouch {

namespace {

constexpr int kPatience = 360'000;  // milliseconds: the daemon gives a command up after 30 seconds, a reload after 300
// A line of a daemon that has lost its senses; the longest honest one is a set of 64 KiB as text.
constexpr std::size_t kMaxLine = 16 << 20;

std::string refusal(const std::string& path, int error) {
  const std::string shown = printable(path);
  switch (error) {
    case ENOENT:
      return "there is no socket " + shown +
             ": vouchd is not running, or has its control.socket elsewhere.\n"
             "Start it (systemctl start vouch), or name its socket: vouchctl --socket PATH";
    case ECONNREFUSED:
      return "nobody listens on " + shown +
             ": vouchd has ended without taking it away.\nStart it again (systemctl start vouch)";
    case EACCES:
    case EPERM:
      return shown + " is for root and for the user that vouchd runs as, and you are neither.\nTry: sudo vouchctl ...";
    case EAGAIN:
      return "too many want to speak to vouchd at once; try again";
    default:
      return "cannot connect to " + shown + ": " + std::strerror(error);
  }
}

}  // namespace

std::expected<CtlClient, std::string> CtlClient::connect(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.empty() || socket_path.size() > kMaxSocketPath) {
    return std::unexpected("the path of a socket has 1 to 107 octets");
  }
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  CtlClient client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (client.fd_ < 0) { return std::unexpected(std::string("cannot make a socket: ") + std::strerror(errno)); }
  if (::connect(client.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return std::unexpected(refusal(socket_path, errno));
  }
  return client;
}

CtlClient::CtlClient(CtlClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), read_(std::move(other.read_)), taken_(other.taken_) {}

CtlClient::~CtlClient() {
  if (fd_ >= 0) { ::close(fd_); }
}

bool CtlClient::ask(const Json& request) {
  const std::string line = json_line(request);
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t count = ::send(fd_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { return false; }
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

std::expected<Json, std::string> CtlClient::line(bool is_live) {
  for (std::size_t searched = taken_;;) {
    const std::size_t end = read_.find('\n', searched);
    if (end != std::string::npos) {
      const std::string_view text = std::string_view(read_).substr(taken_, end - taken_);
      Json object = Json::parse(text, nullptr, false);
      taken_ = end + 1;
      if (object.is_discarded() || !object.is_object()) {
        return std::unexpected("vouchd said what is no answer; is another program behind this socket?");
      }
      return object;
    }
    read_.erase(0, std::exchange(taken_, 0));
    searched = read_.size();
    if (read_.size() > kMaxLine) { return std::unexpected("vouchd said a line that never ends"); }
    pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&readable, 1, is_live ? -1 : kPatience);
    if (ready < 0 && errno == EINTR) { continue; }
    if (ready == 0) { return std::unexpected("vouchd does not answer"); }
    std::array<char, 64 << 10> room;
    const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
    if (got < 0 && errno == EINTR) { continue; }
    if (got <= 0) { return std::unexpected("vouchd has hung up; its log may say why"); }
    read_.append(room.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace vouch
