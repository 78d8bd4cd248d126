// The table under every cache: sharded, bounded by octets, evicting by SIEVE (docs/decisions/0003-cache-eviction.md).
//
// Invariants. A shard's octets - its share of the buckets, the pages of slots it has touched, and what its values hold
// on the heap - never pass its budget, and the budgets add up to at most the capacity. Slots are laid out for the
// capacity in address space that becomes memory on first use: nothing ever doubles or moves. An entry is found through
// a bucket's chain of at most kMaxChain slots. Slots that are in use form one queue, newest to oldest; the hand walks
// it from old to new. Index 0 means "none" throughout, so that fresh zeroed memory is an empty table.
//
// Callers hash with a key (SipHash): the upper bits of the hash choose the shard, a 32-bit tag the bucket. The tag is
// compared before the value's memory is touched.
//
// Any thread may call anything; a shard is locked while an Access to it lives. Values that leave are destroyed after
// the unlocking, a few per call (more only when one large entry drives out many small ones).
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "resolver/cache/region.h"

namespace vouch {

struct SieveStats {
  std::uint64_t entries = 0, octets = 0, hits = 0, misses = 0, evictions = 0, insertions = 0;
};

// Value: nothrow movable; `std::size_t memory() const noexcept` says what it holds on the heap, the same for all its
// life; `static constexpr std::size_t kSmallestMemory` the least that can be (slots are laid out for it).
template <typename Value>
class SieveTable {
  static_assert(std::is_nothrow_move_constructible_v<Value> && std::is_nothrow_destructible_v<Value>);

 public:
  static constexpr std::size_t kMinCapacity = 16 << 10;     // below it the bookkeeping alone would not fit
  static constexpr std::size_t kShardCapacity = 256 << 10;  // many shards for many threads, yet small caches stay whole
  static constexpr std::size_t kMinPages = 4;               // the same where pages are large (arm64: up to 64 KiB)
  static constexpr std::size_t kShardPages = 32;            // pages are counted whole: a half-used one is 3 % at most
  static constexpr std::size_t kMaxShards = 4096;           // 1 GiB worth; beyond it shards grow instead
  static constexpr std::size_t kMaxShare = 4;               // one entry may take a quarter of a shard
  static constexpr std::size_t kMaxChain = 32;              // at a load of 1 the 11th is rarer than one in 10^7
  static constexpr std::size_t kMaxPardons = 512;           // visited entries passed over for one insertion: some 20 us
  static constexpr std::size_t kHoles = 8;       // of a heap octet this part is added for holes, see charge()
  static constexpr std::size_t kWalkStep = 512;  // slots per lock in walk(): likewise

  using Place = std::uint32_t;  // where a value is in its shard; 0: nowhere

 private:
  struct Slot {
    std::uint32_t tag;
    Place chained;        // next in the bucket's chain, or on the free list
    std::uint32_t older;  // neighbours in the queue; kFlag in `older`: visited, in `newer`: in use
    std::uint32_t newer;
    union {
      Value value;
    };
  };
  static constexpr std::uint32_t kFlag = 0x80000000U;

  struct alignas(64) Shard {
    // A hit writes to this cache line alone (and to the slot's when its visited bit is not set yet).
    std::mutex mutex;
    std::uint64_t hits = 0, misses = 0;
    Place* buckets = nullptr;  // only read from here on, unless something is inserted or erased
    Slot* slots = nullptr;     // slots[place - 1]
    Place free = 0;            // head of the list of given-back slots
    Place fresh = 0;           // slots ever used are 1..fresh
    Place oldest = 0, newest = 0, hand = 0;
    std::size_t octets = 0;
    std::uint64_t entries = 0, evictions = 0, insertions = 0;
  };

