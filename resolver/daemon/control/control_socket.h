// The socket in the file system: made so that nobody but its owner could ever connect, in place of one that a dead
// vouchd left behind, and taken away at the end if it is still ours.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>

#include "transports/socket.h"

namespace vouch {

// Who is at the other end of a connection, as the kernel says (SO_PEERCRED: as of connect(2), and not to be forged).
struct ControlPeer {
  uid_t user = 0;
  pid_t process = 0;
};
std::expected<ControlPeer, int> peer_of(const Socket& connection) noexcept;  // or errno
// Root, and whom this process runs as.
bool may_control(const ControlPeer& peer) noexcept;

class ControlSocket {
 public:
  // Listens, non-blocking. `path` is absolute and fits (control_options.h). The file belongs to whom the process is at
  // this moment, mode 0600. The error is a sentence for the operator: another vouchd has it, there is no such folder,
  // something else is there under that name.
  static std::expected<ControlSocket, std::string> open(const std::string& path);
  ControlSocket(ControlSocket&& other) noexcept;
  ControlSocket& operator=(ControlSocket&&) = delete;
  ~ControlSocket();

  const Socket& socket() const noexcept { return socket_; }

 private:
  ControlSocket(Socket socket, std::string path, dev_t device, ino_t inode)
      : socket_(std::move(socket)), path_(std::move(path)), device_(device), inode_(inode) {}

  Socket socket_;
  std::string path_;  // empty: it is not ours to remove
  dev_t device_;
  ino_t inode_;
};

}  // namespace vouch
