#include "tests/lab/nsd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/lab/builder.h"
#include "tests/lab/message.h"
#include "tests/lab/names.h"
#include "tests/lab/socket.h"

namespace vouch::lab {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kStartTimeout = 120s;  // a zone of a million names takes its time to load
constexpr auto kStopTimeout = 5s;
constexpr auto kPollPause = 5ms;
constexpr std::uint16_t kFirstBackendPort = 15301;
constexpr std::uint16_t kBackendPorts = 2000;  // how many to try

void pause() { std::this_thread::sleep_for(kPollPause); }

bool is_free(std::uint16_t port) {
  const Endpoint where = *Endpoint::parse(kBackendAddress, port);
  return bind_udp(where).has_value() && listen_tcp(where).has_value();
}

std::string command_line_of(pid_t pid) {
  std::ifstream in(fmt::format("/proc/{}/cmdline", pid));
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// NSD is several processes; each NSD has a process group of its own, and the group is what has to be gone. Its orphans
// come to us (PR_SET_CHILD_SUBREAPER), so that waiting for children is enough.
bool group_ended(pid_t group) {
  while (waitpid(-group, nullptr, WNOHANG) > 0) {}
  return waitpid(-group, nullptr, WNOHANG) < 0 && errno == ECHILD;
}

bool leftover_ended(pid_t group) { return kill(group, 0) != 0; }

template <typename Ended>
void end_group(pid_t group, Ended ended) {
  kill(group, SIGTERM);  // to the leader, which tells the others
  for (const auto end = Clock::now() + kStopTimeout; !ended(group) && Clock::now() < end;) { pause(); }
  kill(-group, SIGKILL);
  for (const auto end = Clock::now() + kStopTimeout; !ended(group) && Clock::now() < end;) { pause(); }
}

// In the child, between fork and exec: no allocation, no return.
[[noreturn]] void become_nsd(const char* program, const char* config, int log, pid_t parent) {
  setpgid(0, 0);  // a Ctrl-C at the terminal is for the lab, which ends us in order
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) { _exit(1); }  // the parent ended before the line above took effect
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execl(program, "nsd", "-d", "-c", config, static_cast<char*>(nullptr));
  _exit(127);
}

}  // namespace

Outcome<std::string> find_nsd() {
  const char* path = std::getenv("PATH");
  std::stringstream directories(std::string(path == nullptr ? "" : path) + ":/usr/sbin:/usr/local/sbin:/sbin");
  for (std::string directory; std::getline(directories, directory, ':');) {
    const std::string candidate = directory + "/nsd";
    if (!directory.empty() && access(candidate.c_str(), X_OK) == 0) { return candidate; }
  }
  return failure("nsd is not installed; the lab's zones are served by it. Remedy: apt-get install nsd");
}

std::map<std::string, std::vector<BackendZone>> backends_of(const Catalogue& catalogue) {
  std::map<std::string, std::vector<BackendZone>> out;
  for (const ZoneSpec& zone : catalogue.zones()) {
    out[zone.backend].push_back({.zone = &zone, .stale = false});
    for (const Server& server : zone.servers) {
      if (!server.stale) { continue; }
      out["stale"].push_back({.zone = &zone, .stale = true});
      break;
    }
  }
  return out;
}

std::string NsdFleet::config_path(const std::string& backend) const {
  return fmt::format("{}/nsd-{}.conf", dir_, backend);
}
std::string NsdFleet::log_path(const std::string& backend) const { return fmt::format("{}/nsd-{}.log", dir_, backend); }

int NsdFleet::end_leftovers() {
  int ended = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(dir_, error)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("nsd-") || !name.ends_with(".pid")) { continue; }
    std::ifstream in(entry.path());
    pid_t pid = 0;
    in >> pid;
    // A pid file may be old and its number somebody else's by now: only a process with our configuration is ours.
    const std::string config = entry.path().parent_path() / (name.substr(0, name.size() - 4) + ".conf");
    if (pid > 1 && command_line_of(pid).contains(config)) {
      end_group(pid, leftover_ended);
      ++ended;
    }
    std::filesystem::remove(entry.path(), error);
  }
  return ended;
}

Outcome<void> NsdFleet::write_config(const Nsd& nsd) const {
  std::ofstream out(config_path(nsd.backend));
  // rrl-ratelimit: NSD's answers go to one client, the proxy, whose rate is the point of a benchmark.
  out << fmt::format(
      "server:\n  ip-address: {}@{}\n  username: \"\"\n  chroot: \"\"\n  zonesdir: \"{}\"\n  database: \"\"\n"
      "  pidfile: \"{}/nsd-{}.pid\"\n  xfrdfile: \"{}/nsd-{}.xfrd\"\n  zonelistfile: \"{}/nsd-{}.zones\"\n"
      "  logfile: \"{}\"\n  server-count: 1\n  tcp-count: 1000\n  tcp-timeout: 30\n  do-ip6: no\n  hide-version: yes\n"
      "  rrl-ratelimit: 0\n  rrl-whitelist-ratelimit: 0\n  ipv4-edns-size: 1232\n  minimal-responses: no\n"
      "  xfrdir: \"{}\"\nremote-control:\n  control-enable: no\n",
      kBackendAddress, nsd.port, dir_, dir_, nsd.backend, dir_, nsd.backend, dir_, nsd.backend, log_path(nsd.backend),
      dir_);
  for (const BackendZone& entry : nsd.zones) {
    out << fmt::format("zone:\n  name: \"{}\"\n  zonefile: \"{}\"\n", entry.zone->apex,
                       zone_file_path(dir_, *entry.zone, entry.stale));
  }
  out.close();
  return out ? Outcome<void>() : failure(fmt::format("cannot write {}", config_path(nsd.backend)));
}

