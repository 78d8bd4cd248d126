#include "resolver/daemon/confinement_audit.h"

#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <future>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "resolver/base/log.h"

namespace vouch {

namespace {

// A notification is larger in newer kernels, which say so; of what they added nothing is looked at.
template <typename Known>
class KernelStruct {
 public:
  explicit KernelStruct(std::size_t size) : words_(std::max(size, sizeof(Known)) / sizeof(std::uint64_t) + 1) {}
  Known* fresh() {
    std::ranges::fill(words_, 0);
    return reinterpret_cast<Known*>(words_.data());
  }

 private:
  std::vector<std::uint64_t> words_;
};

}  // namespace

std::expected<std::unique_ptr<ConfinementAudit>, std::string> ConfinementAudit::start(SocketKinds sockets) {
  Socket stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop.is_open()) { return std::unexpected("eventfd: " + std::generic_category().message(errno)); }
  std::unique_ptr<ConfinementAudit> audit(new ConfinementAudit(std::move(stop)));
  // The thread is there before the filter is, and so outside of it.
  std::promise<int> filtered;
  audit->thread_ = std::thread([self = audit.get(), listener = filtered.get_future()]() mutable {
    self->listener_ = Socket(listener.get());
    if (self->listener_.is_open()) { self->listen(); }
  });
  ::pthread_setname_np(audit->thread_.native_handle(), "vouchd/audit");
  const auto listener = install_reporting_filter(assemble_filter(OnDenial::report, sockets));
  filtered.set_value(listener ? *listener : -1);
  if (!listener) { return std::unexpected(listener.error()); }
  return audit;
}

ConfinementAudit::~ConfinementAudit() {
  eventfd_write(stop_.fd(), 1);
  if (thread_.joinable()) { thread_.join(); }
}

void ConfinementAudit::listen() {
  constexpr std::size_t kMostCalls = 512;  // more than a kernel has
  seccomp_notif_sizes sizes{};
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) { return; }
  KernelStruct<seccomp_notif> call(sizes.seccomp_notif);
  KernelStruct<seccomp_notif_resp> answer(sizes.seccomp_notif_resp);
  std::set<int> told;
  for (;;) {
    pollfd waits[] = {{listener_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
    if (::poll(waits, std::size(waits), -1) < 0 && errno != EINTR) { return; }
    if (waits[1].revents != 0) { return; }
    seccomp_notif* const heard = call.fresh();
    if (waits[0].revents == 0 || ::ioctl(listener_.fd(), SECCOMP_IOCTL_NOTIF_RECV, heard) != 0) { continue; }
    seccomp_notif_resp* const said = answer.fresh();
    said->id = heard->id;
    said->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    ::ioctl(listener_.fd(), SECCOMP_IOCTL_NOTIF_SEND, said);  // fails when the thread has ended meanwhile
    if (told.size() == kMostCalls || !told.insert(heard->data.nr).second) { continue; }
    log(LogLevel::warning, "confinement_would_refuse",
        {{"system_call", heard->data.nr},
         {"first_argument", heard->data.args[0]},
         {"second_argument", heard->data.args[1]},
         {"thread", heard->pid}});
  }
}

}  // namespace vouch
