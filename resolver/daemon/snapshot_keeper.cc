#include "resolver/daemon/snapshot_keeper.h"

#include <pthread.h>
#include <unistd.h>

#include <ctime>
#include <new>
#include <utility>

namespace vouch {

namespace {

constexpr Duration kClockLook = std::chrono::seconds(5);

// How soon a configuration that was reloaded is heard of, where no snapshot is due.
constexpr Duration kLookAgain = std::chrono::minutes(1);

// Waits twice as long as it has had a processor: a third of one core at most.
constexpr int kRest = 2;
// Sooner than after so much work it does not wait: a wait costs some microseconds itself. No worker is kept off a core
// for longer than this and one step or one block.
constexpr Duration kWorkAtATime = std::chrono::milliseconds(1);

// Of the interval, by which the next write is put off or brought forward: a fleet that was started at once shall not
// write at once.
constexpr std::uint32_t kJitterShare = 10;

// Of the time to end in: the rest is for the flush.
constexpr int kWritingShare = 2;

std::int64_t milliseconds_since(Instant start, const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock.monotonic() - start).count();
}

// Of this thread. A disk that is slow takes none.
Duration processor_time() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class Rest {
 public:
  void take() {
    const Duration worked = processor_time() - began_;
    if (worked < kWorkAtATime) { return; }
    std::this_thread::sleep_for(kRest * worked);
    began_ += worked;
  }

 private:
  Duration began_ = processor_time();
};

// What is left undone for want of memory must not end the process.
template <typename Work>
void attempt(const Work& work) noexcept {
  try {
    work();
  } catch (const std::bad_alloc&) {  // whoever looks at what it was to bring about finds it not done
  }
}

// Into a file, block by block.
class FileSink final : public SnapshotSink {
 public:
  FileSink(DurableFile& file, bool is_gentle, std::function<bool()> goes_on)
      : file_(file), is_gentle_(is_gentle), goes_on_(std::move(goes_on)) {}

  bool take(Bytes octets) override {
    if (const auto written = file_.append(octets); !written) {
      problem_ = written.error();
      return false;
    }
    return true;
  }
  bool rest() override {
    if (!goes_on_()) {
      problem_ = "there is no time left";
      return false;
    }
    if (is_gentle_) { rest_.take(); }
    return true;
  }
  const std::string& problem() const noexcept { return problem_; }

 private:
  DurableFile& file_;
  Rest rest_;
  const bool is_gentle_;
  const std::function<bool()> goes_on_;
  std::string problem_;
};

}  // namespace

SnapshotKeeper::~SnapshotKeeper() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) { thread_.join(); }
}

void SnapshotKeeper::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "vouchd/snapshot");  // by itself: a confined process may not name another
    run();
  });
}

void SnapshotKeeper::save_now(Done done) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(done));
  }
  changed_.notify_all();
}

void SnapshotKeeper::finish(Duration patience) {
  if (!thread_.joinable()) { return; }
  std::unique_lock lock(mutex_);
  ending_ = saves_at_end_ = true;
  last_moment_ = parts_.clock.monotonic() + patience / kWritingShare;
  changed_.notify_all();
  // A disk that hangs must not keep the process from ending: whoever waits for it is the caller's matter.
  if (!changed_.wait_for(lock, patience, [this] { return has_ended_; })) {
    log(LogLevel::error, "cache_snapshot_not_saved", {{"problem", "the disk does not take it"}});
    ::_exit(0);
  }
  lock.unlock();
  thread_.join();
}

// ------------------------------------------------------------------------------------------------------- on the thread

SnapshotKeeper::News SnapshotKeeper::wait_until(Instant when) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, when, [this] { return ending_ || !waiting_.empty(); });
  if (ending_) { return News::end; }
  return waiting_.empty() ? News::none : News::command;
}

bool SnapshotKeeper::is_ending() {
  const std::scoped_lock lock(mutex_);
  return ending_;
}