 public:
  // `capacity` in octets, raised to kMinCapacity. Throws std::bad_alloc.
  explicit SieveTable(std::size_t capacity)
      : capacity_(std::max({capacity, kMinCapacity, kMinPages * Region::page_size()})),
        shard_count_(std::clamp<std::size_t>(std::bit_floor(capacity_ / least_shard()), 1, kMaxShards)),
        budget_(capacity_ / shard_count_),
        slot_limit_(static_cast<Place>(std::min<std::size_t>(
            (budget_ - sizeof(Shard)) / (sizeof(Slot) + sizeof(Place) + Value::kSmallestMemory), kFlag - 1))),
        bucket_count_(std::bit_floor(slot_limit_)),
        slots_stride_(Region::rounded(slot_limit_ * sizeof(Slot))),
        buckets_octets_(Region::rounded(shard_count_ * bucket_count_ * sizeof(Place))),
        region_(buckets_octets_ + shard_count_ * slots_stride_),
        shards_(std::make_unique<Shard[]>(shard_count_)) {
    for (std::size_t i = 0; i < shard_count_; ++i) {
      shards_[i].buckets = bucket(i, 0);
      shards_[i].slots = reinterpret_cast<Slot*>(region_.data() + slots_at(i));
      shards_[i].octets = fixed_octets();
    }
  }
  SieveTable(const SieveTable&) = delete;
  SieveTable& operator=(const SieveTable&) = delete;
  ~SieveTable() { clear(); }

  // One shard, locked. Short-lived, on the stack; never two at once in a thread.
  class Access {
   public:
    Access(SieveTable& table, Shard& shard) noexcept : table_(table), shard_(shard) { shard_.mutex.lock(); }
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;
    ~Access() {
      shard_.mutex.unlock();
      if constexpr (!std::is_trivially_destructible_v<Value>) {
        for (std::size_t i = 0; i < leaving_; ++i) { std::destroy_at(leaver(i)); }
      }
    }

    // The place of the value under `tag` for which `matches(const Value&)` holds, or 0.
    template <typename Matches>
    Place find(std::uint32_t tag, const Matches& matches) const noexcept {
      for (Place place = shard_.buckets[tag & (table_.bucket_count_ - 1)]; place != 0; place = slot(place).chained) {
        if (slot(place).tag == tag && matches(std::as_const(slot(place).value))) { return place; }
      }
      return 0;
    }
    // Valid until the next insert() or erase(). What memory() says must not be changed through it.
    Value& at(Place place) const noexcept { return slot(place).value; }
    void hit(Place place) const noexcept {
      if ((slot(place).older & kFlag) == 0) {
        slot(place).older |= kFlag;
      }  // else the line stays shared between processors
      ++shard_.hits;
    }
    void miss() const noexcept { ++shard_.misses; }

    void erase(Place place) noexcept { take_out(place); }
    // Adds a value that is not there yet, at the new end of the queue; evicts what is needed. `visited`: it stood here
    // before and is asked for again. False when it is too large for its shard.
    bool insert(std::uint32_t tag, Value&& value, bool visited) noexcept {
      if (!table_.fits(value.memory())) { return false; }
      const std::size_t memory = charge(value.memory());
      shorten_chain(tag);
      if (!make_room(memory)) { return false; }
      const Place place = take_slot();
      Slot& here = slot(place);
      Place& head = shard_.buckets[tag & (table_.bucket_count_ - 1)];
      here.tag = tag;
      here.chained = head;
      head = place;
      here.older = shard_.newest | (visited ? kFlag : 0);
      here.newer = kFlag;
      std::construct_at(&here.value, std::move(value));
      if (shard_.newest != 0) { slot(shard_.newest).newer = place | kFlag; }
      if (shard_.oldest == 0) { shard_.oldest = place; }
      shard_.newest = place;
      shard_.octets += memory;
      ++shard_.entries;
      ++shard_.insertions;
      return true;
    }

    // Whether insert() would drive out nothing for a value that holds so much.
    bool has_room(std::size_t memory) const noexcept {
      const bool has_slot = shard_.free != 0 || shard_.fresh < table_.slot_limit_;
      return table_.fits(memory) && has_slot && shard_.octets + charge(memory) + growth() <= table_.budget_;
    }

   private:
    friend class SieveTable;
    static constexpr std::size_t kLeavers = 16;  // destroyed after unlocking; the usual insertion drives out one or two

    Slot& slot(Place place) const noexcept { return shard_.slots[place - 1]; }
    Value* leaver(std::size_t index) noexcept { return reinterpret_cast<Value*>(leavers_) + index; }

