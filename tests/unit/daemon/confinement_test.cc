// Each attempt is made by a child of the test that has confined itself with the daemon's own code: what the filter and
// Landlock really do on this kernel, and not what they are meant to.
#include "resolver/daemon/confinement.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "conf/schema.h"
#include "resolver/base/durable_file.h"
#include "resolver/daemon/seccomp_filter.h"

namespace vouch {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
constexpr bool kIsSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSanitized = false;
#endif

constexpr int kNotConfined = 250;

// 0: it went well; an errno: it was refused; negative: the signal that ended the process.
using Attempt = std::function<int()>;

int failure_of(long result) { return result < 0 ? errno : 0; }

class Confined : public ::testing::Test {
 protected:
  void SetUp() override {
    if (kIsSanitized) { GTEST_SKIP() << "a build with sanitizers is not confined"; }
    if (!is_filter_supported()) { GTEST_SKIP() << "no list of system calls for this processor"; }
    std::string pattern = (std::filesystem::temp_directory_path() / "vouch-confined-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    for (const char* folder : {"conf", "state", "elsewhere"}) { std::filesystem::create_directory(root_ / folder); }
    for (const char* folder : {"conf", "elsewhere"}) { std::ofstream(root_ / folder / "file") << "text"; }
    grants_.readable = {(root_ / "conf").string(), "/proc/self"};
    grants_.writable = {(root_ / "state").string()};
  }
  void TearDown() override {
    if (!root_.empty()) { std::filesystem::remove_all(root_); }
  }

  int outcome_of(const Attempt& attempt, ConfinementMode mode = ConfinementMode::automatic,
                 SocketKinds sockets = SocketKinds::internet) const {
    const pid_t child = ::fork();
    if (child == 0) {
      Confinement confinement;
      const bool is_in = confinement.enter(mode, grants_, sockets).has_value();
      ::_exit(is_in ? attempt() : kNotConfined);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  int opening(const std::filesystem::path& path, int flags) const {
    return outcome_of([path, flags] { return failure_of(::open(path.c_str(), flags | O_CLOEXEC, 0600)); });
  }
  bool has_landlock() const { return landlock_version() > 0; }

  std::filesystem::path root_;
  FileGrants grants_;
};

TEST_F(Confined, WhatOnlyAnIntruderDoesEndsTheProcess) {
  const auto called = [this](long number) {
    return outcome_of([number] { return failure_of(::syscall(number, 0, 0, 0, 0, 0)); });
  };
  EXPECT_EQ(outcome_of([] {
              std::array<char*, 1> none{};
              return failure_of(::execve("/bin/true", none.data(), none.data()));
            }),
            -SIGSYS);
  EXPECT_EQ(outcome_of([] { return failure_of(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }), -SIGSYS);
  EXPECT_EQ(outcome_of([] {
              iovec none{};
              return failure_of(::process_vm_readv(::getpid(), &none, 1, &none, 1, 0));
            }),
            -SIGSYS);
  // Every way to another process, whatever the C library makes of fork().
  EXPECT_EQ(outcome_of([] { return failure_of(::fork()); }), -SIGSYS);
  EXPECT_EQ(called(SYS_clone), -SIGSYS);
  for (const long number : {SYS_execveat, SYS_bpf, SYS_io_uring_setup, SYS_userfaultfd, SYS_unshare, SYS_setns,
                            SYS_mount, SYS_chroot, SYS_setresuid, SYS_init_module, SYS_perf_event_open}) {
    EXPECT_EQ(called(number), -SIGSYS) << number;
  }
}

TEST_F(Confined, WhatALibraryMayTryIsRefused) {
  EXPECT_EQ(outcome_of([] { return failure_of(::syscall(SYS_clone3, nullptr, 0)); }), ENOSYS);
  EXPECT_EQ(outcome_of([] { return failure_of(::kill(::getppid(), 0)); }), ENOSYS);
  EXPECT_EQ(outcome_of([] { return failure_of(::syscall(SYS_memfd_create, "x", 0)); }), ENOSYS);
  EXPECT_EQ(outcome_of([] { return failure_of(::symlink("a", "b")); }), ENOSYS);
  EXPECT_EQ(outcome_of([] { return failure_of(::syscall(100'000)); }), ENOSYS);  // no kernel has it yet
}

TEST_F(Confined, SpeaksInternetProtocolsOnly) {
  const auto made = [this](int family, int type) {
    return outcome_of([=] { return failure_of(::socket(family, type, 0)); });
  };
  EXPECT_EQ(made(AF_INET, SOCK_DGRAM), 0);
  EXPECT_EQ(made(AF_INET, SOCK_STREAM), 0);
  EXPECT_EQ(made(AF_UNIX, SOCK_STREAM), EACCES);  // and so nothing of it can be connected
  EXPECT_EQ(made(AF_NETLINK, SOCK_RAW), EACCES);
  EXPECT_EQ(made(AF_PACKET, SOCK_RAW), EACCES);
}

// A collector that listens where no file is granted is reached all the same, before and after it has come again.
TEST_F(Confined, ReachesADnstapCollectorWhereOneIsConfigured) {
  const auto made = [this](int family, int type) {
    return outcome_of([=] { return failure_of(::socket(family, type, 0)); }, ConfinementMode::automatic,
                      SocketKinds::internet_and_unix);
  };
  EXPECT_EQ(made(AF_UNIX, SOCK_STREAM), 0);
  EXPECT_EQ(made(AF_INET, SOCK_DGRAM), 0);
  EXPECT_EQ(made(AF_INET6, SOCK_STREAM), 0);
  EXPECT_EQ(made(AF_NETLINK, SOCK_RAW), EACCES);
  EXPECT_EQ(made(AF_PACKET, SOCK_RAW), EACCES);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (root_ / "elsewhere/tap").string().copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* const where = reinterpret_cast<const sockaddr*>(&address);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, where, sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  EXPECT_EQ(outcome_of(
                [&] {
                  const int mine = ::socket(AF_UNIX, SOCK_STREAM, 0);
                  return failure_of(::connect(mine, where, sizeof address));
                },
                ConfinementMode::automatic, SocketKinds::internet_and_unix),
            0);
  ::close(listener);
}

TEST_F(Confined, NoMemoryBecomesCode) {
  const auto mapped = [](int protection) {
    const auto result = ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return result == MAP_FAILED ? errno : 0;
  };
  EXPECT_EQ(outcome_of([&] { return mapped(PROT_READ | PROT_WRITE); }), 0);
  EXPECT_EQ(outcome_of([&] { return mapped(PROT_READ | PROT_EXEC); }), EACCES);
  EXPECT_EQ(outcome_of([] {
              void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              return failure_of(::mprotect(page, 4096, PROT_READ | PROT_EXEC));
            }),
            EACCES);
}

TEST_F(Confined, ReadsItsConfigurationAndNothingElse) {
  if (!has_landlock()) { GTEST_SKIP() << "this kernel has no Landlock"; }
  EXPECT_EQ(opening(root_ / "conf/file", O_RDONLY), 0);
  EXPECT_EQ(opening("/proc/self/statm", O_RDONLY), 0);
  EXPECT_EQ(opening(root_ / "elsewhere/file", O_RDONLY), EACCES);
  EXPECT_EQ(opening("/etc/passwd", O_RDONLY), EACCES);
  EXPECT_EQ(opening("/etc/shadow", O_RDONLY), EACCES);
  EXPECT_EQ(opening("/", O_RDONLY | O_DIRECTORY), EACCES);
  // A file that took the place of another, as a renewed certificate does, is readable: the folder was granted.
  const int replaced = outcome_of([this] {
    std::ofstream(root_ / "state/fresh") << "new";
    return failure_of(::rename((root_ / "state/fresh").c_str(), (root_ / "conf/file").c_str()));
  });
  EXPECT_NE(replaced, 0);  // but not by the process itself
  std::ofstream(root_ / "conf/fresh") << "new";
  std::filesystem::rename(root_ / "conf/fresh", root_ / "conf/file");
  EXPECT_EQ(opening(root_ / "conf/file", O_RDONLY), 0);
}

TEST_F(Confined, WritesItsStateAndNothingElse) {
  if (!has_landlock()) { GTEST_SKIP() << "this kernel has no Landlock"; }
  EXPECT_EQ(opening(root_ / "state/new", O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(opening(root_ / "conf/new", O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(opening(root_ / "conf/file", O_WRONLY), EACCES);
  EXPECT_EQ(opening(root_ / "conf/file", O_RDONLY | O_TRUNC), EACCES);
  EXPECT_EQ(opening("/tmp", O_TMPFILE | O_WRONLY), EACCES);
  EXPECT_EQ(opening("/proc/self/mem", O_WRONLY), EACCES);  // a way around memory that cannot become code
  EXPECT_EQ(outcome_of([this] {
              const auto written = write_durably((root_ / "state/anchors").string(), "text", 0600);
              return written ? 0 : 1;
            }),
            0);
}

// As the control socket is at the end.
TEST_F(Confined, RemovesASocketFromAFolderOfItsOwn) {
  if (!has_landlock()) { GTEST_SKIP() << "this kernel has no Landlock"; }
  const auto removed_from = [this](const char* folder) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (root_ / folder / "socket").string();
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    EXPECT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const int outcome = outcome_of([&path] { return failure_of(::unlink(path.c_str())); });
    ::close(socket);
    return outcome;
  };
  EXPECT_EQ(removed_from("state"), 0);
  EXPECT_EQ(removed_from("conf"), EACCES);
}

TEST_F(Confined, WhatIsWrittenIsNotWrittenThroughALink) {
  std::filesystem::create_symlink(root_ / "elsewhere/file", root_ / "state/anchors");
  EXPECT_EQ(outcome_of([this] { return write_durably((root_ / "state/anchors").string(), "mine", 0600) ? 0 : 1; }), 0);
  std::string kept;
  std::ifstream(root_ / "elsewhere/file") >> kept;
  EXPECT_EQ(kept, "text");
  EXPECT_FALSE(std::filesystem::is_symlink(root_ / "state/anchors"));
}

TEST_F(Confined, NothingIsLeftToGainRightsWith) {
  EXPECT_EQ(outcome_of([] {
              std::ifstream status("/proc/self/status");
              std::set<std::string> wanted{"CapInh:\t0000000000000000",
                                           "CapPrm:\t0000000000000000",
                                           "CapEff:\t0000000000000000",
                                           "CapAmb:\t0000000000000000",
                                           "NoNewPrivs:\t1",
                                           "Seccomp:\t2"};
              if (::geteuid() == 0) { wanted.insert("CapBnd:\t0000000000000000"); }
              for (std::string line; std::getline(status, line);) { wanted.erase(line); }
              return static_cast<int>(wanted.size());
            }),
            0);
}

TEST_F(Confined, ThreadsAreConfinedToo) {
  EXPECT_EQ(outcome_of([] {
              int failure = 0;
              std::thread([&failure] { failure = failure_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }).join();
              return failure;
            }),
            EACCES);
}

TEST_F(Confined, AThreadThatIsThereAlreadyIsNotForgotten) {
  if (!has_landlock()) { GTEST_SKIP() << "this kernel has no Landlock"; }
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread other([] { ::pause(); });
    Confinement confinement;
    ::_exit(confinement.enter(ConfinementMode::automatic, grants_) ? 0 : kNotConfined);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), kNotConfined);
}

TEST_F(Confined, AnAuditLetsEverythingThrough) {
  EXPECT_EQ(outcome_of([] { return failure_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }, ConfinementMode::audit), 0);
  EXPECT_EQ(outcome_of([] { return failure_of(::kill(::getppid(), 0)); }, ConfinementMode::audit), 0);
}

TEST_F(Confined, SwitchedOffItIsOff) {
  EXPECT_EQ(outcome_of([] { return failure_of(::socket(AF_UNIX, SOCK_STREAM, 0)); }, ConfinementMode::off), 0);
}

TEST(SystemCalls, AreFew) {
  const auto calls = allowed_system_calls();
  EXPECT_LE(calls.size(), kMostSystemCalls);
  std::set<int> numbers;
  for (const AllowedCall& call : calls) { EXPECT_TRUE(numbers.insert(call.number).second) << call.name; }
}

TEST(SystemCalls, EveryJumpOfTheProgramStaysInside) {
  for (const SocketKinds sockets : {SocketKinds::internet, SocketKinds::internet_and_unix}) {
    const auto program = assemble_filter(OnDenial::refuse, sockets);
    ASSERT_LE(program.size(), static_cast<std::size_t>(BPF_MAXINSNS));
    for (std::size_t i = 0; i < program.size(); ++i) {
      const sock_filter& step = program[i];
      if (BPF_CLASS(step.code) != BPF_JMP) { continue; }
      const std::size_t furthest = BPF_OP(step.code) == BPF_JA ? step.k : std::max<std::size_t>(step.jt, step.jf);
      EXPECT_LT(i + 1 + furthest, program.size());
    }
    EXPECT_EQ(BPF_CLASS(program.back().code), BPF_RET);
  }
}

TEST(Grants, EveryKeyThatNamesAFileHasItsRow) {
  const auto known = keys_with_paths();
  for (const KeySpec<Configuration>& key : schema()) {
    const bool names_a_path = key.path.ends_with("file") || key.path.ends_with("files") || key.path.ends_with("_dir") ||
                              key.path.ends_with("directory") || key.path.ends_with("socket");
    if (!names_a_path) { continue; }
    EXPECT_NE(std::ranges::find(known, key.path), known.end())
        << key.path << " is not in resolver/daemon/confinement_grants.cc: what it names cannot be opened at run time";
  }
}

TEST(Grants, AFolderOfOnesOwnIsOpenedAndASharedOneIsNot) {
  using ::testing::Contains;
  using ::testing::Not;
  Configuration configuration;
  configuration.files.configuration = "/etc/vouch/vouch.yaml";
  configuration.listeners.identity.certificate_file = "tls/server.pem";
  configuration.files.root_hints = "/etc/hostname";
  configuration.telemetry.state_directory = "/var/lib/vouch";
  configuration.logging.target = LogTarget::file;
  configuration.logging.file = "log/vouchd.log";
  configuration.control.socket = "/run/vouch/control.sock";
  configuration.dnstap.socket = "/run/dnstap/collector.sock";
  const ConfiguredGrants found = grants_of(configuration, "/srv/vouch");
  EXPECT_THAT(found.grants.readable, Contains("/etc/vouch"));
  EXPECT_THAT(found.grants.readable, Contains("/etc/vouch/tls"));
  EXPECT_THAT(found.grants.readable, Contains("/etc/hostname"));
  EXPECT_THAT(found.grants.readable, Not(Contains("/etc")));
  EXPECT_THAT(found.narrow, Contains("/etc/hostname"));
  EXPECT_THAT(found.grants.writable, Contains("/var/lib/vouch"));
  EXPECT_THAT(found.grants.writable, Contains("/srv/vouch/log"));
  EXPECT_THAT(found.grants.writable, Contains("/run/vouch"));  // the control socket is removed from it at the end
  EXPECT_THAT(found.grants.writable, Not(Contains("/srv/vouch")));
  EXPECT_THAT(found.grants.writable, Not(Contains("/run/dnstap")));  // connecting takes no right to a file
}

}  // namespace
}  // namespace vouch
