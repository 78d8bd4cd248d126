#include "transports/redis/redis_protocol.h"

#include <hiredis/hiredis.h>

#include <utility>
#include <vector>

namespace vouch {

namespace {

// Of a reply around its octets: a type, a length and two ends of lines.
constexpr std::size_t kFraming = 32;

}  // namespace

bool append_command(Buffer& to, std::span<const Bytes> words) {
  std::vector<const char*> pointers;
  std::vector<std::size_t> lengths;
  for (const Bytes word : words) {
    pointers.push_back(reinterpret_cast<const char*>(word.data()));
    lengths.push_back(word.size());
  }
  char* made = nullptr;
  const auto length = redisFormatCommandArgv(&made, static_cast<int>(words.size()), pointers.data(), lengths.data());
  if (length < 0 || made == nullptr) { return false; }
  try {
    to.insert(to.end(), made, made + length);
  } catch (...) {
    redisFreeCommand(made);
    throw;
  }
  redisFreeCommand(made);
  return true;
}

// hiredis calls these from C: nothing may be thrown through it. A null pointer makes it give up.
struct RedisReplies::Objects {
  static RedisReplies* owner_of(const redisReadTask* task) noexcept {
    return static_cast<RedisReplies*>(task->privdata);
  }
  static void* string(const redisReadTask* task, char* text, std::size_t length) noexcept {
    RedisReplies* const owner = owner_of(task);
    if (owner == nullptr || length > owner->most_) { return nullptr; }
    try {
      owner->found_.octets.assign(text, text + length);
    } catch (...) { return nullptr; }
    owner->found_.kind = task->type == REDIS_REPLY_ERROR    ? RedisReply::Kind::error
                         : task->type == REDIS_REPLY_STATUS ? RedisReply::Kind::status
                                                            : RedisReply::Kind::octets;
    return owner;
  }
  static void* integer(const redisReadTask* task, long long) noexcept {
    return owner_of(task)->plain(RedisReply::Kind::integer);
  }
  static void* nil(const redisReadTask* task) noexcept { return owner_of(task)->plain(RedisReply::Kind::nil); }
  static void free(void*) noexcept {}

  // Of this library's version, which counts the elements of an array in an int or in a size_t.
  static redisReplyObjectFunctions* table() noexcept {
    static redisReplyObjectFunctions functions = [] {
      redisReplyObjectFunctions made{};
      made.createString = &Objects::string;
      made.createArray = [](const redisReadTask*, auto) -> void* { return nullptr; };
      made.createInteger = &Objects::integer;
      made.createNil = &Objects::nil;
      made.freeObject = &Objects::free;
      return made;
    }();
    return &functions;
  }
};

RedisReplies* RedisReplies::plain(RedisReply::Kind kind) noexcept {
  found_.kind = kind;
  found_.octets.clear();
  return this;
}

RedisReplies::RedisReplies(std::size_t most) : most_(most) { begin_anew(); }

RedisReplies::~RedisReplies() {
  if (reader_ != nullptr) { redisReaderFree(reader_); }
}

void RedisReplies::begin_anew() {
  if (reader_ != nullptr) { redisReaderFree(reader_); }
  reader_ = redisReaderCreateWithFunctions(Objects::table());
  is_faulty_ = reader_ == nullptr;  // no memory
  if (reader_ != nullptr) { reader_->privdata = this; }
}

std::size_t RedisReplies::waiting() const noexcept { return reader_ == nullptr ? 0 : reader_->len - reader_->pos; }

void RedisReplies::feed(Bytes octets) {
  if (is_faulty_ || octets.empty()) { return; }
  is_faulty_ = redisReaderFeed(reader_, reinterpret_cast<const char*>(octets.data()), octets.size()) != REDIS_OK;
}

RedisReplies::Step RedisReplies::next(RedisReply& into) {
  if (is_faulty_) { return Step::faulty; }
  void* reply = nullptr;
  const bool is_sound = redisReaderGetReply(reader_, &reply) == REDIS_OK;
  if (is_sound && reply == this) {
    into = std::exchange(found_, {});
    return Step::reply;
  }
  // Nothing, or one of the kinds that only a newer protocol has. What waits for its rest is longer than any reply here.
  is_faulty_ = !is_sound || reply != nullptr || waiting() > most_ + kFraming;
  return is_faulty_ ? Step::faulty : Step::more;
}

}  // namespace vouch