    bool make_room(std::size_t memory) noexcept {
      std::size_t pardons = kMaxPardons;
      while (true) {
        const bool has_slot = shard_.free != 0 || shard_.fresh < table_.slot_limit_;
        if (has_slot && shard_.octets + memory + growth() <= table_.budget_) { return true; }
        if (shard_.entries == 0) { return false; }
        evict(pardons);
      }
    }
    // Octets of pages that taking one more slot would touch for the first time.
    std::size_t growth() const noexcept {
      if (shard_.free != 0) { return 0; }
      return Region::rounded((shard_.fresh + std::size_t{1}) * sizeof(Slot)) -
             Region::rounded(shard_.fresh * sizeof(Slot));
    }
    Place take_slot() noexcept {
      if (shard_.free != 0) { return std::exchange(shard_.free, slot(shard_.free).chained); }
      shard_.octets += growth();
      return ++shard_.fresh;
    }
    // SIEVE: the hand pardons visited entries once, from old to new, and takes the first that was not asked for since.
    void evict(std::size_t& pardons) noexcept {
      Place place = shard_.hand != 0 ? shard_.hand : shard_.oldest;
      while ((slot(place).older & kFlag) != 0 && pardons != 0) {
        slot(place).older &= ~kFlag;
        --pardons;
        const Place next = slot(place).newer & ~kFlag;
        place = next != 0 ? next : shard_.oldest;
      }
      shard_.hand = place;
      take_out(place);
      ++shard_.evictions;
    }
    void shorten_chain(std::uint32_t tag) noexcept {
      std::size_t length = 0;
      Place last = 0;
      for (Place place = shard_.buckets[tag & (table_.bucket_count_ - 1)]; place != 0; place = slot(place).chained) {
        last = place;
        ++length;
      }
      if (length < kMaxChain) { return; }
      take_out(last);
      ++shard_.evictions;
    }
    void take_out(Place place) noexcept {
      Slot& here = slot(place);
      Place* link = &shard_.buckets[here.tag & (table_.bucket_count_ - 1)];
      while (*link != place) { link = &slot(*link).chained; }
      *link = here.chained;
      const Place older = here.older & ~kFlag;
      const Place newer = here.newer & ~kFlag;
      if (shard_.hand == place) { shard_.hand = newer; }
      if (older != 0) {
        slot(older).newer = newer | kFlag;
      } else {
        shard_.oldest = newer;
      }
      if (newer != 0) {
        slot(newer).older = older | (slot(newer).older & kFlag);
      } else {
        shard_.newest = older;
      }
      shard_.octets -= charge(here.value.memory());
      --shard_.entries;
      if constexpr (!std::is_trivially_destructible_v<Value>) {
        if (leaving_ < kLeavers) { std::construct_at(leaver(leaving_++), std::move(here.value)); }
        std::destroy_at(&here.value);
      }
      here.newer = 0;
      here.chained = std::exchange(shard_.free, place);
    }

    SieveTable& table_;
    Shard& shard_;
    std::size_t leaving_ = 0;
    alignas(Value) std::byte leavers_[(std::is_trivially_destructible_v<Value> ? 1 : kLeavers) * sizeof(Value)];
  };

  Access lock(std::uint64_t hash) noexcept { return Access(*this, shards_[shard_of(hash)]); }

  // Whether a value that holds `memory` octets may be in the table at all.
  bool fits(std::size_t memory) const noexcept { return charge(memory) + sizeof(Slot) <= budget_ / kMaxShare; }

