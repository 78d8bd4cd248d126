#include "resolver/daemon/seccomp_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "resolver/base/bytes.h"

namespace vouch {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr bool kSupported = true;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr bool kSupported = true;
#else
constexpr std::uint32_t kArchitecture = 0;
constexpr bool kSupported = false;
#endif

// What has to hold of one argument. Its lower half is looked at, which is all that the kernel looks at in these.
struct Condition {
  enum class Kind : std::uint8_t { any, one_of, none_of_bits, all_of_bits };
  Kind kind = Kind::any;
  std::uint8_t argument = 0;
  std::array<std::uint32_t, 3> values{};  // one_of: all of them; bits: the first
  std::uint16_t error = EACCES;           // of a call for which it does not hold; 0: that ends the process
};

struct Rule {
  std::string_view name;
  int number;
  Condition condition{};
};

constexpr Condition one_of(std::uint8_t argument, std::uint32_t first, std::uint32_t second, std::uint16_t error) {
  return {Condition::Kind::one_of, argument, {first, second, second}, error};
}
// In the place of what the list says of socket().
constexpr Condition kUnixToo{Condition::Kind::one_of, 0, {AF_INET, AF_INET6, AF_UNIX}, EACCES};
// Memory that can be executed is what the loader has mapped, and nothing else from now on.
constexpr Condition kNoExecution{Condition::Kind::none_of_bits, 2, {PROT_EXEC}, EACCES};
// A thread of this process, and no other kind of copy of it.
constexpr Condition kThread{Condition::Kind::all_of_bits, 0, {CLONE_THREAD | CLONE_VM}, 0};

#define VOUCH_CALL(name) #name, __NR_##name

#if defined(__x86_64__) || defined(__aarch64__)
// What a worker does all day stands first. The numbers are the kernel's for this architecture, and so are the forms of
// the calls that the C library uses there.
constexpr auto kAllowed = std::to_array<Rule>({
    {VOUCH_CALL(recvmmsg)},
    {VOUCH_CALL(sendmmsg)},
#ifdef __NR_epoll_wait
    {VOUCH_CALL(epoll_wait)},
#else
    {VOUCH_CALL(epoll_pwait)},
#endif
    {VOUCH_CALL(epoll_ctl)},
    {VOUCH_CALL(recvfrom)},
    {VOUCH_CALL(sendto)},
    {VOUCH_CALL(recvmsg)},
    {VOUCH_CALL(sendmsg)},
    {VOUCH_CALL(futex)},
    // Sockets. Clients and servers are met over IPv4 and IPv6, and nobody over anything else, but a dnstap collector
    // (SocketKinds): whoever talks to the control socket came through a descriptor that was opened before.
    {VOUCH_CALL(socket), one_of(0, AF_INET, AF_INET6, EACCES)},
    {VOUCH_CALL(bind)},
    {VOUCH_CALL(connect)},
    {VOUCH_CALL(listen)},
    {VOUCH_CALL(accept4)},
    {VOUCH_CALL(getsockname)},
    {VOUCH_CALL(getsockopt)},
    {VOUCH_CALL(setsockopt)},
    {VOUCH_CALL(shutdown)},
    {VOUCH_CALL(ioctl), one_of(1, FIONREAD, FIONBIO, ENOTTY)},  // libevent asks how much there is to read
    {VOUCH_CALL(epoll_create1)},
    {VOUCH_CALL(eventfd2)},
    // Files: which ones is Landlock's to say.
    {VOUCH_CALL(read)},
    {VOUCH_CALL(write)},
    {VOUCH_CALL(readv)},
    {VOUCH_CALL(writev)},
    {VOUCH_CALL(pread64)},
    {VOUCH_CALL(pwrite64)},
    {VOUCH_CALL(openat)},
    {VOUCH_CALL(close)},
    {VOUCH_CALL(lseek)},
    {VOUCH_CALL(fstat)},
    {VOUCH_CALL(newfstatat)},
    {VOUCH_CALL(getdents64)},
    {VOUCH_CALL(fcntl)},
    {VOUCH_CALL(ftruncate)},
    {VOUCH_CALL(fsync)},
    {VOUCH_CALL(fdatasync)},
#ifdef __NR_rename
    {VOUCH_CALL(rename)},
    {VOUCH_CALL(unlink)},
    {VOUCH_CALL(readlink)},
    {VOUCH_CALL(access)},
    {VOUCH_CALL(chmod)},
#else
    {VOUCH_CALL(renameat)},
    {VOUCH_CALL(unlinkat)},
    {VOUCH_CALL(readlinkat)},
    {VOUCH_CALL(faccessat)},
    {VOUCH_CALL(fchmodat)},
#endif
    // Memory.
    {VOUCH_CALL(mmap), kNoExecution},
    {VOUCH_CALL(mprotect), kNoExecution},
    {VOUCH_CALL(munmap)},
    {VOUCH_CALL(madvise)},
    {VOUCH_CALL(brk)},
    // Threads and signals. clone3() keeps its flags where a filter cannot look: it is answered ENOSYS, and the C
    // library takes clone().
    {VOUCH_CALL(clone), kThread},
    {VOUCH_CALL(exit)},
    {VOUCH_CALL(exit_group)},
    {VOUCH_CALL(rseq)},
    {VOUCH_CALL(getpid)},  // how libraries see that they were forked
    {VOUCH_CALL(rt_sigprocmask)},
    {VOUCH_CALL(rt_sigtimedwait)},
    {VOUCH_CALL(restart_syscall)},  // after SIGSTOP and SIGCONT
    {VOUCH_CALL(prctl), one_of(0, PR_SET_NAME, PR_SET_VMA, EACCES)},
    // Time, where the machine's clock cannot be read without the kernel, and randomness.
    {VOUCH_CALL(clock_gettime)},
    {VOUCH_CALL(gettimeofday)},
    {VOUCH_CALL(clock_nanosleep)},
    {VOUCH_CALL(getrandom)},
});
static_assert(kAllowed.size() <= kMostSystemCalls);

// Nothing in here, and nothing that it is linked with, has a use for these; each opens a way out.
constexpr auto kFatal = std::to_array<int>({
    __NR_execve,
    __NR_execveat,
    __NR_ptrace,
    __NR_process_vm_readv,
    __NR_process_vm_writev,
    __NR_init_module,
    __NR_finit_module,
    __NR_delete_module,
    __NR_kexec_load,
    __NR_bpf,
    __NR_perf_event_open,
    __NR_userfaultfd,
    __NR_io_uring_setup,
    __NR_mount,
    __NR_umount2,
    __NR_pivot_root,
    __NR_chroot,
    __NR_setns,
    __NR_unshare,
    __NR_keyctl,
    __NR_add_key,
    __NR_request_key,
    __NR_setuid,
    __NR_setgid,
    __NR_setresuid,
    __NR_setresgid,
    __NR_open_by_handle_at,
    __NR_personality,
    __NR_pidfd_getfd,
    __NR_reboot,
#ifdef __NR_fork
    __NR_fork,
    __NR_vfork,
    __NR_ioperm,
    __NR_iopl,
    __NR_modify_ldt,
#endif
});
#else
constexpr std::array<Rule, 0> kAllowed{};
constexpr std::array<int, 0> kFatal{};
#endif

#undef VOUCH_CALL

constexpr std::uint32_t kErrnoMask = SECCOMP_RET_DATA;
constexpr std::uint32_t refusal(std::uint16_t error) noexcept {
  return error == 0 ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | (error & kErrnoMask);
}

// Writes the program, one instruction after the other. Every jump leads forward over a few instructions.
class Assembler {
 public:
  Assembler(OnDenial on_denial, SocketKinds sockets) : on_denial_(on_denial), sockets_(sockets) {}