Outcome<void> NsdFleet::launch(const std::string& program, Nsd& nsd) const {
  const std::string config = config_path(nsd.backend);
  const int log = open(log_path(nsd.backend).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (log < 0) { return failure(fmt::format("cannot write {}: {}", log_path(nsd.backend), std::strerror(errno))); }
  const pid_t parent = getpid();
  nsd.pid = fork();
  if (nsd.pid == 0) { become_nsd(program.c_str(), config.c_str(), log, parent); }
  close(log);
  if (nsd.pid > 0) { setpgid(nsd.pid, nsd.pid); }  // here as well: whoever comes first
  if (nsd.pid < 0) { return failure(fmt::format("cannot start nsd: {}", std::strerror(errno))); }
  return {};
}

std::string NsdFleet::last_words(const Nsd& nsd) const {
  constexpr std::size_t kLines = 12;
  std::ifstream in(log_path(nsd.backend));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (line.contains("error") || line.contains("warning")) { lines.push_back(line); }
  }
  std::string text;
  for (std::size_t i = lines.size() > kLines ? lines.size() - kLines : 0; i < lines.size(); ++i) {
    text += "\n  " + lines[i];
  }
  return text.empty() ? fmt::format("\n  (see {})", log_path(nsd.backend)) : text;
}

// NSD has no call that says "all loaded", so each zone is asked for its SOA: a zone that did not load gives SERVFAIL.
Outcome<void> NsdFleet::await_zones(Nsd& nsd, const std::function<bool()>& interrupted) const {
  const Outcome<Socket> socket = connect_udp(*Endpoint::parse(kBackendAddress, nsd.port));
  if (!socket) { return failure(socket.error()); }
  const auto end = Clock::now() + kStartTimeout;
  for (const BackendZone& entry : nsd.zones) {
    const std::string query = make_query(to_wire(entry.zone->apex), LDNS_RR_TYPE_SOA, 0x4c42);
    for (bool answered = false; !answered;) {
      if (waitpid(nsd.pid, nullptr, WNOHANG) != 0) {
        nsd.pid = -1;
        return failure(fmt::format("nsd for {} ended at its start:{}", nsd.backend, last_words(nsd)));
      }
      if (interrupted()) { return failure("interrupted while the zones were loading"); }
      if (Clock::now() > end) {
        return failure(fmt::format("nsd for {} does not answer:{}", nsd.backend, last_words(nsd)));
      }
      send(socket->fd(), query.data(), query.size(), 0);
      pollfd wait = {.fd = socket->fd(), .events = POLLIN, .revents = 0};
      poll(&wait, 1, 200);
      std::array<char, 4096> buffer{};
      const ssize_t got = recv(socket->fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got < 12) {  // nobody listens yet
        pause();
        continue;
      }
      answered = true;
      if (const int rcode = buffer[3] & 0x0f; rcode != LDNS_RCODE_NOERROR) {
        return failure(
            fmt::format("nsd could not load zone {} (rcode {}):{}", entry.zone->apex, rcode, last_words(nsd)));
      }
    }
  }
  return {};
}

Outcome<void> NsdFleet::start(const Catalogue& catalogue, const std::function<bool()>& interrupted) {
  const Outcome<std::string> program = find_nsd();
  if (!program) { return failure(program.error()); }
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::uint16_t port = kFirstBackendPort;
  for (auto& [backend, zones] : backends_of(catalogue)) {
    Nsd nsd;
    nsd.backend = backend;
    nsd.zones = std::move(zones);
    while (port < kFirstBackendPort + kBackendPorts && !is_free(port)) { ++port; }
    if (port == kFirstBackendPort + kBackendPorts) {
      return failure(fmt::format("no free port on {} from {} on", kBackendAddress, kFirstBackendPort));
    }
    nsd.port = port++;
    if (Outcome<void> written = write_config(nsd); !written) { return written; }
    if (Outcome<void> started = launch(*program, nsd); !started) { return started; }
    fleet_.push_back(std::move(nsd));
  }
  for (Nsd& nsd : fleet_) {
    if (Outcome<void> up = await_zones(nsd, interrupted); !up) { return up; }
  }
  return {};
}

void NsdFleet::stop() {
  for (const Nsd& nsd : fleet_) {
    if (nsd.pid > 0) { kill(nsd.pid, SIGTERM); }  // all at once, so that they end side by side
  }
  for (Nsd& nsd : fleet_) {
    if (nsd.pid > 0) { end_group(nsd.pid, group_ended); }
    nsd.pid = -1;
    std::error_code error;
    std::filesystem::remove(fmt::format("{}/nsd-{}.pid", dir_, nsd.backend), error);
  }
  fleet_.clear();
}

std::uint16_t NsdFleet::port(const std::string& backend) const {
  for (const Nsd& nsd : fleet_) {
    if (nsd.backend == backend) { return nsd.port; }
  }
  return 0;
}

bool NsdFleet::has_died(std::string& why) {
  for (Nsd& nsd : fleet_) {
    if (nsd.pid > 0 && waitpid(nsd.pid, nullptr, WNOHANG) == nsd.pid) {
      nsd.pid = -1;
      why = fmt::format("nsd for {} ended unexpectedly:{}", nsd.backend, last_words(nsd));
      return true;
    }
  }
  return false;
}

}  // namespace vouch::lab