  // Visits the next kWalkStep slots at most of one shard, under its lock: `visit(Value&)` returns whether to erase the
  // value. `position` starts at 0 and is moved on; false when the shard is done. What others insert meanwhile may be
  // missed.
  template <typename Visit>
  bool walk(std::size_t shard, Place& position, const Visit& visit) {
    Access access(*this, shards_[shard]);
    const Place end = shards_[shard].fresh;
    if (position >= end) { return false; }  // a clear() in between starts the slots anew
    const Place stop = end - position > kWalkStep ? position + static_cast<Place>(kWalkStep) : end;
    while (position < stop) {
      ++position;
      if ((access.slot(position).newer & kFlag) != 0 && visit(access.slot(position).value)) {
        access.take_out(position);
      }
    }
    return position < end;
  }
  // Shows the next slots of one shard, `most` at most, to `look(const Value&, bool visited)`, under its lock and
  // changing nothing; otherwise as walk(). Keep `most` small and `look` short: workers wait meanwhile.
  template <typename Look>
  bool look_at(std::size_t shard, Place& position, Place most, const Look& look) {
    const Access access(*this, shards_[shard]);
    const Place end = shards_[shard].fresh;
    if (position >= end) { return false; }
    const Place stop = end - position > most ? position + most : end;
    while (position < stop) {
      ++position;
      const Slot& slot = access.slot(position);
      if ((slot.newer & kFlag) != 0) { look(slot.value, (slot.older & kFlag) != 0); }
    }
    return position < end;
  }
  // walk() for every shard. Returns how many were erased.
  template <typename Visit>
  std::uint64_t walk_all(const Visit& visit) {
    std::uint64_t erased = 0;
    const auto counted = [&](Value& value) {
      const bool goes = visit(value);
      erased += goes ? 1 : 0;
      return goes;
    };
    for (std::size_t shard = 0; shard < shard_count_; ++shard) {
      for (Place position = 0; walk(shard, position, counted);) {}
    }
    return erased;
  }
  void clear() {
    for (std::size_t shard = 0; shard < shard_count_; ++shard) {
      for (Place position = 0; walk(shard, position, [](const Value&) { return true; });) {}
      Access access(*this, shards_[shard]);
      Shard& emptied = shards_[shard];
      if (emptied.entries != 0) { continue; }  // somebody has filled it again meanwhile
      region_.discard(slots_at(shard), emptied.fresh * sizeof(Slot));
      emptied.free = emptied.fresh = 0;
      emptied.octets = fixed_octets();
    }
  }

  // What holding `memory` octets of heap is counted as. Blocks of mixed sizes that come and go leave holes between them
  // that fit none of the next: glibc's allocator under such churn takes a seventh more from the system than is in use,
  // and it is the system's figure that the operator has bounded (tests/bench/kernels/cache_bench.cc,
  // cache_rss_over_capacity).
  static constexpr std::size_t charge(std::size_t memory) noexcept { return memory + memory / kHoles; }

  std::size_t shard_of(std::uint64_t hash) const noexcept { return (hash >> 32) * shard_count_ >> 32; }
  std::size_t shard_count() const noexcept { return shard_count_; }
  std::size_t capacity() const noexcept { return capacity_; }
  SieveStats stats() const noexcept {
    SieveStats sum;
    for (std::size_t i = 0; i < shard_count_; ++i) {
      const std::lock_guard lock(shards_[i].mutex);
      sum.entries += shards_[i].entries;
      sum.octets += shards_[i].octets;
      sum.hits += shards_[i].hits;
      sum.misses += shards_[i].misses;
      sum.evictions += shards_[i].evictions;
      sum.insertions += shards_[i].insertions;
    }
    return sum;
  }
  // The longest chain there is now, for tests and statistics; takes each shard's lock in turn.
  std::size_t longest_chain() const noexcept {
    std::size_t longest = 0;
    for (std::size_t i = 0; i < shard_count_; ++i) {
      const std::lock_guard lock(shards_[i].mutex);
      for (std::size_t b = 0; b < bucket_count_; ++b) {
        std::size_t length = 0;
        for (Place at = shards_[i].buckets[b]; at != 0; at = shards_[i].slots[at - 1].chained) { ++length; }
        longest = std::max(longest, length);
      }
    }
    return longest;
  }

 private:
  static std::size_t least_shard() noexcept { return std::max(kShardCapacity, kShardPages * Region::page_size()); }
  std::size_t fixed_octets() const noexcept { return sizeof(Shard) + bucket_count_ * sizeof(Place); }
  std::size_t slots_at(std::size_t shard) const noexcept { return buckets_octets_ + shard * slots_stride_; }
  Place* bucket(std::size_t shard, std::size_t index) const noexcept {
    return reinterpret_cast<Place*>(region_.data()) + shard * bucket_count_ + index;
  }

  std::size_t capacity_;
  std::size_t shard_count_;     // a power of two
  std::size_t budget_;          // octets per shard
  Place slot_limit_;            // slots per shard
  std::uint32_t bucket_count_;  // per shard, a power of two
  std::size_t slots_stride_;
  std::size_t buckets_octets_;
  Region region_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace vouch
