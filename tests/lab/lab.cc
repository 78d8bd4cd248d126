#include "tests/lab/lab.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/lab/authority.h"
#include "tests/lab/builder.h"
#include "tests/lab/certificates.h"
#include "tests/lab/control.h"
#include "tests/lab/event_loop.h"
#include "tests/lab/nsd.h"
#include "tests/lab/tcp_proxy.h"
#include "tests/lab/udp_proxy.h"

namespace vouch::lab {

namespace {

constexpr const char* kOptionsFile = "options";
constexpr rlim_t kFiles = 8192;  // two sockets per address, two per TCP session and back end

void say(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

double unix_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kFiles) { return; }
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY ? kFiles : std::min(kFiles, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

// One lab per folder. The kernel lets go of the lock when we end, however we end.
Outcome<Socket> lock_folder(const std::string& dir) {
  const std::string path = dir + "/lock";
  Socket lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.fd() < 0) { return failure(fmt::format("cannot write {}: {}", path, std::strerror(errno))); }
  if (flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) { return failure(fmt::format("another lab is at work in {}", dir)); }
  return lock;
}

Outcome<std::string> read_text(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) { return failure(fmt::format("cannot read {}", path)); }
  return text.str();
}

Outcome<void> build_in(const std::string& dir, const LabSettings& settings, const Catalogue& catalogue) {
  if (Outcome<void> built = build(catalogue, dir, std::time(nullptr), say); !built) { return built; }
  if (Outcome<void> written = write_certificates(dir); !written) { return written; }
  std::ofstream out(dir + "/" + kOptionsFile);
  const Options& options = settings.options;
  out << fmt::format("seed {}\nbig {}\nleaves {}\nhostile {}\nport {}\n", options.seed, options.big, options.leaves,
                     options.hostile, settings.port);
  out.close();
  return out ? Outcome<void>() : failure(fmt::format("cannot write {}/{}", dir, kOptionsFile));
}

Outcome<void> load_impairments(Authority& authority, const std::string& path) {
  if (path.empty()) { return {}; }
  const Outcome<std::string> text = read_text(path);
  if (!text) { return failure(text.error()); }
  Outcome<std::vector<Impairment>> read = parse_impairments(*text);
  if (!read) { return failure(fmt::format("{}: {}", path, read.error())); }
  for (Impairment& impairment : *read) { authority.add(std::move(impairment)); }
  return {};
}

// Everything that lives while the lab runs. Members end in reverse order: the sockets first, the event base last.
class RunningLab {
 public:
  RunningLab(const Catalogue& catalogue, const std::string& dir)
      : catalogue_(catalogue), dir_(dir), authority_(catalogue, unix_seconds), fleet_(dir) {
    // Before anything is started: from now on a signal ends the lab in order.
    for (Event* one : {&on_interrupt_, &on_terminate_, &on_child_}) { event_add(one->get(), nullptr); }
  }

  Outcome<void> start(const LabRequest& request, std::uint16_t port) {
    if (const int ended = fleet_.end_leftovers(); ended > 0) {
      say(fmt::format("ended {} nsd left by an earlier lab", ended));
    }
    if (!bind_udp(*Endpoint::parse("::1", 0))) {
      say("warning: no IPv6 here; v6only.nsec. cannot be reached");
      authority_.give_up_ipv6();
    }
    if (Outcome<void> loaded = load_impairments(authority_, request.impair_file); !loaded) { return loaded; }
    if (!request.log_file.empty()) {
      if (Outcome<void> opened = authority_.log().open_file(request.log_file); !opened) { return opened; }
    }
    // The public sockets before anything else: a taken port is the likeliest trouble, and is then told at once.
    for (Outcome<void> bound : {udp_.bind(port), tcp_.bind(port)}) {
      if (!bound) { return failure(bound.error() + "; is another lab running? --port chooses another port"); }
    }
    if (Outcome<void> started = fleet_.start(catalogue_, [this] { return is_ended(); }); !started) {
      return trouble_.empty() ? started : failure(trouble_);
    }
    std::vector<std::uint16_t> ports;
    for (const std::string& backend : authority_.backends()) { ports.push_back(fleet_.port(backend)); }
    tcp_.connect(kBackendAddress, ports);
    if (Outcome<void> connected = udp_.connect(kBackendAddress, ports); !connected) { return connected; }
    return control_.listen(dir_);
  }

  std::size_t server_count() const { return authority_.servers().size(); }