void SnapshotKeeper::run() {
  attempt([this] { load(); });
  Due due = next();
  for (News news = wait_until(due.when); news != News::end; news = wait_until(due.when)) {
    if (news == News::command) {
      answer(save(Pace::gentle));
      continue;
    }
    if (due.saves) { (void)save(Pace::gentle); }
    due = next();
  }
  bool saves = false;
  {
    const std::scoped_lock lock(mutex_);
    saves = saves_at_end_;
  }
  if (saves) { answer(save(Pace::full)); }
  const std::scoped_lock lock(mutex_);
  has_ended_ = true;
  changed_.notify_all();
}

void SnapshotKeeper::answer(const Outcome& outcome) {
  std::vector<Done> waiting;
  {
    const std::scoped_lock lock(mutex_);
    waiting.swap(waiting_);
  }
  for (Done& done : waiting) {
    attempt([&] { done(outcome); });
  }
}

SnapshotKeeper::Due SnapshotKeeper::next() {
  const Instant now = parts_.clock.monotonic();
  SnapshotOptions options{.enabled = false};
  attempt([&] { options = parts_.options(); });
  if (!options.enabled || options.interval == 0) { return {.when = now + kLookAgain, .saves = false}; }
  const std::uint32_t jitter = options.interval / kJitterShare;
  const std::uint32_t wait = options.interval - jitter + random_.below(2 * jitter + 1);
  return {.when = now + std::chrono::seconds(wait), .saves = true};
}

// Why none is to be written now; empty: one is.
std::string_view SnapshotKeeper::refusal() {
  if (!parts_.options().enabled) { return "cache.snapshot.enabled is false"; }
  return may_replace_ ? "" : "the last snapshot has not been taken up yet";
}

SnapshotKeeper::Outcome SnapshotKeeper::save(Pace pace) {
  const Instant start = parts_.clock.monotonic();
  Outcome outcome = std::unexpected("out of memory");
  bool is_told = true;
  attempt([&] {
    const std::string_view why = refusal();
    is_told = why.empty();
    outcome = is_told ? write(parts_.terms(), pace) : Outcome(std::unexpect, why);
  });
  if (!outcome && pace == Pace::gentle && is_ending()) { is_told = false; }  // given up for the last one
  if (is_told) {
    attempt([&] { tell(outcome, start); });
  }
  return outcome;
}

void SnapshotKeeper::tell(const Outcome& outcome, Instant start) {
  if (!outcome) {
    if (const auto silenced = complaints_.allow(start)) {
      log(LogLevel::error, "cache_snapshot_not_saved", {{"problem", outcome.error()}, {"silenced", *silenced}});
    }
    return;
  }
  log(LogLevel::notice, "cache_snapshot_saved",
      {{"rrsets", outcome->rrsets},
       {"delegations", outcome->delegations},
       {"proofs", outcome->proofs},
       {"servers", outcome->servers},
       {"octets", outcome->octets},
       {"cut", outcome->is_cut},
       {"milliseconds", milliseconds_since(start, parts_.clock)}});
}

SnapshotKeeper::Outcome SnapshotKeeper::write(const Terms& terms, Pace pace) {
  auto file = create_snapshot_file(terms.options.state_directory, machine_.us);
  if (!file) { return std::unexpected(std::move(file.error())); }
  SnapshotWriting writing;
  // The moment first: if a second begins before the next line, all is a second older, and not younger.
  writing.header = {.taken = snapshot_moment(machine_, parts_.clock), .grounds = terms.grounds};
  writing.now = parts_.clock.ttl();
  writing.instant = parts_.clock.monotonic();
  writing.max_octets = terms.options.max_size;
  writing.max_stale = terms.max_stale;
  const auto goes_on = [this, pace] {
    const std::scoped_lock lock(mutex_);
    // One that was begun while all was well is not finished when the end comes: the last one is due.
    return pace == Pace::gentle ? !ending_ : parts_.clock.monotonic() < last_moment_;
  };
  FileSink sink(*file, pace == Pace::gentle, goes_on);
  const auto written = write_snapshot(parts_.caches, writing, sink);
  if (!written) { return std::unexpected(sink.problem()); }
  if (auto committed = file->commit(); !committed) { return std::unexpected(std::move(committed.error())); }
  return *written;
}

