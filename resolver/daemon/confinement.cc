#include "resolver/daemon/confinement.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "resolver/daemon/confinement_audit.h"
#include "resolver/daemon/process.h"

namespace vouch {

namespace {

// Leak checking stops all threads and looks at them as a debugger does, and at the end of the process at that.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
constexpr bool kIsSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSanitized = false;
#endif

}  // namespace

Confinement::Confinement() = default;
Confinement::~Confinement() = default;

std::expected<void, std::string> Confinement::enter(ConfinementMode mode, const FileGrants& grants,
                                                    SocketKinds sockets) {
  if (mode == ConfinementMode::off) { return {}; }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !drop_capabilities()) {
    return std::unexpected("capabilities cannot be given up: " + std::generic_category().message(errno));
  }
  text_ = "no capabilities";
  const bool audits = mode == ConfinementMode::audit;
  if (kIsSanitized) {
    lacks_.emplace_back("a build with sanitizers looks at itself as a debugger does, which is not confined");
  } else {
    if (audits) {
      lacks_.emplace_back("server.confinement: audit forbids nothing");
    } else if (auto taken = take_files(grants); !taken) {
      return taken;
    }
    if (auto taken = take_system_calls(audits, sockets); !taken) { return taken; }
  }
  if (mode == ConfinementMode::required && !lacks_.empty()) {
    return std::unexpected("server.confinement: required, but " + lacks_.front());
  }
  return {};
}

std::expected<void, std::string> Confinement::take_files(const FileGrants& grants) {
  const int version = landlock_version();
  if (version == 0) {
    lacks_.emplace_back("this kernel has no Landlock, or was started without it (lsm=)");
    return {};
  }
  // It binds the calling thread alone: one that is there already would be left out without a word.
  if (const std::size_t threads = entries_of("/proc/self/task"); threads != 1) {
    return std::unexpected("Landlock: " + std::to_string(threads) + " threads are running where one is expected");
  }
  if (auto restricted = restrict_files(grants, version); !restricted) { return restricted; }
  text_ += ", files by Landlock " + std::to_string(version);
  return {};
}

std::expected<void, std::string> Confinement::take_system_calls(bool audits, SocketKinds sockets) {
  if (!is_filter_supported()) {
    lacks_.emplace_back("there is no list of system calls for this processor");
    return {};
  }
  const std::string calls = std::to_string(allowed_system_calls().size()) + " system calls";
  if (audits) {
    auto audit = ConfinementAudit::start(sockets);
    if (!audit) { return std::unexpected(audit.error()); }
    audit_ = std::move(*audit);
    text_ += ", all but " + calls + " reported";
    return {};
  }
  if (::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
    lacks_.emplace_back("this kernel has no seccomp filters");
    return {};
  }
  if (auto installed = install_filter(assemble_filter(OnDenial::refuse, sockets)); !installed) { return installed; }
  text_ += ", " + calls;
  return {};
}

}  // namespace vouch
