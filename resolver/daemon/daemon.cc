#include "resolver/daemon/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/daemon/anchor_file.h"
#include "resolver/daemon/control/control.h"
#include "resolver/daemon/log_output.h"
#include "resolver/daemon/observatory.h"
#include "resolver/daemon/process.h"
#include "resolver/daemon/recurring.h"
#include "resolver/daemon/statistics.h"
#include "resolver/daemon/version.h"
#include "resolver/daemon/worker.h"
#include "resolver/dnssec/algorithms.h"
#include "resolver/policy/discovery.h"

namespace vouch {

namespace {

// A worker that is in the midst of a long turn is not waited for longer: whoever ends a service wants it to end.
constexpr std::chrono::milliseconds kStopPatience{800};

// For the history's last transaction: a few milliseconds, unless the disk is ill.
constexpr std::chrono::seconds kWritePatience{5};

// How often the certificate's files are looked at. A renewal is due for weeks before the old one ends.
constexpr std::chrono::seconds kLookAgain{60};

// Counts workers down as they end.
class Endings {
 public:
  explicit Endings(std::size_t count) : left_(count) {}
  void one_ended() {
    const std::lock_guard lock(mutex_);
    --left_;
    changed_.notify_all();
  }
  bool wait_for_all(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, at_most, [this] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t left_;
};

// Signals wait in the kernel until the main thread asks for them; the workers inherit the mask and never see one.
sigset_t block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) { sigaddset(&set, number); }
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);  // NOLINT: a client that went away is an error code, not the end
  return set;
}

void complain(const std::string& problem) { log(LogLevel::error, "cannot_start", {{"problem", problem}}); }

// Zones that the operator has set an anchor for, positive or negative: they may be named whoever met them.
std::vector<Name> anchored_names(const DnssecOptions& options) {
  std::vector<Name> names;
  for (const TrustAnchor& anchor : options.trust_anchors) { names.push_back(anchor.owner); }
  for (const NegativeAnchor& anchor : options.negative_trust_anchors) { names.push_back(anchor.name); }
  return names;
}

// The addresses of one key that can be listened on. A machine without IPv6 has no ::1, and the default asks for it;
// that alone is no reason not to serve. Anything else is.
std::expected<std::vector<SocketAddress>, std::string> usable_addresses(std::string_view key,
                                                                        const std::vector<SocketAddress>& wanted,
                                                                        ListenKind kind) {
  std::vector<SocketAddress> usable;
  for (const SocketAddress& address : wanted) {
    const auto problem = listen_problem(key, address, kind);
    if (!problem) {
      usable.push_back(address);
    } else if (problem->has_no_such_address && !address.ip().is_v4() && address.ip().is_loopback() &&
               wanted.size() > 1) {
      log(LogLevel::warning, "no_ipv6_loopback", {{"address", address.text()}});
    } else {
      return std::unexpected(problem->text);
    }
  }
  if (usable.empty() && !wanted.empty()) {
    return std::unexpected("no address of " + std::string(key) + " can be listened on");
  }
  return usable;
}

std::expected<ListenAddresses, std::string> usable_addresses(const ListenerOptions& listeners) {
  ListenAddresses usable;
  struct Group {
    std::string_view key;
    const std::vector<SocketAddress>& wanted;
    ListenKind kind;
    std::vector<SocketAddress>& usable;
  };
  const Group groups[] = {
      {"server.listen", listeners.addresses, ListenKind::udp_and_tcp, usable.dns},
      {"server.tls.listen", listeners.tls, ListenKind::tcp, usable.tls},
      {"server.https.listen", listeners.https, ListenKind::tcp, usable.https},
      {"server.https.cleartext_listen", listeners.cleartext_https, ListenKind::tcp, usable.cleartext_https},
      {"server.quic.listen", listeners.quic, ListenKind::udp, usable.quic},
  };
  for (const Group& group : groups) {
    auto found = usable_addresses(group.key, group.wanted, group.kind);
    if (!found) { return std::unexpected(std::move(found.error())); }
    group.usable = std::move(*found);
  }
  return usable;
}

