#include "resolver/daemon/control/control_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "resolver/base/log.h"
#include "resolver/daemon/control/control_options.h"

namespace vouch {

namespace {

// Connections that wait to be accepted. Far more than are served at once: a rush is told "busy", not left to wait.
constexpr int kBacklog = 256;
constexpr mode_t kMode = 0600;

std::string reason(int error) { return std::string(std::strerror(error)); }

std::optional<sockaddr_un> address_of(const std::string& path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() > kMaxSocketPath) { return std::nullopt; }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Asked once, when the socket is opened: later on the process is confined, and gets no answer.
uid_t own_user() noexcept {
  static const uid_t user = ::geteuid();
  return user;
}

Socket unix_socket() noexcept { return Socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// Two that start at once would both find the dead socket, and the slower one would remove the living one of the other:
// they take turns. Without the lock (a folder that is not readable, or somebody else's lock on it) we go on all the
// same: then the addresses that both listen on keep them apart.
class FolderLock {
 public:
  explicit FolderLock(const std::string& path)
      : folder_(::open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    constexpr int kTries = 20;
    constexpr useconds_t kPause = 10'000;  // microseconds: to connect, unlink and bind takes far less
    for (int i = 0; folder_.is_open() && i < kTries && ::flock(folder_.fd(), LOCK_EX | LOCK_NB) != 0; ++i) {
      ::usleep(kPause);
    }
  }

 private:
  Socket folder_;  // a descriptor: the lock goes with it
};

// Makes room for ours, if what is there is a socket that nobody listens on.
std::expected<void, std::string> clear(const std::string& path, const sockaddr_un& address) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) {
    if (errno == ENOENT) { return {}; }  // or the folder is missing: bind() will say
    return std::unexpected(path + ": " + reason(errno));
  }
  if (!S_ISSOCK(there.st_mode)) {
    return std::unexpected(path + " is there and is no socket; move it away, or name another path in control.socket");
  }
  const Socket probe = unix_socket();
  if (!probe.is_open()) { return std::unexpected("no descriptor is left: " + reason(errno)); }
  if (::connect(probe.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
    return std::unexpected(path + " belongs to another vouchd that is running; give each its own control.socket");
  }
  if (errno != ECONNREFUSED) { return std::unexpected(path + ": " + reason(errno)); }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(path + " was left behind and cannot be removed: " + reason(errno));
  }
  return {};
}

}  // namespace

std::expected<ControlPeer, int> peer_of(const Socket& connection) noexcept {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(connection.fd(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) { return std::unexpected(errno); }
  return ControlPeer{.user = who.uid, .process = who.pid};
}

bool may_control(const ControlPeer& peer) noexcept { return peer.user == 0 || peer.user == own_user(); }

std::expected<ControlSocket, std::string> ControlSocket::open(const std::string& path) {
  own_user();
  const auto address = address_of(path);
  if (!address) { return std::unexpected("the path of a socket may have 107 octets: " + log_escaped(path)); }
  const FolderLock lock(path);
  if (auto cleared = clear(path, *address); !cleared) { return std::unexpected(std::move(cleared.error())); }
  Socket socket = unix_socket();
  // Linux gives the file the mode that the socket has when it is bound (less the umask): there is no moment in which
  // others could connect, and no umask, which all threads share, has to change.
  if (!socket.is_open() || ::fchmod(socket.fd(), kMode) != 0) {
    return std::unexpected("no socket can be made: " + reason(errno));
  }
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return std::unexpected("cannot make " + path + ": " + reason(errno) +
                           (errno == ENOENT ? "; its folder has to be there" : ""));
  }
  struct stat made {};
  const bool is_seen = ::lstat(path.c_str(), &made) == 0;
  ControlSocket control(std::move(socket), path, made.st_dev, made.st_ino);
  if (!is_seen || (made.st_mode & 07777) != kMode) {
    return std::unexpected(path + " does not get the mode 0600 on this file system");
  }
  if (::listen(control.socket_.fd(), kBacklog) != 0) {
    return std::unexpected("cannot listen on " + path + ": " + reason(errno));
  }
  return control;
}

ControlSocket::ControlSocket(ControlSocket&& other) noexcept
    : socket_(std::move(other.socket_)),
      path_(std::exchange(other.path_, std::string())),
      device_(other.device_),
      inode_(other.inode_) {}

ControlSocket::~ControlSocket() {
  if (path_.empty()) { return; }
  struct stat there {};
  const bool is_ours = ::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_;
  if (is_ours) { ::unlink(path_.c_str()); }
}

}  // namespace vouch
