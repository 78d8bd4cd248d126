#include "resolver/daemon/process.h"

#include <dirent.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
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

std::string remedy_for(int error, std::string_view key, const SocketAddress& address, int type) {
  const std::string in_key(key);
  const std::string_view listing = type == SOCK_STREAM ? "ss -ltnp" : "ss -lunp";
  switch (error) {
    case EACCES:
    case EPERM:
      return "; run as root, grant CAP_NET_BIND_SERVICE, or choose another port in " + in_key;
    case EADDRINUSE:
      return "; another program listens there (`" + std::string(listing) +
             " 'sport = :" + std::to_string(address.port()) + "'` names it): end it, or choose another address in " +
             in_key;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return "; this machine has no such address (`ip address` lists them): leave it out of " + in_key;
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

struct Account {
  uid_t uid;
  gid_t gid;
};

std::expected<Account, std::string> account_of(const std::string& user) {
  const passwd* const entry = ::getpwnam(user.c_str());
  if (entry == nullptr) {
    return std::unexpected("there is no user " + log_value(user) +
                           " (server.user); make one: useradd --system --no-create-home " + log_value(user));
  }
  return Account{.uid = entry->pw_uid, .gid = entry->pw_gid};
}

std::string no_way_to(const std::string& user) {
  return "cannot become user " + log_value(user) + ": only root can; start vouchd as root, or leave server.user empty";
}

bool is_myself(const std::string& user) {
  const passwd* const self = ::getpwuid(::geteuid());
  return self != nullptr && user == self->pw_name;
}

std::expected<void, std::string> become(const std::string& user) {
  const auto account = account_of(user);
  if (!account) { return std::unexpected(account.error()); }
  const auto [uid, gid] = *account;
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

std::optional<ListenProblem> listen_problem(std::string_view key, const SocketAddress& address, ListenKind kind) {
  struct Try {
    int type;
    const char* name;
    ListenKind alone;
  };
  for (const Try& protocol : {Try{SOCK_DGRAM, "UDP", ListenKind::udp}, Try{SOCK_STREAM, "TCP", ListenKind::tcp}}) {
    if (kind != ListenKind::udp_and_tcp && kind != protocol.alone) { continue; }
    const int error = try_listening(address, protocol.type);
    if (error == 0) { continue; }
    return ListenProblem{
        .has_no_such_address = error == EADDRNOTAVAIL || error == EAFNOSUPPORT,
        .text = listen_failure(address, protocol.name, error) + remedy_for(error, key, address, protocol.type)};
  }
  return std::nullopt;
}

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

// Not by std::filesystem, whose iterators end the process when there is no memory for a name.
std::size_t entries_of(const char* folder) noexcept {
  DIR* const open = ::opendir(folder);
  if (open == nullptr) { return 0; }
  std::size_t count = 0;
  while (const dirent* const entry = ::readdir(open)) { count += entry->d_name[0] != '.' ? 1 : 0; }
  ::closedir(open);
  return count;
}

bool is_root() noexcept { return ::geteuid() == 0; }

std::expected<AsUser, std::string> AsUser::become(const std::string& user) {
  AsUser self;
  if (user.empty()) { return self; }
  if (!is_root()) {
    if (is_myself(user)) { return self; }
    return std::unexpected(no_way_to(user));
  }
  const auto account = account_of(user);
  if (!account) { return std::unexpected(account.error()); }
  self.group_before_ = ::getegid();
  self.has_changed_ = true;  // from the first half on
  if (::setegid(account->gid) != 0 || ::seteuid(account->uid) != 0) {
    return std::unexpected("cannot become user " + log_value(user) + ": " + reason(errno));
  }
  return self;
}

AsUser::~AsUser() {
  // Nothing that follows is safe as the wrong user: neither binding nor giving up privileges. The user first, who may
  // not change the group.
  if (has_changed_ && (::seteuid(0) != 0 || ::setegid(group_before_) != 0)) { std::abort(); }
}

std::expected<void, std::string> drop_privileges(const std::string& user) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected("prctl(NO_NEW_PRIVS): " + reason(errno));
  }
  if (user.empty()) {
    if (!is_root() && !drop_capabilities()) { return std::unexpected("cannot drop capabilities: " + reason(errno)); }
    return {};
  }
  if (!is_root()) {
    if (is_myself(user)) { return drop_privileges(""); }
    return std::unexpected(no_way_to(user));
  }
  // The bounding set can only be emptied while we may, so before the user changes; setresuid() then clears the rest.
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; ++capability) {
    ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
  }
  if (auto became = become(user); !became) { return became; }
  if (!drop_capabilities()) { return std::unexpected("cannot drop capabilities: " + reason(errno)); }
  return {};
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
