#include "resolver/cache/failure_cache.h"

#include <algorithm>
#include <array>

#include "resolver/cache/heap_octets.h"
#include "resolver/cache/sieve_table.h"

namespace vouch {

namespace {

// The key and the words of a failure: one allocation. The zone at fault is mostly the name or one above it, and then a
// number of labels; another, where an alias leads, is written out.
class Note {
 public:
  static std::unique_ptr<const Note> make(NameView name, std::string_view text, NameView zone) {
    const bool is_above = name.is_at_or_below(zone);
    const std::size_t zone_length = is_above ? 0 : zone.length();
    void* const memory = ::operator new(sizeof(Note) + name.length() + text.size() + zone_length);
    Note* const note = ::new (memory) Note;
    note->name_length_ = name.length();
    note->name_labels_ = name.labels();
    note->text_length_ = u8(text.size());
    note->zone_labels_ = zone.labels();
    note->zone_length_ = u8(zone_length);
    Octet* const to = reinterpret_cast<Octet*>(note + 1);
    std::copy_n(name.data(), name.length(), to);
    std::ranges::copy(bytes_of(text), to + name.length());
    std::copy_n(zone.data(), zone_length, to + name.length() + text.size());
    return std::unique_ptr<const Note>(note);
  }
  static void operator delete(void* memory) noexcept { ::operator delete(memory); }

  NameView name() const noexcept { return NameView::trusted(data(), name_length_, name_labels_); }
  std::string_view text() const noexcept { return text_of({data() + name_length_, text_length_}); }
  NameView zone() const noexcept {
    if (zone_length_ == 0) { return name().suffix(zone_labels_); }
    return NameView::trusted(data() + name_length_ + text_length_, zone_length_, zone_labels_);
  }

 private:
  const Octet* data() const noexcept { return reinterpret_cast<const Octet*>(this + 1); }
  std::uint8_t name_length_ = 1;
  std::uint8_t name_labels_ = 0;
  std::uint8_t text_length_ = 0;
  std::uint8_t zone_labels_ = 0;
  std::uint8_t zone_length_ = 0;  // 0: it ends the name
};
static_assert(Failure::kMaxText <= UINT8_MAX);

struct Run {                                          // of failures in a row
  static constexpr std::size_t kSmallestMemory = 32;  // the allocator's least

  std::unique_ptr<const Note> note;
  TtlTime expires = 0;
  std::uint32_t hold = 0;  // seconds, as of the latest failure; what is left is never more
  Type type = Type::none;
  Ede cause = Ede::other;
  Reason reason = Reason::none;

  std::size_t memory() const noexcept { return heap_octets(note.get()); }
  std::int64_t left(TtlTime now) noexcept {
    if (expires - now > hold) { expires = now + hold; }  // the clock was set back
    return expires - now;
  }
};

using Table = SieveTable<Run>;

Table::Place find_in(const Table::Access& shard, std::uint64_t hash, NameView name, Type type) noexcept {
  return shard.find(static_cast<std::uint32_t>(hash),
                    [name, type](const Run& run) { return run.type == type && run.note->name() == name; });
}

// What an operator or an EDE sends on must be one printable line, whoever wrote it.
std::string_view printable(std::string_view text, std::array<char, Failure::kMaxText>& room) noexcept {
  const std::size_t length = std::min(text.size(), room.size());
  std::ranges::transform(text.substr(0, length), room.begin(), [](char c) { return c >= ' ' && c <= '~' ? c : '?'; });
  return {room.data(), length};
}

}  // namespace

struct FailureCache::Impl {
  Impl(std::size_t capacity, const CacheOptions& options)
      : first_hold(std::max(options.failure_ttl_min, std::uint32_t{1})),  // RFC 9520 section 3.2
        last_hold(std::max(options.failure_ttl_max, first_hold)),
        key(process_hash_key()),
        table(capacity) {}

  std::uint64_t hash(NameView name, Type type) const noexcept {
    SipState state(key);
    state.absorb<1>(name.hash(key));
    state.absorb<1>(static_cast<std::uint64_t>(type));
    return state.finish<3>();
  }