void SnapshotKeeper::load() {
  try {
    const SnapshotOptions options = parts_.options();
    if (!options.enabled) {
      may_replace_ = true;
      return;
    }
    auto source = SnapshotFileSource::open(options.state_directory, machine_.us);
    if (!source) {
      discard(source.error());
    } else if (*source == nullptr) {
      may_replace_ = true;
    } else {
      load_from(**source);
    }
  } catch (const std::bad_alloc&) { discard("out of memory"); }
}

void SnapshotKeeper::discard(std::string_view why) {
  may_replace_ = true;
  log(LogLevel::warning, "cache_snapshot_discarded", {{"problem", why}, {"effect", "the cache starts empty"}});
}

// Nothing: it cannot be known, which is told, or the end came first.
std::optional<std::int64_t> SnapshotKeeper::elapsed_since(const SnapshotMoment& taken) {
  const Instant patience = parts_.clock.monotonic() + kClockPatience;
  for (;;) {
    const auto elapsed = elapsed_between(taken, snapshot_moment(machine_, parts_.clock));
    if (elapsed) { return *elapsed; }
    const Instant now = parts_.clock.monotonic();
    if (elapsed.error() != TimeDoubt::clock_not_set || now >= patience) {
      discard(doubt_text(elapsed.error()));
      return std::nullopt;
    }
    const News news = wait_until(now + kClockLook);
    if (news == News::end) { return std::nullopt; }
    if (news == News::command) { answer(std::unexpected("the last snapshot waits for the clock to be set")); }
  }
}

void SnapshotKeeper::load_from(SnapshotSource& source) {
  SnapshotReader reader(source, parts_.caches, parts_.clock);
  const auto header = reader.open();
  if (!header) {
    discard(fault_text(header.error()));
    return;
  }
  const auto elapsed = elapsed_since(header->taken);
  if (!elapsed) { return; }
  // The wait may have been long. If they change while the blocks come in, it is as if all had come in before: whoever
  // changes them has the caches forget what cannot stand (Reloader::forget_outdated(), NegativeAnchorKeeper), after the
  // change, and the reader sees that they did.
  const Terms terms = parts_.terms();
  if (header->grounds.sources != terms.grounds.sources) {
    discard("root hints, stub or forward zones were others then");
    return;
  }
  const Instant start = parts_.clock.monotonic();
  // The moment that the time was reckoned to is a little past; what has gone by since runs on this clock.
  reader.begin({.grounds = terms.grounds,
                .proofs = terms.proofs,
                .max_stale = terms.max_stale,
                .signature_skew = terms.signature_skew,
                .as_of = as_of_},
               *elapsed, parts_.clock.ttl());
  Rest rest;
  SnapshotReader::Step step = SnapshotReader::Step::more;
  while (step == SnapshotReader::Step::more) {
    step = reader.next();
    if (is_ending()) { return; }
    rest.take();
  }
  may_replace_ = true;
  tell(reader, *elapsed, milliseconds_since(start, parts_.clock));
  if (step != SnapshotReader::Step::outdated) { return; }
  log(LogLevel::warning, "cache_snapshot_given_up",
      {{"problem", "the cache was flushed meanwhile"},
       {"effect", "what of the snapshot had not been taken up by then is not used"}});
}

void SnapshotKeeper::tell(const SnapshotReader& reader, std::int64_t age, std::int64_t milliseconds) {
  const SnapshotRestored& restored = reader.restored();
  log(LogLevel::notice, "cache_snapshot_loaded",
      {{"rrsets", restored.rrsets},
       {"delegations", restored.delegations},
       {"proofs", restored.proofs},
       {"servers", restored.servers},
       {"unjudged", restored.unjudged},
       {"ended", restored.ended},
       {"refused", restored.refused},
       {"octets", restored.octets},
       {"age", age},
       {"milliseconds", milliseconds}});
  if (reader.fault() == SnapshotFault::none) { return; }
  log(LogLevel::warning, "cache_snapshot_damaged",
      {{"after_octets", restored.octets},
       {"effect", "what stood before is used, what stands behind is not"},
       {"remedy", "look at the disk: a crash cannot do this"}});
}

}  // namespace vouch
