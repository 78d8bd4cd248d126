#include "resolver/daemon/daemon.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/daemon/anchor_file.h"
#include "resolver/daemon/chore_thread.h"
#include "resolver/daemon/confinement.h"
#include "resolver/daemon/control/control.h"
#include "resolver/daemon/control/explain_commands.h"
#include "resolver/daemon/control/negative_anchor_commands.h"
#include "resolver/daemon/explaining.h"
#include "resolver/daemon/forgetting.h"
#include "resolver/daemon/log_output.h"
#include "resolver/daemon/negative_anchor_file.h"
#include "resolver/daemon/observatory.h"
#include "resolver/daemon/policy_watch.h"
#include "resolver/daemon/process.h"
#include "resolver/daemon/recurring.h"
#include "resolver/daemon/reloader.h"
#include "resolver/daemon/root_keeper.h"
#include "resolver/daemon/service_manager.h"
#include "resolver/daemon/snapshot_command.h"
#include "resolver/daemon/snapshot_grounds.h"
#include "resolver/daemon/snapshot_keeper.h"
#include "resolver/daemon/statistics.h"
#include "resolver/daemon/version.h"
#include "resolver/daemon/watchdog.h"
#include "resolver/daemon/worker.h"
#include "resolver/dnssec/algorithms.h"

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

class Daemon {
 public:
  Daemon(Configuration configuration, std::string config_file)
      : configuration_(std::move(configuration)),
        config_file_(std::move(config_file)),
        clock_(configuration_.cache.ttl_clock),
        caches_(configuration_.cache),
        anchors_(anchors_from(configuration_.dnssec)),
        trust_(caches_.share_of_trust()),
        ledger_(configuration_.telemetry, anchored_names(configuration_.dnssec), telemetry_random_, clock_.wall()),
        identity_(configuration_.listeners, configuration_.process.state_dir) {}
  ~Daemon() {
    // First, as it writes to workers' counters.
    if (dnstap_ != nullptr) { dnstap_->finish(); }
    if (control_ != nullptr) { control_->stop(); }  // it posts to all the others
    watchdog_.reset();
    policy_watch_.reset();  // it posts to the workers
    workers_.clear();       // before what they lean on
    observatory_.reset();   // what they post to, and read by it
    root_keeper_.reset();   // which the observatory asks
    chores_.wait();         // what all of them have left to do
    control_.reset();       // what they post to
    set_log_sink(nullptr);  // log_ goes
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
    if (dnstap_ != nullptr) { dnstap_->start(); }
    if (root_keeper_ != nullptr) { root_keeper_->start(); }
    if (observatory_ != nullptr) { observatory_->start(); }
    if (control_ != nullptr) { control_->start(); }
    policy_watch_.emplace([this] { look_at_lists(); });
    rpz_->start();
    snapshots_.start();
    announce();
    begin_watchdog();
    wait_for_end(signals);
    watchdog_.reset();
    policy_watch_.reset();
    notify_service_manager("STOPPING=1");
    reloader_->stop();
    rpz_.reset();
    if (control_ != nullptr) { control_->stop(); }
    for (const auto& worker : workers_) { worker->stop(); }
    const bool all_ended = endings.wait_for_all(kStopPatience);
    if (dnstap_ != nullptr) { dnstap_->finish(); }
    if (observatory_ != nullptr) { observatory_->finish(kWritePatience); }
    snapshots_.finish(kWritePatience);
    log_statistics();
    log(LogLevel::notice, "ended", {{"in_order", all_ended}});
    if (!all_ended) { ::_exit(static_cast<int>(ExitStatus::good)); }  // nothing here is worth a longer wait
    return ExitStatus::good;
  }