  // Until SIGINT or SIGTERM, or until an NSD ends by itself.
  Outcome<void> serve() {
    const Event each_second(event_new(base_.get(), -1, EV_PERSIST, &RunningLab::on_second, this));
    const timeval second = {.tv_sec = 1, .tv_usec = 0};
    event_add(each_second.get(), &second);
    if (!ended_) { event_base_dispatch(base_.get()); }
    authority_.log().flush();
    return trouble_.empty() ? Outcome<void>() : failure(trouble_);
  }

 private:
  static void on_end(evutil_socket_t, short, void* argument) {
    auto* self = static_cast<RunningLab*>(argument);
    self->ended_ = true;
    event_base_loopbreak(self->base_.get());
  }
  static void on_child(evutil_socket_t, short, void* argument) {
    auto* self = static_cast<RunningLab*>(argument);
    if (self->fleet_.has_died(self->trouble_)) { on_end(-1, 0, self); }
  }
  static void on_second(evutil_socket_t, short, void* self) {
    static_cast<RunningLab*>(self)->authority_.log().flush();
  }

  // Looks whether a signal has come while nobody runs the loop.
  bool is_ended() {
    event_base_loop(base_.get(), EVLOOP_NONBLOCK);
    return ended_;
  }

  const Catalogue& catalogue_;
  std::string dir_;
  bool ended_ = false;
  EventBase base_{event_base_new()};
  Event on_interrupt_{evsignal_new(base_.get(), SIGINT, &RunningLab::on_end, this)};
  Event on_terminate_{evsignal_new(base_.get(), SIGTERM, &RunningLab::on_end, this)};
  Event on_child_{evsignal_new(base_.get(), SIGCHLD, &RunningLab::on_child, this)};
  Authority authority_;
  NsdFleet fleet_;
  DelayLine delays_{base_.get()};
  UdpProxy udp_{base_.get(), authority_, delays_};
  TcpProxy tcp_{base_.get(), authority_, delays_};
  ControlServer control_{base_.get(), authority_};
  std::string trouble_;
};

}  // namespace

Outcome<std::string> open_folder(const std::string& dir) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  const std::filesystem::path absolute = std::filesystem::canonical(dir, error);
  if (error) { return failure(fmt::format("cannot use the folder {}: {}", dir, error.message())); }
  return absolute.string();
}

LabSettings settings_for(const LabRequest& request, const std::string& dir) {
  LabSettings settings;
  std::ifstream in(dir + "/" + kOptionsFile);
  std::string key;
  for (std::uint64_t value = 0; in >> key >> value;) {
    if (key == "seed") { settings.options.seed = value; }
    if (key == "big") { settings.options.big = static_cast<std::uint32_t>(value); }
    if (key == "leaves") { settings.options.leaves = static_cast<std::uint32_t>(value); }
    if (key == "hostile") { settings.options.hostile = static_cast<std::uint32_t>(value); }
    if (key == "port") { settings.port = static_cast<std::uint16_t>(value); }
  }
  settings.options.seed = request.seed.value_or(settings.options.seed);
  settings.options.big = request.big.value_or(settings.options.big);
  settings.options.leaves = request.leaves.value_or(settings.options.leaves);
  settings.options.hostile = request.hostile.value_or(settings.options.hostile);
  settings.port = request.port.value_or(settings.port);
  return settings;
}

Outcome<void> build_lab(const LabRequest& request) {
  const Outcome<std::string> dir = open_folder(request.dir);
  if (!dir) { return failure(dir.error()); }
  const Outcome<Socket> lock = lock_folder(*dir);
  if (!lock) { return failure(lock.error()); }
  const LabSettings settings = settings_for(request, *dir);
  const Catalogue catalogue = make_catalogue(settings.options);
  if (Outcome<void> built = build_in(*dir, settings, catalogue); !built) { return built; }
  say(fmt::format("built {} zones in {}", catalogue.zones().size(), *dir));
  return {};
}

Outcome<void> run_lab(const LabRequest& request) {
  const Outcome<std::string> dir = open_folder(request.dir);
  if (!dir) { return failure(dir.error()); }
  const Outcome<Socket> lock = lock_folder(*dir);
  if (!lock) { return failure(lock.error()); }
  signal(SIGPIPE, SIG_IGN);
  raise_file_limit();
  const LabSettings settings = settings_for(request, *dir);
  const Catalogue catalogue = make_catalogue(settings.options);
  if (Outcome<void> built = build_in(*dir, settings, catalogue); !built) { return built; }
  RunningLab lab(catalogue, *dir);
  if (Outcome<void> started = lab.start(request, settings.port); !started) { return started; }
  say(fmt::format("ready port={} zones={} servers={} dir={}", settings.port, catalogue.zones().size(),
                  lab.server_count(), *dir));
  return lab.serve();
}

}  // namespace vouch::lab
