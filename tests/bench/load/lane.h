// One socket of a load run, and the queries that wait on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "tests/bench/load/blast.h"

namespace vouch::load {

// Ids count up, so that those which wait lie within one stretch, oldest first: expiring needs no queue of its own, and
// an id is not used again while a query with it still waits.
class Lane {
 public:
  // Takes over `descriptor`, a connected non-blocking UDP socket.
  Lane(int descriptor, std::size_t window);
  ~Lane();
  Lane(Lane&& other) noexcept;
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  int descriptor() const { return descriptor_; }
  std::size_t waiting() const { return waiting_; }

  // Sends queries[next % size] and on, until the window is full or `left` is used up; returns how many. `now` in
  // milliseconds.
  std::expected<std::size_t, std::string> send(const QueryList& queries, std::uint64_t next, std::uint64_t left,
                                               std::uint32_t now);
  // Takes one batch of replies and counts them; returns how many datagrams there were.
  std::expected<std::size_t, std::string> receive(const QueryList& queries, BlastResult& result);
  // Gives up on queries sent before now - timeout; returns how many.
  std::size_t expire(std::uint32_t now, std::uint32_t timeout);

 private:
  struct Slot {
    std::uint32_t query;
    std::uint32_t sent_at;
  };

  void judge(const QueryList& queries, const std::uint8_t* reply, std::size_t size, BlastResult& result);
  void advance_oldest();

  int descriptor_;
  std::size_t window_;
  std::size_t waiting_ = 0;
  std::uint64_t oldest_ = 0;  // counts of ids used, not ids: the id is the count's low 16 bits
  std::uint64_t next_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace vouch::load