class Daemon {
 public:
  explicit Daemon(Configuration configuration)
      : configuration_(std::move(configuration)),
        clock_(configuration_.cache.ttl_clock),
        caches_(configuration_.cache),
        anchors_(anchors_from(configuration_.dnssec)),
        trust_(caches_.share_of_trust()),
        ledger_(configuration_.telemetry, anchored_names(configuration_.dnssec), telemetry_random_, clock_.wall()),
        identity_(configuration_.listeners, configuration_.process.state_dir) {
    const DnssecMode mode = configuration_.dnssec.mode;
    configuration_.front.require_validation = mode != DnssecMode::off;
    configuration_.front.withhold_bogus = mode == DnssecMode::enforce;
  }
  ~Daemon() {
    if (control_ != nullptr) { control_->stop(); }  // it posts to all the others
    workers_.clear();                               // before what they lean on
    observatory_.reset();                           // what they post to, and read by it
    control_.reset();                               // what both post to
    set_log_sink(nullptr);                          // log_ goes
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  ExitStatus run() {
    const sigset_t signals = block_signals();
    set_log_level(configuration_.logging.level);
    if (const auto prepared = prepare(); !prepared) {
      complain(prepared.error());
      return ExitStatus::failed;
    }
    Endings endings(workers_.size());
    for (const auto& worker : workers_) {
      worker->start([&endings] { endings.one_ended(); });
    }
    if (observatory_ != nullptr) { observatory_->start(); }
    if (control_ != nullptr) { control_->start(); }
    announce();
    wait_for_end(signals);
    notify_service_manager("STOPPING=1");
    if (control_ != nullptr) { control_->stop(); }
    for (const auto& worker : workers_) { worker->stop(); }
    const bool all_ended = endings.wait_for_all(kStopPatience);
    if (observatory_ != nullptr) { observatory_->finish(kWritePatience); }
    log_statistics();
    log(LogLevel::notice, "ended", {{"in_order", all_ended}});
    if (!all_ended) { ::_exit(static_cast<int>(ExitStatus::good)); }  // nothing here is worth a longer wait
    return ExitStatus::good;
  }

 private:
  // Everything that can fail, in the order in which privileges allow it.
  std::expected<void, std::string> prepare() {
    descriptor_limit_ = raise_descriptor_limit();
    share_descriptors();
    auto addresses = usable_addresses(configuration_.listeners);
    if (!addresses) { return std::unexpected(std::move(addresses.error())); }
    listen_ = std::move(*addresses);
    if (auto ready = check_cryptography(); !ready) { return ready; }
    if (auto ready = prepare_identity(); !ready) { return ready; }
    if (auto made = make_workers(); !made) { return made; }
    open_observatory();
    if (auto dropped = drop_privileges(configuration_.process.user); !dropped) { return dropped; }
    if (auto entered = enter_state_dir(configuration_.process.state_dir); !entered) { return entered; }
    auto output = LogOutput::open(configuration_.logging);  // as the user who will go on writing it
    if (!output) { return std::unexpected(std::move(output.error())); }
    log_ = std::move(*output);
    set_log_sink(log_.get());
    identity_.announce();
    if (auto built = build_local_zones(); !built) { return built; }
    keep_anchors();
    open_control();
    return {};
  }

  // As the user whose socket it shall be.
  void open_control() {
    ControlParts parts{.clock = clock_, .caches = caches_, .trust = trust_, .take_figures = {}};
    if (observatory_ != nullptr) {
      parts.take_figures = [this](ControlParts::WithFigures work) {
        observatory_->with_figures([this, work = std::move(work)](const Figures& figures, const StatusFigures& status) {
          control_->post([work, figures = std::make_shared<const Figures>(figures),
                          status = std::make_shared<const StatusFigures>(status)] { work(*figures, *status); });
        });
      };
    }
    control_ = Control::create(parts);
    if (control_ != nullptr) { control_->open(configuration_.control.socket); }
  }

  std::expected<void, std::string> prepare_identity() {
    if (auto read = identity_.read_named_files(); !read) { return read; }
    const auto user = AsUser::become(configuration_.process.user);
    if (!user) { return std::unexpected(user.error()); }
    return identity_.make_the_rest();
  }

  // Clients who know only our address can ask how else they may come (RFC 9462).
  DiscoveryOptions discovery() const {
    DiscoveryOptions options = configuration_.discovery;
    options.qname_minimisation = configuration_.resolver.minimisation != Minimisation::off;
    if (const auto identity = identity_.identities().current()) { options.name = name_for_clients(*identity); }
    const std::string& path = configuration_.listeners.http.path;
    const auto offer = [&](DesignatedProtocol protocol, const std::vector<SocketAddress>& listeners,
                           const std::string& its_path) {
      std::ranges::move(designations_of(protocol, listeners, its_path), std::back_inserter(options.designations));
    };
    offer(DesignatedProtocol::doh, listen_.https, path);
    offer(DesignatedProtocol::doh3, listen_.quic, path);
    offer(DesignatedProtocol::dot, listen_.tls, {});
    offer(DesignatedProtocol::doq, listen_.quic, {});
    return options;
  }

  std::expected<void, std::string> build_local_zones() {
    const DiscoveryOptions known = discovery();
    auto zones = LocalZones::build(configuration_.local_data, &known);
    if (!zones) { return std::unexpected("local_data: " + zones.error()); }
    local_zones_ = std::move(*zones);
    return {};
  }

  // What is tried out now is known for as long as the program runs. A library that cannot check what the root and most
  // zones are signed with would make them all insecure without a word.
  std::expected<void, std::string> check_cryptography() const {
    constexpr std::uint8_t kRsaSha256 = 8, kEcdsaP256 = 13, kSha256 = 2;
    if (configuration_.dnssec.mode == DnssecMode::off) { return {}; }
    const Sha1Policy sha1 = configuration_.dnssec.sha1;
    if (is_supported_algorithm(kRsaSha256, sha1) && is_supported_algorithm(kEcdsaP256, sha1) &&
        is_supported_digest(kSha256)) {
      return {};
    }
    return std::unexpected(
        "OpenSSL of this system refuses RSASHA256, ECDSA P-256 or SHA-256: validation cannot work. "
        "Mend its policy (openssl.cnf), or set dnssec.mode: off");
  }

  // As the user who will go on writing what is learnt, and before anything is validated.
  void keep_anchors() {
    if (configuration_.dnssec.mode == DnssecMode::off) { return; }
    if (configuration_.dnssec.rfc5011) { anchor_file_ = AnchorFile::in(configuration_.dnssec.state_directory); }
    keeper_ = std::make_unique<AnchorKeeper>(AnchorKeeperParts{.options = configuration_.dnssec,
                                                               .anchors = anchors_,
                                                               .trust = trust_,
                                                               .store = anchor_file_.get(),
                                                               .clock = clock_});
    workers_.front()->keep_anchors(*keeper_);
    status_.set_keeper(keeper_.get());
  }

  // Clients' connections must not take the descriptors with which servers are asked. Where the process may open few,
  // every kind gets its share, whatever the configuration hopes for.
  void share_descriptors() {
    constexpr std::size_t kOwn = 64;  // listeners, event loops, log, and what libraries open
    const std::size_t left = descriptor_limit_ - std::min<std::size_t>(descriptor_limit_ / 2, kOwn);
    const std::size_t each = left / worker_count();
    const auto lower = [](const char* what, auto& figure, std::size_t share) {
      const auto most = static_cast<std::decay_t<decltype(figure)>>(std::max<std::size_t>(1, share));
      if (figure <= most) { return; }
      log(LogLevel::warning, "descriptors_scarce", {{"lowered", what}, {"from", figure}, {"to", most}});
      figure = most;
    };
    const std::size_t clients = each / 4;
    const bool has_tls = !configuration_.listeners.tls.empty() || !configuration_.listeners.https.empty() ||
                         !configuration_.listeners.cleartext_https.empty();
    const std::size_t over_tls = has_tls ? clients / 2 : 0;
    lower("server.tcp.max_sessions", configuration_.listeners.sessions.total, clients - over_tls);
    if (has_tls) { lower("server.tls.max_sessions", configuration_.listeners.tls_sessions.total, over_tls); }
    lower("outgoing.max_connections", configuration_.outgoing.max_connections, each / 8);
    lower("outgoing.max_udp_sockets", configuration_.outgoing.max_udp_sockets, each / 2);
  }

  std::uint32_t worker_count() const {
    const std::uint32_t wanted = configuration_.process.workers;
    return wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
  }

  std::expected<void, std::string> make_workers() {
    const SharedParts parts{configuration_, local_zones_, clock_, caches_,   exchanges_,
                            front_,         anchors_,     trust_, identity_, recorded_};
    const std::uint32_t count = worker_count();
    for (std::uint32_t i = 0; i < count; ++i) {
      auto worker = Worker::create(parts, listen_, i, count);
      if (!worker) { return std::unexpected(std::move(worker.error())); }
      workers_.push_back(std::move(*worker));
    }
    return {};
  }

  void open_observatory() {
    std::vector<const Recorder*> recorders;
    for (const auto& worker : workers_) { recorders.push_back(&worker->recorder()); }
    const bool validates = configuration_.dnssec.mode != DnssecMode::off;
    observatory_ = Observatory::open({.configuration = configuration_,
                                      .clock = clock_,
                                      .ledger = ledger_,
                                      .together = recorded_,
                                      .status = status_,
                                      .recorders = std::move(recorders),
                                      .sites = {.worker = *workers_.front(),
                                                .local_zones = local_zones_,
                                                .chain = {anchors_, trust_, clock_, validates},
                                                .post = {}}});
    status_.set_workers(worker_count());
    status_.add_listeners("dns", listen_.dns);
    status_.add_listeners("tls", listen_.tls);
    status_.add_listeners("https", listen_.https);
    status_.add_listeners("cleartext_https", listen_.cleartext_https);
    status_.add_listeners("quic", listen_.quic);
    if (observatory_ != nullptr) { status_.add_listeners("web", observatory_->addresses()); }
  }

  void announce() {
    const auto tell = [](std::string_view protocol, const std::vector<SocketAddress>& addresses) {
      for (const SocketAddress& address : addresses) {
        log(LogLevel::info, "listening", {{"protocol", protocol}, {"address", address.text()}});
      }
    };
    tell("dns", listen_.dns);
    tell("tls", listen_.tls);
    tell("https", listen_.https);
    tell("cleartext_https", listen_.cleartext_https);
    tell("quic", listen_.quic);
    if (observatory_ != nullptr) { tell("web", observatory_->addresses()); }
    if (control_ != nullptr && control_->is_open()) {
      log(LogLevel::info, "controlled_by", {{"socket", configuration_.control.socket}});
    }
    warn_of_nameless_clients();
    if (is_root()) { log(LogLevel::warning, "running_as_root", {{"remedy", "name a user in server.user"}}); }
    log(LogLevel::notice, "ready",
        {{"version", kVersion},
         {"workers", workers_.size()},
         {"cache_octets", configuration_.cache.size},
         {"descriptors", descriptor_limit_}});
    notify_service_manager("READY=1");
  }

  // The reverse proxy's own address is among those that may ask, or its clients could not be served at all.
  void warn_of_nameless_clients() {
    for (const SocketAddress& address : listen_.cleartext_https) {
      const auto covers = [&](const Prefix& proxies) { return proxies.contains(address.ip()); };
      if (std::ranges::any_of(configuration_.listeners.proxies, covers)) { continue; }
      log(LogLevel::warning, "clients_unknown",
          {{"address", address.text()},
           {"problem", "to server.https.cleartext_listen the reverse proxy is the client, whoever uses it"},
           {"remedy",
            "let it send PROXY headers (version 2) and list it in server.proxy_protocol_from, or let it decide who may "
            "ask"}});
    }
  }

  void wait_for_end(const sigset_t& signals) {
    Recurring look(kLookAgain, clock_.monotonic());
    for (;;) {
      const Duration left = look.left(clock_.monotonic());
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
      const timespec patience{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
      const int number = ::sigtimedwait(&signals, nullptr, &patience);
      if (look.take(clock_.monotonic())) { identity_.look_again(false); }
      if (number < 0) { continue; }
      if (number == SIGUSR1) {
        log_statistics();
      } else if (number == SIGHUP) {
        identity_.look_again(true);
        log(LogLevel::notice, "configuration_not_reloaded",
            {{"remedy", "restart vouchd for a new configuration; certificates are renewed without"}});
      } else {
        log(LogLevel::notice, "ending", {{"signal", number == SIGINT ? "INT" : "TERM"}});
        return;
      }
    }
  }

  void log_statistics() {
    std::vector<const WorkerCounters*> counters;
    for (const auto& worker : workers_) { counters.push_back(&worker->counters()); }
    log_plain(LogLevel::notice, "event=statistics " + statistics_line(counters));
  }

  Configuration configuration_;
  SystemClock clock_;
  LocalZones local_zones_;
  Caches caches_;
  SharedExchanges exchanges_;
  FrontShared front_;
  TrustAnchors anchors_;
  TrustCache trust_;
  std::unique_ptr<AnchorFile> anchor_file_;
  std::unique_ptr<AnchorKeeper> keeper_;
  SystemRandom telemetry_random_;
  ZoneLedger ledger_;
  ExpiryWatch expiry_;
  const RecordedTogether recorded_{ledger_, expiry_};
  ServerIdentity identity_;
  StatusSource status_{{configuration_, clock_, caches_, anchors_, trust_, identity_.identities()}};
  ListenAddresses listen_;
  std::uint64_t descriptor_limit_ = 0;
  std::unique_ptr<LogOutput> log_;
  std::unique_ptr<Observatory> observatory_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<Control> control_;
};

}  // namespace

ExitStatus run_daemon(const Configuration& configuration) {
  const auto daemon = std::make_unique<Daemon>(configuration);  // the tables in it are too large for a stack
  return daemon->run();
}

}  // namespace vouch