  std::vector<sock_filter> assemble() && {
    load(offsetof(seccomp_data, arch));
    jump(BPF_JEQ, kArchitecture, 1, 0);
    result(SECCOMP_RET_KILL_PROCESS);  // a call as another architecture makes it has other numbers
    load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    constexpr std::uint32_t kX32 = 0x40000000;  // one more set of numbers for the same calls
    jump(BPF_JGE, kX32, 0, 1);
    result(SECCOMP_RET_KILL_PROCESS);
#endif
    for (const Rule& rule : kAllowed) { allow(rule); }
    for (const int number : kFatal) {
      jump(BPF_JEQ, static_cast<std::uint32_t>(number), 0, 1);
      deny(SECCOMP_RET_KILL_PROCESS);
    }
    deny(refusal(ENOSYS));
    return std::move(program_);
  }

 private:
  void load(std::size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
  void result(std::uint32_t what) { add(BPF_RET | BPF_K, what); }
  void deny(std::uint32_t how) { result(on_denial_ == OnDenial::refuse ? how : SECCOMP_RET_USER_NOTIF); }
  void add(std::uint32_t code, std::uint32_t operand) {
    program_.push_back({static_cast<std::uint16_t>(code), 0, 0, operand});
  }
  void jump(std::uint32_t how, std::uint32_t operand, std::uint8_t when_true, std::uint8_t when_false) {
    program_.push_back({static_cast<std::uint16_t>(BPF_JMP | how | BPF_K), when_true, when_false, operand});
  }

  // The number of the call is in the accumulator, and is again when the next rule is reached.
  void allow(const Rule& rule) {
    const auto number = static_cast<std::uint32_t>(rule.number);
    const bool is_widened = sockets_ == SocketKinds::internet_and_unix && rule.number == __NR_socket;
    const Condition& condition = is_widened ? kUnixToo : rule.condition;
    if (condition.kind == Condition::Kind::any) {
      jump(BPF_JEQ, number, 0, 1);
      result(SECCOMP_RET_ALLOW);
      return;
    }
    // What is skipped: the load, the test and two results.
    jump(BPF_JEQ, number, 0, u8(3 + instructions_of(condition)));
    load(offsetof(seccomp_data, args) + condition.argument * sizeof(std::uint64_t));  // little-endian: the lower half
    test(condition);
    result(SECCOMP_RET_ALLOW);
    deny(refusal(condition.error));
  }

  static std::size_t instructions_of(const Condition& condition) noexcept {
    return condition.kind == Condition::Kind::one_of ? condition.values.size() : 2;
  }
  // So many instructions; the next is reached when the condition holds, the one behind it when it does not.
  void test(const Condition& condition) {
    switch (condition.kind) {
      case Condition::Kind::any:
        break;
      case Condition::Kind::one_of:
        jump(BPF_JEQ, condition.values[0], 2, 0);
        jump(BPF_JEQ, condition.values[1], 1, 0);
        jump(BPF_JEQ, condition.values[2], 0, 1);
        break;
      case Condition::Kind::none_of_bits:
        jump(BPF_JSET, condition.values[0], 0, 1);
        jump(BPF_JA, 0, 0, 0);
        program_.back().k = 1;
        break;
      case Condition::Kind::all_of_bits:
        add(BPF_ALU | BPF_AND | BPF_K, condition.values[0]);
        jump(BPF_JEQ, condition.values[0], 0, 1);
        break;
    }
  }

  OnDenial on_denial_;
  SocketKinds sockets_;
  std::vector<sock_filter> program_;
};

std::expected<int, std::string> install(std::span<const sock_filter> program, unsigned flags) {
  const sock_fprog whole{.len = static_cast<unsigned short>(program.size()),
                         .filter = const_cast<sock_filter*>(program.data())};  // the kernel copies it
  const long result = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &whole);
  if (result < 0) { return std::unexpected("seccomp: " + std::generic_category().message(errno)); }
  // With TSYNC: the thread that could not be taken along, because it has a filter of its own.
  if ((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0 && result > 0) {
    return std::unexpected("seccomp: thread " + std::to_string(result) + " has another filter");
  }
  return static_cast<int>(result);
}

}  // namespace

bool is_filter_supported() noexcept { return kSupported; }

std::vector<AllowedCall> allowed_system_calls() {
  std::vector<AllowedCall> calls;
  for (const Rule& rule : kAllowed) { calls.push_back({rule.name, rule.number}); }
  return calls;
}

std::vector<sock_filter> assemble_filter(OnDenial on_denial, SocketKinds sockets) {
  return Assembler(on_denial, sockets).assemble();
}

std::expected<void, std::string> install_filter(std::span<const sock_filter> program) {
  const auto installed = install(program, SECCOMP_FILTER_FLAG_TSYNC);
  if (!installed) { return std::unexpected(installed.error()); }
  return {};
}

std::expected<int, std::string> install_reporting_filter(std::span<const sock_filter> program) {
  return install(program, SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

}  // namespace vouch
