#include "transports/dnstap/dnstap_stream.h"

#include <pthread.h>

#include <algorithm>
#include <exception>

#include "resolver/base/log.h"

namespace vouch {

namespace {

// Octets of one call into the kernel: as much as is worth one, and as is lost at most when the collector goes away in
// the midst of it.
constexpr std::size_t kBatch = 128 << 10;

Instant now() { return std::chrono::steady_clock::now(); }

}  // namespace

bool DnstapStream::Queue::is_open() noexcept {
  if (stream_.is_open_.load(std::memory_order_relaxed)) { return true; }
  counters_.dnstap_unheard.add();
  return false;
}

void DnstapStream::Queue::submit(Bytes frame) noexcept {
  if (!ring_.push(frame)) {
    counters_.dnstap_overflowed.add();
    return;
  }
  if (stream_.is_asleep_.load()) { stream_.wake(); }
}

DnstapStream::Queue& DnstapStream::open_queue(TransportCounters& counters) {
  return *queues_.emplace_back(std::make_unique<Queue>(*this, counters));
}

void DnstapStream::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "vouchd/dnstap");  // by itself: a confined process may not name another
    run();
  });
}

void DnstapStream::finish() noexcept {
  if (!thread_.joinable()) { return; }
  give_up_at_.store(now() + kEndPatience);
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool DnstapStream::is_ending() noexcept {
  const std::lock_guard lock(mutex_);
  return is_ending_;
}

bool DnstapStream::is_empty() const noexcept {
  return std::ranges::all_of(queues_, [](const auto& queue) { return queue->ring_.is_empty(); });
}

void DnstapStream::run() noexcept {
  away_since_ = now();
  while (!is_ending()) {
    try {
      serve_until_the_end();
    } catch (const std::exception&) {  // out of memory: nothing is owed to a collector
      connection_.reset();
      away_since_ = now();
      rest();
    }
  }
  is_open_.store(false, std::memory_order_relaxed);
  discard_what_waits();
}

void DnstapStream::serve_until_the_end() {
  while (!is_ending()) {
    if (connection_ && !connection_->is_alive()) { disconnected(); }
    if (!connection_) { connect(); }
    send_what_waits();
    rest();
  }
  while (connection_ && !is_empty()) { send_what_waits(); }
  if (connection_) { connection_->finish(is_given_up_); }
}

void DnstapStream::connect() {
  const auto is_given_up = [this] {
    note_outage("it takes the connection and then says nothing");
    return is_ending();
  };
  auto opened = CollectorConnection::open(socket_, is_given_up);
  if (!opened) {
    note_outage(opened.error());
    return;
  }
  connection_.emplace(std::move(*opened));
  is_open_.store(true, std::memory_order_relaxed);
  is_outage_told_ = false;
  log(LogLevel::notice, "dnstap_connected", {{"socket", socket_}});
}

void DnstapStream::disconnected() {
  connection_.reset();
  away_since_ = now();
  log(LogLevel::notice, "dnstap_disconnected", {{"socket", socket_}});
}

void DnstapStream::note_outage(std::string_view problem) {
  if (now() - away_since_ < grace_) { return; }
  is_open_.store(false, std::memory_order_relaxed);
  discard_what_waits();
  if (is_outage_told_) { return; }
  is_outage_told_ = true;
  log(LogLevel::warning, "dnstap_collector_away",
      {{"socket", socket_}, {"problem", problem}, {"remedy", "messages are lost until it listens there"}});
}

void DnstapStream::send_what_waits() {
  for (const auto& queue : queues_) {
    for (std::size_t sent = 0; sent < kQueueSize && connection_ && send_from(*queue); sent += kBatch) {}
  }
}

bool DnstapStream::send_from(Queue& queue) {
  const FrameRing::Batch batch = queue.ring_.peek(kBatch);
  if (batch.frames == 0) { return false; }
  const bool is_sent = connection_->send(batch.first, is_given_up_) && connection_->send(batch.second, is_given_up_);
  (is_sent ? queue.counters_.dnstap_sent : queue.counters_.dnstap_cut_off).add(batch.frames);
  queue.ring_.pop(batch);
  if (!is_sent) { disconnected(); }
  return is_sent;
}

void DnstapStream::discard_what_waits() noexcept {
  for (const auto& queue : queues_) {
    const FrameRing::Batch batch = queue->ring_.peek(kQueueSize);
    queue->counters_.dnstap_cut_off.add(batch.frames);
    queue->ring_.pop(batch);
  }
}

// Until there is something to do. Whoever submits a frame wakes a thread that sleeps, which then waits a moment for
// more: a worker makes a system call for it a hundred times in a second, and not for each message.
void DnstapStream::rest() {
  const auto is_ending = [this] { return is_ending_; };
  std::unique_lock lock(mutex_);
  if (!connection_) {
    changed_.wait_for(lock, kPeriod, is_ending);
    return;
  }
  is_woken_ = false;
  is_asleep_.store(true);
  if (is_empty()) {
    changed_.wait_for(lock, kPeriod, [this] { return is_woken_ || is_ending_; });
  }
  is_asleep_.store(false);
  if (!is_empty()) { changed_.wait_for(lock, kGather, is_ending); }
}

void DnstapStream::wake() noexcept {
  if (!is_asleep_.exchange(false)) { return; }
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  changed_.notify_one();
}

}  // namespace vouch