  std::uint32_t first_hold;
  std::uint32_t last_hold;
  SipKey key;
  Table table;
};

FailureCache::FailureCache(std::size_t capacity, const CacheOptions& options)
    : impl_(std::make_unique<Impl>(capacity, options)) {}
FailureCache::~FailureCache() = default;

std::optional<Failure> FailureCache::find(NameView name, Type type, TtlTime now) const {
  const std::uint64_t hash = impl_->hash(name, type);
  std::array<char, Failure::kMaxText> text;
  std::size_t text_length = 0;
  Failure failure;
  {
    const Table::Access shard = impl_->table.lock(hash);
    const Table::Place place = find_in(shard, hash, name, type);
    if (place == 0 || shard.at(place).left(now) <= 0) {
      shard.miss();
      return std::nullopt;
    }
    shard.hit(place);
    Run& run = shard.at(place);
    failure.cause = run.cause;
    failure.reason = run.reason;
    failure.ttl = static_cast<std::uint32_t>(run.left(now));
    failure.zone = Name(run.note->zone());
    text_length = run.note->text().copy(text.data(), text.size());
  }
  failure.text.assign(text.data(), text_length);  // which may allocate: no longer under the lock
  return failure;
}

std::uint32_t FailureCache::put(NameView name, Type type, Ede cause, std::string_view text, TtlTime now, Reason reason,
                                NameView zone) {
  const std::uint64_t hash = impl_->hash(name, type);
  std::array<char, Failure::kMaxText> room;
  Run fresh{.note = Note::make(name, printable(text, room), zone),
            .expires = now + impl_->first_hold,
            .hold = impl_->first_hold,
            .type = type,
            .cause = cause,
            .reason = reason};
  Table::Access shard = impl_->table.lock(hash);
  const Table::Place place = find_in(shard, hash, name, type);
  if (place != 0) {
    Run& run = shard.at(place);
    // A question that nobody asked for so long starts anew: the doubling protects servers from those who keep asking.
    if (run.left(now) > -std::int64_t{impl_->last_hold}) {
      shard.hit(place);
      run.hold = run.hold > impl_->last_hold / 2 ? impl_->last_hold : run.hold * 2;
      run.expires = now + run.hold;
      return run.hold;
    }
    shard.erase(place);
  }
  shard.insert(static_cast<std::uint32_t>(hash), std::move(fresh), place != 0);
  return impl_->first_hold;
}

std::uint64_t FailureCache::remove(NameView name, Type type) {
  const std::uint64_t hash = impl_->hash(name, type);
  Table::Access shard = impl_->table.lock(hash);
  const Table::Place place = find_in(shard, hash, name, type);
  if (place == 0) { return 0; }
  shard.erase(place);
  return 1;
}

std::uint64_t FailureCache::remove_name(NameView name) {
  return impl_->table.walk_all([name](const Run& run) { return run.note->name() == name; });
}

std::uint64_t FailureCache::remove_type(Type type) {
  return impl_->table.walk_all([type](const Run& run) { return run.type == type; });
}

std::uint64_t FailureCache::remove_bogus() {
  return impl_->table.walk_all([](const Run& run) { return run.reason != Reason::none; });
}

std::uint64_t FailureCache::remove_below(NameView zone) {
  return impl_->table.walk_all([zone](const Run& run) { return run.note->name().is_at_or_below(zone); });
}

std::uint64_t FailureCache::remove_blamed_on(NameView zone) {
  return impl_->table.walk_all([zone](const Run& run) {
    if (run.reason == Reason::none) { return false; }
    const NameView blamed = run.note->zone();
    return blamed.is_at_or_below(zone) || zone.is_below(blamed);
  });
}

void FailureCache::clear() { impl_->table.clear(); }
std::uint64_t FailureCache::octets() const { return impl_->table.stats().octets; }
std::uint64_t FailureCache::entries() const { return impl_->table.stats().entries; }

}  // namespace vouch
