#include "resolver/daemon/process.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

#include "resolver/base/log.h"
#include "transports/socket.h"

namespace vouch {

namespace {

std::string reason(int error) { return std::generic_category().message(error); }

std::string remedy_for(int error, const SocketAddress& address) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "; run as root, grant CAP_NET_BIND_SERVICE, or choose another port in server.listen";
    case EADDRINUSE:
      return "; another program listens there (`ss -lunp 'sport = :" + std::to_string(address.port()) +
             "'` names it): end it, or choose another address in server.listen";
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return "; this machine has no such address (`ip address` lists them): leave it out of server.listen";
    default:
      return "";
  }
}

// The errno of binding and, over TCP, listening; 0 when it went well.
int try_listening(const SocketAddress& address, int type) noexcept {
  const Socket socket = open_socket(address.ip(), type);
  if (!socket.is_open()) { return errno; }
  // Over TCP an address stays taken for a while after its connections; that must not look like another program.
  if (type == SOCK_STREAM && !socket.set(SOL_SOCKET, SO_REUSEADDR, 1)) { return errno; }
  if (!address.ip().is_v4() && !socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1)) { return errno; }
  if (!socket.bind(address)) { return errno; }
  if (type == SOCK_STREAM && ::listen(socket.fd(), 1) != 0) { return errno; }
  return 0;
}

// Capabilities of this thread, and what executing a file could give back.
bool drop_capabilities() noexcept {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    // Without CAP_SETPCAP the bounding set stays; with no_new_privs it gives nothing.
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  return ::syscall(SYS_capset, &header, none.data()) == 0;
}

std::expected<void, std::string> become(const std::string& user) {
  errno = 0;
  const passwd* entry = ::getpwnam(user.c_str());
  if (entry == nullptr) {
    return std::unexpected("there is no user " + log_value(user) +
                           " (server.user); make one: useradd --system --no-create-home " + log_value(user));
  }
  const uid_t uid = entry->pw_uid;
  const gid_t gid = entry->pw_gid;
  if (::initgroups(user.c_str(), gid) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0) {
    return std::unexpected("cannot become user " + log_value(user) + ": " + reason(errno));
  }
  if (uid != 0 && ::setuid(0) == 0) { return std::unexpected("user " + log_value(user) + " can become root again"); }
  return {};
}

}  // namespace

std::uint64_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) { return 0; }
  const rlim_t before = std::exchange(limit.rlim_cur, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

std::optional<ListenProblem> listen_problem(const SocketAddress& address) {
  struct Try {
    int type;
    const char* name;
  };
  for (const Try& protocol : {Try{SOCK_DGRAM, "UDP"}, Try{SOCK_STREAM, "TCP"}}) {
    const int error = try_listening(address, protocol.type);
    if (error == 0) { continue; }
    return ListenProblem{.has_no_such_address = error == EADDRNOTAVAIL || error == EAFNOSUPPORT,
                         .text = listen_failure(address, protocol.name, error) + remedy_for(error, address)};
  }
  return std::nullopt;
}

bool is_root() noexcept { return ::geteuid() == 0; }

std::expected<void, std::string> drop_privileges(const std::string& user) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected("prctl(NO_NEW_PRIVS): " + reason(errno));
  }
  if (user.empty()) {
    if (!is_root() && !drop_capabilities()) { return std::unexpected("cannot drop capabilities: " + reason(errno)); }
    return {};
  }
  if (!is_root()) {
    const passwd* self = ::getpwuid(::geteuid());
    if (self != nullptr && user == self->pw_name) { return drop_privileges(""); }
    return std::unexpected("cannot become user " + log_value(user) +
                           ": only root can; start vouchd as root, or leave server.user empty");
  }
  // The bounding set can only be emptied while we may, so before the user changes; setresuid() then clears the rest.
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  if (auto became = become(user); !became) { return became; }
  if (!drop_capabilities()) { return std::unexpected("cannot drop capabilities: " + reason(errno)); }
  return {};
}

void notify_service_manager(std::string_view state) noexcept {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (path == nullptr || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof address.sun_path) { return; }
  const std::size_t length = std::strlen(path);
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') { address.sun_path[0] = '\0'; }  // the abstract namespace
  const Socket socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) { return; }
  const auto sent =
      ::sendto(socket.fd(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
               static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length));
  (void)sent;  // nobody to tell of it
}

std::expected<void, std::string> enter_state_dir(const std::string& folder) {
  if (folder.empty()) { return {}; }
  const std::string shown = "server.state_dir " + log_value(folder) + ": ";
  if (::chdir(folder.c_str()) != 0) { return std::unexpected(shown + reason(errno)); }
  if (::access(".", W_OK | X_OK) != 0) {
    return std::unexpected(shown + "not writable for the server's user: " + reason(errno));
  }
  return {};
}

}  // namespace vouch
