#include "transports/redis/redis_store.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "resolver/base/log.h"
#include "transports/connecting_socket.h"
#include "transports/plain_stream.h"

namespace vouch {

static_assert(static_cast<std::size_t>(RedisStore::Failure::nonsense) + 1 == SharedCacheCounters::kFailures);

namespace {

// A server's own words, as far as a line of the log goes.
constexpr std::size_t kMaxWords = 120;

std::string told(const RedisReply& reply) { return std::string(text_of(reply.octets)).substr(0, kMaxWords); }

}  // namespace

class RedisStore::Waiter {
 public:
  Waiter(RedisStore& store, Instant deadline)
      : store_(store),
        timer_(
            store.loop_.base(), [](void* self) { static_cast<Waiter*>(self)->expire(); }, this) {
    timer_.arm(deadline - store.loop_.now());
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() { leave(); }

  void waits_for(std::uint64_t number) noexcept { number_ = number; }
  // Resumes whoever waits, who destroys this.
  void finish(RemoteValue value) {
    number_.reset();  // the command is answered, and off the list
    timer_.disarm();
    if (!done.is_set()) { done.set(std::move(value)); }
  }
  OneShot<RemoteValue> done;

 private:
  void expire() {
    leave();
    finish({.status = RemoteValue::Status::late});
  }
  // The reply will come, and find nobody.
  void leave() noexcept {
    if (!number_ || *number_ < store_.first_) { return; }
    const std::uint64_t at = *number_ - store_.first_;
    if (at < store_.unanswered_.size()) { store_.unanswered_[at].waiter = nullptr; }
    number_.reset();
  }

  RedisStore& store_;
  std::optional<std::uint64_t> number_;
  LoopTimer timer_;
};

RedisStore::RedisStore(EventLoop& loop, RedisServer server, const std::vector<IpAddress>& source_addresses,
                       Random& random, SharedCacheCounters& counters, bool tells)
    : loop_(loop),
      server_(std::move(server)),
      sources_(source_addresses),
      random_(random),
      counters_(counters),
      tells_(tells),
      replies_(kMaxValue),
      timer_(
          loop.base(), [](void* self) { static_cast<RedisStore*>(self)->on_timer(); }, this) {}

RedisStore::~RedisStore() {
  if (stream_ == nullptr) { return; }
  reads_.reset();
  writes_.reset();
  if (is_connected_) {
    stream_->say_goodbye();
    static_cast<void>(stream_->flush());
  }
  stream_->close();
}

std::optional<std::string> RedisStore::prepare_tls() {
  if (!server_.tls || tls_ != nullptr) { return std::nullopt; }
  auto made = TlsClientContext::make(server_.authority_file, TlsClientContext::Speaks::anything);
  if (!made) { return std::move(made.error()); }
  tls_ = std::move(*made);
  return std::nullopt;
}

void RedisStore::start() { connect(); }

// ------------------------------------------------------------------------------------------------------ the connection

void RedisStore::connect() {
  state_ = State::connecting;
  if (auto why = begin_connecting_to()) { lose(Failure::unreachable, std::move(*why)); }
}

// What was in the way, or nothing.
std::optional<std::string> RedisStore::begin_connecting_to() {
  if (auto why = prepare_tls()) { return why; }
  Socket socket = begin_connecting(server_.peer.address, sources_, random_);
  if (!socket.is_open()) { return std::generic_category().message(errno); }
  if (server_.tls) {
    auto stream = tls_->connect(std::move(socket), server_.peer);
    if (stream == nullptr) { return "no memory for TLS"; }
    tls_stream_ = stream.get();
    stream_ = std::move(stream);
  } else {
    stream_ = std::make_unique<PlainStream>(std::move(socket));
  }
  reads_.emplace(
      loop_.base(), stream_->fd(), EV_READ, [](void* self) { static_cast<RedisStore*>(self)->on_readable(); }, this);
  writes_.emplace(
      loop_.base(), stream_->fd(), EV_WRITE, [](void* self) { static_cast<RedisStore*>(self)->on_writable(); }, this);
  if (!writes_->watch(true)) { return "no descriptor left to wait with"; }
  timer_.arm(kGreetingTime);
  return std::nullopt;
}

// Everything is asked in one breath: a server that lets nobody in without a password refuses what follows, too.
void RedisStore::greet() {
  state_ = State::greeting;
  const std::string database = std::to_string(server_.database);
  if (!server_.password.empty()) {
    std::vector<Bytes> words{bytes_of("AUTH")};
    if (!server_.user.empty()) { words.push_back(bytes_of(server_.user)); }
    words.push_back(bytes_of(server_.password));
    queue(words, nullptr);
  }
  if (server_.database != 0) { queue(std::array{bytes_of("SELECT"), bytes_of(database)}, nullptr); }
  queue(std::array{bytes_of("PING")}, nullptr);
  greetings_left_ = unanswered_.size();
}

// Whoever waits hears it. Nothing of the connection is left when the first of them does.
void RedisStore::lose(Failure failure, std::string why) {
  if (state_ == State::ready) {
    counters_.disconnections.add();
    if (loop_.now() - ready_since_ >= kSettled) { pause_ = kFirstPause; }
  }
  counters_.failures[static_cast<std::size_t>(failure)].add();
  state_ = State::away;
  reads_.reset();
  writes_.reset();
  if (stream_ != nullptr) { stream_->close(); }
  stream_.reset();
  tls_stream_ = nullptr;
  is_connected_ = false;
  more_to_read_ = false;
  output_.clear();
  replies_.begin_anew();
  const auto half = std::chrono::duration_cast<std::chrono::milliseconds>(pause_ / 2).count();
  // Three quarters to five quarters of it: nodes that lost it together do not come back together.
  timer_.arm(pause_ * 3 / 4 + std::chrono::milliseconds(random_.below(u32(static_cast<std::size_t>(half)))));
  pause_ = std::min(pause_ * 2, kLongestPause);
  if (tells_ && (!has_told_loss_ || why != last_told_)) {
    log(LogLevel::warning, "shared_cache_away", {{"server", server_.peer.address.text()}, {"because", why}});
    has_told_loss_ = true;
    last_told_ = std::move(why);
  }
  while (!unanswered_.empty()) {
    Waiter* const waiter = unanswered_.front().waiter;
    unanswered_.pop_front();
    ++first_;
    if (waiter != nullptr) { waiter->finish({.status = RemoteValue::Status::unavailable}); }
  }
}

// The stream is broken. Before the handshake is over that may be because the server is not whom we mean.
void RedisStore::lose_broken() {
  static_cast<void>(stream_->flush());  // an alert, for whoever reads the other side's log
  const bool is_hurt =
      tls_stream_ == nullptr || tls_stream_->is_established() || tls_stream_->failure() == TlsFailure::gone;
  const Failure failure = is_hurt ? Failure::closed : Failure::untrusted;
  lose(failure, is_hurt ? std::string("it closed the connection") : tls_stream_->failure_text());
}

void RedisStore::arm_timer() {
  if (state_ != State::ready) { return; }
  if (!unanswered_.empty() && !timer_.is_armed()) { timer_.arm(unanswered_.front().sent + kSilence - loop_.now()); }
}

void RedisStore::on_timer() {
  if (state_ == State::away) {
    connect();
    return;
  }
  if (state_ == State::ready) {
    if (unanswered_.empty()) { return; }
    if (unanswered_.front().sent + kSilence > loop_.now()) {  // it was armed for one that has been answered
      arm_timer();
      return;
    }
  }
  lose(is_connected_ ? Failure::silent : Failure::unreachable, "it does not answer");
}

void RedisStore::on_writable() {
  if (!is_connected_) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(stream_->fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      lose(Failure::unreachable, std::generic_category().message(error));
      return;
    }
    is_connected_ = true;
    if (!reads_->watch(true)) {
      lose(Failure::unreachable, "no descriptor left to wait with");
      return;
    }
    if (!stream_->is_established()) {
      on_readable();  // the handshake's first words are ours
      return;
    }
  }
  if (state_ == State::connecting && stream_->is_established()) { greet(); }
  flush();
}

void RedisStore::flush() {
  const bool may_send = stream_->is_established() && !output_.empty();
  const auto sent = may_send ? stream_->send(output_) : stream_->flush();
  if (!sent) {
    lose_broken();
    return;
  }
  if (may_send) { output_.clear(); }
  if (!writes_->watch(stream_->unsent() != 0)) { lose(Failure::closed, "no descriptor left to wait with"); }
}

void RedisStore::end_of_turn() {
  if (stream_ == nullptr || !is_connected_) { return; }
  flush();
  if (more_to_read_ && stream_ != nullptr) { on_readable(); }
}

// ---------------------------------------------------------------------------------------------------------- replies

void RedisStore::on_readable() {
  if (!is_connected_) { return; }  // an error: on_writable() is told as well, and finds out which
  more_to_read_ = false;
  for (int reads = 0; reads < kReadsPerTurn; ++reads) {
    if (!read_once()) { return; }
  }
  more_to_read_ = true;  // some of it inside the stream, maybe, of which the descriptor does not tell
  loop_.at_end_of_turn(*this);
}

// False: there is nothing more to read now, or no connection.
bool RedisStore::read_once() {
  const ByteStream::Read got = stream_->read(scratch_);
  replies_.feed(Bytes(scratch_).first(got.octets));
  if (!take_replies()) { return false; }
  if (got.status == ByteStream::Status::ended) {
    lose(Failure::closed, "it closed the connection");
    return false;
  }
  if (got.status != ByteStream::Status::open) {
    lose_broken();
    return false;
  }
  if (state_ == State::connecting && stream_->is_established()) { greet(); }
  flush();
  return stream_ != nullptr && (got.octets != 0 || got.may_have_more);
}

// False: the connection is lost.
bool RedisStore::take_replies() {
  RedisReply reply;
  for (;;) {
    const RedisReplies::Step step = replies_.next(reply);
    if (step == RedisReplies::Step::more) { return true; }
    if (step == RedisReplies::Step::faulty) {
      lose(Failure::nonsense, "it does not speak the protocol");
      return false;
    }
    if (!take(std::move(reply))) { return false; }
  }
}

bool RedisStore::take(RedisReply reply) {
  if (unanswered_.empty()) {
    lose(Failure::nonsense, "it answers what nobody asked");
    return false;
  }
  Waiter* const waiter = unanswered_.front().waiter;
  unanswered_.pop_front();
  ++first_;
  if (state_ == State::greeting) {
    if (reply.kind != RedisReply::Kind::status) {
      lose(Failure::rejected, reply.kind == RedisReply::Kind::error ? told(reply) : "it does not speak the protocol");
      return false;
    }
    if (--greetings_left_ != 0) { return true; }
    state_ = State::ready;
    ready_since_ = loop_.now();
    counters_.connections.add();
    timer_.disarm();
    if (tells_) { log(LogLevel::notice, "shared_cache_ready", {{"server", server_.peer.address.text()}}); }
    has_told_loss_ = false;
    return true;
  }
  // It has no room, loads its data, may not be written to or read from by us: as good as away, and the operator hears.
  if (reply.kind == RedisReply::Kind::error) {
    lose(Failure::rejected, told(reply));
    if (waiter != nullptr) { waiter->finish({.status = RemoteValue::Status::unavailable}); }
    return false;
  }
  if (waiter == nullptr) { return true; }  // nobody waits any more, or it was no question
  switch (reply.kind) {
    case RedisReply::Kind::octets:
      waiter->finish({.status = RemoteValue::Status::found, .octets = std::move(reply.octets)});
      break;
    case RedisReply::Kind::nil:
      waiter->finish({.status = RemoteValue::Status::absent});
      break;
    default:  // another kind of thing lies there
      waiter->finish({.status = RemoteValue::Status::unavailable});
      break;
  }
  return stream_ != nullptr;
}

// --------------------------------------------------------------------------------------------------------- commands

bool RedisStore::has_room(std::size_t octets) const noexcept {
  return unanswered_.size() < kMaxUnanswered && output_.size() + stream_->unsent() + octets <= kMaxUnsent;
}

// Sent at the end of the turn, with all others of this turn.
bool RedisStore::queue(std::span<const Bytes> words, Waiter* waiter) {
  unanswered_.push_back(
      {.waiter = nullptr, .sent = loop_.now()});  // first: a command without it would shift all replies
  bool is_written = false;
  try {
    is_written = append_command(output_, words);
  } catch (const std::bad_alloc&) {}
  if (!is_written) {
    unanswered_.pop_back();
    return false;
  }
  if (waiter != nullptr) {
    unanswered_.back().waiter = waiter;
    waiter->waits_for(first_ + unanswered_.size() - 1);
  }
  arm_timer();
  loop_.at_end_of_turn(*this);
  return true;
}

Task<RemoteValue> RedisStore::get(Bytes key, Instant deadline) {
  if (state_ != State::ready || !has_room(key.size())) { co_return RemoteValue{}; }
  Waiter waiter(*this, deadline);
  if (!queue(std::array{bytes_of("GET"), key}, &waiter)) { co_return RemoteValue{}; }
  RemoteValue value = co_await waiter.done;
  co_return value;
}

bool RedisStore::put(Bytes key, Bytes value, std::chrono::milliseconds life) {
  if (state_ != State::ready || !has_room(key.size() + value.size())) { return false; }
  const std::string milliseconds = std::to_string(life.count());
  return queue(std::array{bytes_of("SET"), key, value, bytes_of("PX"), bytes_of(milliseconds)}, nullptr);
}

bool RedisStore::remove(std::span<const Buffer> keys) {
  std::vector<Bytes> words{bytes_of("DEL")};
  std::size_t octets = 0;
  for (const Buffer& key : keys) {
    words.emplace_back(key);
    octets += key.size();
  }
  if (state_ != State::ready || keys.empty() || !has_room(octets)) { return false; }
  return queue(words, nullptr);
}

}  // namespace vouch