 private:
  // Everything that can fail, in the order in which privileges allow it.
  std::expected<void, std::string> prepare() {
    reach_service_manager();
    descriptor_limit_ = raise_descriptor_limit();
    status_.set_descriptor_limit(descriptor_limit_);
    if (auto ready = check_cryptography(); !ready) { return ready; }
    if (auto ready = prepare_identity(); !ready) { return ready; }
    const ProcessFacts process = process_facts();
    auto generation = make_generation(configuration_, process);
    if (!generation) { return std::unexpected(std::move(generation.error())); }
    current_.set(*generation);
    auto fleet = Fleet::make(configuration_);
    if (!fleet) { return std::unexpected(std::move(fleet.error())); }
    fleet_ = std::move(*fleet);
    if (auto made = make_workers(*generation); !made) { return made; }
    rpz_ = RpzKeeper::create(clock_);
    if (rpz_ == nullptr) { return std::unexpected("descriptors have run out (RLIMIT_NOFILE)"); }
    make_reloader(process);
    open_observatory();
    if (auto dropped = drop_privileges(configuration_.process.user); !dropped) { return dropped; }
    if (auto entered = enter_state_dir(configuration_.process.state_dir); !entered) { return entered; }
    auto output = LogOutput::open(configuration_.logging);  // as the user who will go on writing it
    if (!output) { return std::unexpected(std::move(output.error())); }
    log_ = std::move(*output);
    set_log_sink(log_.get());
    identity_.announce();
    workers_.front()->keep_anchors(make_keeper(*generation));
    keep_root();  // whose copy the anchors just taken up have to vouch for
    if (auto made = begin_policy((*generation)->configuration); !made) { return made; }
    keep_negative_anchors();
    open_control();
    snapshots_.prepare();
    return confine();
  }

  // As the user who will read its files again.
  std::expected<void, std::string> begin_policy(const Configuration& configuration) {
    rpz_->keep(configuration);
    if (auto read = rpz_->store().read_all(configuration.rpz); !read) { return read; }
    const auto policy = policy_of(configuration, lists_, rpz_->store());
    if (!policy) { return std::unexpected("policy: " + policy.error()); }
    prepare_caches_for(*policy, caches_);
    for (const auto& worker : workers_) { worker->use_policy(*policy); }
    rpz_->on_change([this] { reloader_->renew_policy(); });
    return {};
  }

  // On the watch's thread.
  void look_at_lists() {
    if (lists_.have_changed(current_.get()->configuration.policy)) { reloader_->renew_policy(); }
  }

  // As the user whose socket it shall be.
  void open_control() {
    ControlParts parts{
        .clock = clock_, .caches = caches_, .trust = trust_, .take_figures = {}, .ask = {}, .recorders = {}};
    parts.ask = [this](Buffer query, const IpAddress& client, std::function<void(const Buffer&)> done) {
      workers_.front()->ask(std::move(query), SocketAddress(client, 0), [this, done = std::move(done)](Buffer reply) {
        control_->post([done, reply = std::move(reply)] { done(reply); });
      });
    };
    if (fleet_ != nullptr) {
      parts.forget_shared = [this](NameView name, Forgotten::Scope scope, Type type) {
        fleet_->forgotten.mark(name, scope, type, clock_.wall());
        if (scope == Forgotten::Scope::name) { workers_.front()->forget_shared(Name(name), type); }
      };
    }
    for (const auto& worker : workers_) { parts.recorders.push_back(&worker->recorder()); }
    if (observatory_ != nullptr) {
      parts.take_figures = [this](ControlParts::WithFigures work) {
        observatory_->with_figures([this, work = std::move(work)](const Figures& figures, const StatusFigures& status) {
          control_->post([work, figures = std::make_shared<const Figures>(figures),
                          status = std::make_shared<const StatusFigures>(status)] { work(*figures, *status); });
        });
      };
    }
    control_ = Control::create(parts);
    if (control_ == nullptr) { return; }
    add_reload_command(control_->server(), [this] { return reloader_->reload(); });
    const auto post = [this](std::move_only_function<void()> work) { control_->post(std::move(work)); };
    add_explain_command(control_->registry(), {.explaining = *explaining_, .post = post});
    add_negative_anchor_commands(
        control_->registry(),
        {.negatives = *negative_keeper_,
         .file = negative_file_.get(),
         .in_force = [this] { return explaining_->negatives_in_force(); },
         .validates = [this] { return current_.get()->configuration.dnssec.mode != DnssecMode::off; },
         .post = post});
    add_snapshot_command(*control_, snapshots_);
    control_->open(configuration_.control.socket);
  }

