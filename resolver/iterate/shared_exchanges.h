// Exchanges in flight of the whole process: of equal questions to one zone's servers only one is outstanding (RFC 5452
// section 5; the birthday attack and RebirthDay, CVE-2025-5994, live on duplicates). The first to ask leads; others, on
// whatever worker, follow and get the same reply.
//
// Sharing sits here, at the leaves, and in the front, at the roots; never between. An exchange waits for no other
// resolution and a client's question is awaited by no other, so no circle of waiting can form. Thread-safe. Bounded by
// kMaxFlights and kMaxFollowers: beyond them a question simply is not shared.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/base/bytes.h"
#include "resolver/base/executor.h"
#include "resolver/base/task.h"
#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch {

// How a question to one server ended.
struct ExchangeResult {
  enum class Status : std::uint8_t {
    ok,           // `packet` is a well-formed reply to the question
    timeout,      // silence, or nothing that fits
    unreachable,  // refused by the network
    broken,       // replies that cannot be used: malformed, forged over and over, TC over TCP
    no_budget,    // this query may ask no more
    no_room,      // nothing was asked: no socket was left here
    untrusted,    // nothing was asked: the server did not prove over TLS who it is
  };
  Status status = Status::timeout;
  SocketAddress server;  // who was asked, which a follower did not choose
  std::shared_ptr<const Buffer> packet;
  std::string why{};  // of `untrusted`: how it failed
};

class SharedExchanges {
 public:
  static constexpr std::size_t kMaxFlights = 65536;  // more than all workers together may have under way
  static constexpr std::size_t kMaxFollowers =
      1024;  // of one flight; each is a client query that already passed the front's limits

  struct Key {
    Name zone;
    Name name;
    Type type = Type::none;
    bool is_forward = false;  // a forwarder for a zone and the zone's own servers are asked different things
    bool operator==(const Key& other) const noexcept {
      return type == other.type && is_forward == other.is_forward && zone == other.zone && name == other.name;
    }
  };

  class Ticket;
  // Joins the flight of that question or starts one.
  Ticket join(const Key& key, Executor& executor);
  std::size_t in_flight() const;

 private:
  struct Follower;
  struct Flight;
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<Key, std::shared_ptr<Flight>, KeyHash> flights;
  };
  static constexpr std::size_t kShards = 64;  // few workers, short holds: contention is nil
  Shard& shard_of(const Key& key) { return shards_[KeyHash{}(key) % kShards]; }
  void land(const Key& key, const std::shared_ptr<Flight>& flight, const ExchangeResult& result);

  std::array<Shard, kShards> shards_;
};

// One coroutine's part in a flight. A leader that is destroyed without landing releases its followers with `timeout`.
class SharedExchanges::Ticket {
 public:
  Ticket(Ticket&&) noexcept = default;
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket();
  bool leads() const noexcept { return follower_ == nullptr; }
  void land(const ExchangeResult& result);      // leaders
  Task<ExchangeResult> wait(Duration at_most);  // followers

 private:
  friend class SharedExchanges;
  Ticket(SharedExchanges& exchanges, Key key, Executor& executor)
      : exchanges_(&exchanges), key_(std::move(key)), executor_(&executor) {}
  SharedExchanges* exchanges_;
  Key key_;
  Executor* executor_;
  std::shared_ptr<Flight> flight_;      // leader of a shared flight; null when not shared
  std::shared_ptr<Follower> follower_;  // followers
};

}  // namespace vouch