  // The last of it: what follows needs nothing that is given up here.
  std::expected<void, std::string> confine() {
    if (is_root()) { log(LogLevel::warning, "running_as_root", {{"remedy", "name a user in server.user"}}); }
    const ConfiguredGrants found = grants_of(configuration_, std::filesystem::current_path().string());
    const auto sockets = dnstap_ == nullptr ? SocketKinds::internet : SocketKinds::internet_and_unix;
    if (auto entered = confinement_.enter(configuration_.process.confinement, found.grants, sockets); !entered) {
      return entered;
    }
    log(LogLevel::notice, "confined", {{"to", confinement_.text()}});
    for (const std::string& lack : confinement_.lacks()) {
      log(LogLevel::warning, "confinement_incomplete", {{"because", lack}});
    }
    status_.set_confinement(confinement_.text(), confinement_.is_whole());
    if (configuration_.process.confinement == ConfinementMode::off) { return {}; }
    for (const std::string& file : found.narrow) {
      log(LogLevel::notice, "file_cannot_be_replaced",
          {{"file", file},
           {"because", "it lies in a folder that others share, which is not opened for it"},
           {"remedy", "give it a folder of its own, or restart vouchd after it was replaced"}});
    }
    return {};
  }

  void begin_watchdog() {
    const auto patience = watchdog_patience();
    if (!patience) { return; }
    std::vector<TurnCheck::Post> loops;
    for (const auto& worker : workers_) {
      loops.emplace_back([&worker = *worker](std::move_only_function<void()> note) { worker.post(std::move(note)); });
    }
    watchdog_ = std::make_unique<Watchdog>(std::move(loops), *patience, [] { notify_service_manager("WATCHDOG=1"); });
  }

  std::expected<void, std::string> prepare_identity() {
    if (auto read = identity_.read_named_files(); !read) { return read; }
    const auto user = AsUser::become(configuration_.process.user);
    if (!user) { return std::unexpected(user.error()); }
    return identity_.make_the_rest();
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
        "OpenSSL of this system refuses RSASHA256, ECDSA P-256 or SHA-256, or had no memory: validation cannot work. "
        "Mend its policy (openssl.cnf), or set dnssec.mode: off");
  }

  // What keeps the anchors for one generation.
  struct KeptAnchors {
    GenerationPtr generation;  // whose options it refers to
    std::unique_ptr<AnchorFile> file;
    std::optional<AnchorKeeper> keeper;
  };

  // As the user who will go on writing what is learnt, and before anything is validated. Null: nothing is validated.
  std::shared_ptr<AnchorKeeper> make_keeper(const GenerationPtr& generation) {
    status_.set_keeper(nullptr);  // the one before has to end before another takes up what it has stored
    const DnssecOptions& options = generation->configuration.dnssec;
    if (options.mode == DnssecMode::off) { return nullptr; }
    auto kept = std::make_shared<KeptAnchors>();
    kept->generation = generation;
    if (options.rfc5011) { kept->file = AnchorFile::in(options.state_directory); }
    kept->keeper.emplace(AnchorKeeperParts{
        .options = options, .anchors = anchors_, .trust = trust_, .store = kept->file.get(), .clock = clock_});
    const std::shared_ptr<AnchorKeeper> keeper(kept, &*kept->keeper);
    status_.set_keeper(keeper);
    return keeper;
  }

  // Those that are set at run time, as the user who will go on writing them, and before anything is validated.
  void keep_negative_anchors() {
    negative_file_ = NegativeAnchorFile::in(configuration_.dnssec.state_directory, chores_);
    negative_keeper_.emplace(NegativeAnchorParts{
        .anchors = anchors_,
        .forget = [this](NameView zone) { forget_judgements(caches_, trust_, zone); },
        .later = [this](std::move_only_function<void()> work) { chores_.post(std::move(work)); },
        .store = negative_file_.get(),
        .clock = clock_,
        .recheck_interval = [this] { return current_.get()->configuration.dnssec.negative_anchor_recheck; }});
    explaining_.emplace(Explaining::Parts{.worker = *workers_.front(),
                                          .current = current_,
                                          .clock = clock_,
                                          .caches = caches_,
                                          .trust = trust_,
                                          .anchors = anchors_,
                                          .local_root = local_root_,
                                          .negatives = *negative_keeper_});
    explaining_->keep_negatives();
    status_.set_explaining(&*explaining_);
  }

  SnapshotKeeper::Parts snapshot_parts() {
    return {.caches = caches_,
            .clock = clock_,
            .options = [this] { return current_.get()->configuration.cache.snapshot; },
            .terms = [this] { return snapshot_terms(); }};
  }

  SnapshotKeeper::Terms snapshot_terms() const {
    const GenerationPtr generation = current_.get();
    const Configuration& now = generation->configuration;
    const StaleOptions& stale = now.front.stale;
    return {.options = now.cache.snapshot,
            .grounds = snapshot_grounds(now.resolver, now.dnssec, *anchors_.current()),
            .proofs = now.dnssec.mode != DnssecMode::off && now.dnssec.aggressive_nsec,
            .max_stale = stale.enabled ? stale.max_stale : 0,
            .signature_skew = now.dnssec.signature_skew};
  }

  void keep_root() {
    if (!configuration_.resolver.local_root.enabled) { return; }
    root_keeper_ = RootKeeper::create({.resolver = configuration_.resolver,
                                       .outgoing = configuration_.outgoing,
                                       .dnssec = configuration_.dnssec,
                                       .clock = clock_,
                                       .anchors = anchors_,
                                       .root = local_root_});
    status_.set_root_keeper(root_keeper_.get());
  }

  std::uint32_t worker_count() const {
    const std::uint32_t wanted = configuration_.process.workers;
    return wanted != 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
  }

  // Clients' cookies stay valid through reloads, whoever made up the secret.
  ProcessFacts process_facts() {
    Buffer secret(FrontOptions::kCookieSecret);
    SystemRandom().fill(secret);
    return {.descriptor_limit = descriptor_limit_,
            .workers = worker_count(),
            .cookie_secret = std::move(secret),
            .identity = identity_};
  }

  void make_reloader(const ProcessFacts& process) {
    reloader_.emplace(Reloader::Parts{.config_file = config_file_,
                                      .current = current_,
                                      .process = process,
                                      .workers = workers_,
                                      .caches = caches_,
                                      .trust = trust_,
                                      .clock = clock_,
                                      .identity = identity_,
                                      .make_keeper = [this](const GenerationPtr& next) { return make_keeper(next); },
                                      .lists = lists_,
                                      .rpz = *rpz_});
  }

  std::expected<void, std::string> make_workers(const GenerationPtr& generation) {
    const DnstapOptions& dnstap = generation->configuration.dnstap;
    if (dnstap.is_wanted()) { dnstap_ = std::make_unique<DnstapStream>(dnstap.socket); }
    const SharedParts parts{clock_,      caches_,   exchanges_, anchors_,      trust_,
                            local_root_, identity_, recorded_,  dnstap_.get(), fleet_.get()};
    const std::uint32_t count = worker_count();
    for (std::uint32_t i = 0; i < count; ++i) {
      auto worker = Worker::create(parts, generation, i, count);
      if (!worker) { return std::unexpected(std::move(worker.error())); }
      workers_.push_back(std::move(*worker));
    }
    return {};
  }

  void open_observatory() {
    std::vector<const Recorder*> recorders;
    for (const auto& worker : workers_) { recorders.push_back(&worker->recorder()); }
    observatory_ = Observatory::open(
        {.configuration = configuration_,
         .clock = clock_,
         .ledger = ledger_,
         .together = recorded_,
         .status = status_,
         .recorders = std::move(recorders),
         .sites = {.worker = *workers_.front(), .current = current_, .chain = {anchors_, trust_, clock_}, .post = {}}});
    status_.set_workers(worker_count());
    if (observatory_ != nullptr) { status_.set_web(observatory_->addresses()); }
  }

  void announce() {
    const auto tell = [](std::string_view protocol, const std::vector<SocketAddress>& addresses) {
      for (const SocketAddress& address : addresses) {
        log(LogLevel::info, "listening", {{"protocol", protocol}, {"address", address.text()}});
      }
    };
    const GenerationPtr generation = current_.get();
    for (const ListenerGroup& group : listener_groups()) { tell(group.protocol, generation->listen.of(group.kind)); }
    if (observatory_ != nullptr) { tell("web", observatory_->addresses()); }
    if (control_ != nullptr && control_->is_open()) {
      log(LogLevel::info, "controlled_by", {{"socket", configuration_.control.socket}});
    }
    if (dnstap_ != nullptr) {
      log(LogLevel::notice, "dnstap_on",
          {{"socket", configuration_.dnstap.socket},
           {"told", "whoever listens there learns what clients ask for (docs/dnstap.md)"}});
    }
    warn_of_nameless_clients();
    log(LogLevel::notice, "ready",
        {{"version", kVersion},
         {"workers", workers_.size()},
         {"cache_octets", configuration_.cache.size},
         {"descriptors", descriptor_limit_}});
    notify_service_manager("READY=1");
  }

  // The reverse proxy's own address is among those that may ask, or its clients could not be served at all.
  void warn_of_nameless_clients() {
    for (const SocketAddress& address : current_.get()->listen.cleartext_https) {
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
      if (look.take(clock_.monotonic())) { reloader_->look_at_certificate(); }
      if (number < 0) { continue; }
      if (number == SIGUSR1) {
        log_statistics();
      } else if (number == SIGHUP) {
        reload();
      } else {
        log(LogLevel::notice, "ending", {{"signal", number == SIGINT ? "INT" : "TERM"}});
        return;
      }
    }
  }

  // The service manager waits for the second word (systemd.service(5), Type=notify-reload).
  void reload() {
    const auto now = std::chrono::duration_cast<std::chrono::microseconds>(clock_.monotonic().time_since_epoch());
    notify_service_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
    reloader_->reload();
    notify_service_manager("READY=1");
  }

  void log_statistics() {
    std::vector<const WorkerCounters*> counters;
    for (const auto& worker : workers_) { counters.push_back(&worker->counters()); }
    log_plain(LogLevel::notice, "event=statistics " + statistics_line(counters));
  }

  const Configuration configuration_;  // as the process was started with
  const std::string config_file_;
  SystemClock clock_;
  Caches caches_;
  SharedExchanges exchanges_;
  TrustAnchors anchors_;
  TrustCache trust_;
  LocalRoot local_root_;
  SystemRandom telemetry_random_;
  ZoneLedger ledger_;
  ExpiryWatch expiry_;
  PolicySources policy_sources_;
  const RecordedTogether recorded_{ledger_, expiry_, &policy_sources_};
  PolicyLists lists_{policy_sources_};
  ServerIdentity identity_;
  CurrentGeneration current_;
  StatusSource status_{{current_, clock_, caches_, anchors_, trust_, identity_.identities()}};
  std::uint64_t descriptor_limit_ = 0;
  std::unique_ptr<LogOutput> log_;
  Confinement confinement_;
  std::unique_ptr<RootKeeper> root_keeper_;
  std::unique_ptr<DnstapStream> dnstap_;  // null: no collector is told
  std::unique_ptr<Observatory> observatory_;
  ChoreThread chores_;
  std::unique_ptr<NegativeAnchorFile> negative_file_;  // null: what is set at run time ends with the process
  std::optional<NegativeAnchorKeeper> negative_keeper_;
  std::optional<Explaining> explaining_;
  std::unique_ptr<Fleet> fleet_;  // null: nothing is shared
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<RpzKeeper> rpz_;
  std::optional<Reloader> reloader_;
  std::unique_ptr<Control> control_;
  std::optional<PolicyWatch> policy_watch_;
  std::unique_ptr<Watchdog> watchdog_;          // goes before them
  SnapshotKeeper snapshots_{snapshot_parts()};  // last in, first out
};

}  // namespace

ExitStatus run_daemon(const Configuration& configuration, const std::string& config_file) {
  const auto daemon =
      std::make_unique<Daemon>(configuration, config_file);  // the tables in it are too large for a stack
  return daemon->run();
}

}  // namespace vouch
