#include "resolver/front/answer_cache.h"

#include <algorithm>
#include <bit>

#include "resolver/wire/message_view.h"

namespace vouch {

namespace {

// A set of records of one size, one behind the other, that may begin with any of them (RFC 1794).
struct Rotation {
  std::uint8_t at = 0;       // offset in the answer
  std::uint8_t stride = 0;   // octets of one record
  std::uint8_t records = 0;  // fewer than two: there is nothing to turn
  std::uint8_t turned = 0;   // by how many it is turned already

  std::size_t octets_to(std::uint16_t rotate) const noexcept {
    return std::size_t{stride} * ((rotate % records + records - turned) % records);
  }
};

// What must be known of an answer to make another of it. Offsets of an answer that fits into a slot fit into an octet.
struct Layout {
  std::array<std::uint8_t, AnswerCache::kMaxRecords> ttls{};  // offsets
  std::uint8_t count = 0;
  Rotation rotation;
};

// What other names may point into stays where it is.
bool has_compressible_names(Type type) noexcept {
  const TypeInfo* const info = type_info(type);
  return info != nullptr && info->has_compressible_names;
}

// The TTL stands between class and the RDATA's length (RFC 1035 section 4.1.3).
constexpr std::size_t kTtlBeforeRdata = 6, kHeadOfRecord = 10;

struct Walker {
  Bytes answer;
  std::size_t at;
};

// The next record: where its TTL is, and where it ends. Nothing when the octets are no record.
struct Found {
  std::size_t begin = 0, ttl = 0, end = 0;
  Type type = Type::none;
};
std::optional<Found> next_record(Walker& walker) noexcept {
  const auto owner = parse_name(walker.answer, walker.at);
  if (!owner || owner->next + kHeadOfRecord > walker.answer.size()) { return std::nullopt; }
  Found found;
  found.begin = walker.at;
  found.type = static_cast<Type>(load16(walker.answer.data() + owner->next));
  found.ttl = owner->next + kHeadOfRecord - kTtlBeforeRdata;
  found.end = owner->next + kHeadOfRecord + load16(walker.answer.data() + owner->next + kHeadOfRecord - 2);
  if (found.end > walker.answer.size()) { return std::nullopt; }
  walker.at = found.end;
  return found;
}

}  // namespace

// All zero means free, as the region is at first.
struct alignas(64) AnswerCache::Slot {
  std::uint64_t hash;                    // 0: free
  std::array<std::uint16_t, 4> knocked;  // of the place's first slot: what came last and was not here
  TtlTime stored;
  std::uint32_t seconds;
  std::uint16_t generation;  // what is left of it: whoever was forgotten 65,536 times in one TTL is not thought of
  std::uint8_t next;         // of the place's first slot: which one makes way
  std::uint8_t query_size, answer_size;
  ClientProtocol protocol;
  std::uint8_t view;
  Standing standing;
  std::uint8_t rcode;
  std::uint8_t uses;
  std::uint8_t name_length, name_labels;
  bool dnssec_ok, ad;
  Layout layout;
  // The query without its id; then the answer without its id and without the question, which is the query's.
  std::array<Octet, kSlotSize - 64> octets;

  bool is_live(TtlTime now, std::uint64_t as_of) const noexcept {
    return generation == static_cast<std::uint16_t>(as_of) && now >= stored && now - stored < seconds;
  }
};

struct AnswerCache::Place {
  std::array<Slot, 2> slots;
};

namespace {

constexpr std::size_t kId = 2;                // octets that differ from query to query
constexpr std::size_t kMaxQuery = UINT8_MAX;  // longer ones have no room for an answer beside them

__extension__ using Wide = unsigned __int128;

// Both halves of a product with a secret factor: by a factor that is known, or by one half alone, bits can be flipped
// in one word and back in the next, whatever the key is.
std::uint64_t mix(std::uint64_t x, std::uint64_t word, std::uint64_t secret) noexcept {
  const Wide product = Wide{x ^ word} * secret;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Nothing when it has more records than can be kept, or a set that cannot be turned. `seconds`: lowered to the shortest
// TTL.
std::optional<Layout> layout_of(Bytes answer, std::size_t after_question, std::uint32_t& seconds) noexcept {
  const HeaderView header(answer);
  const std::size_t records = std::size_t{header.answer_count()} + header.authority_count() + header.additional_count();
  Layout layout;
  Walker walker{answer, after_question};
  Found previous;
  for (std::size_t i = 0; i < records; ++i) {
    const auto found = next_record(walker);
    if (!found) { return std::nullopt; }
    if (found->type == Type::OPT) { continue; }  // what stands there in the TTL's place is none
    if (layout.count == layout.ttls.size()) { return std::nullopt; }
    layout.ttls[layout.count++] = u8(found->ttl);
    seconds = std::min(seconds, load32(answer.data() + found->ttl));
    const bool is_set = i < header.answer_count() && previous.type == found->type && found->type != Type::RRSIG &&
                        found->type != Type::CNAME;
    if (is_set) {
      const std::size_t stride = found->end - found->begin;
      Rotation& rotation = layout.rotation;
      const bool is_like = !has_compressible_names(found->type) && previous.end - previous.begin == stride &&
                           stride <= UINT8_MAX &&
                           std::equal(answer.begin() + static_cast<std::ptrdiff_t>(previous.begin),
                                      answer.begin() + static_cast<std::ptrdiff_t>(previous.ttl),
                                      answer.begin() + static_cast<std::ptrdiff_t>(found->begin));
      if (!is_like) { return std::nullopt; }  // it could not be turned
      if (rotation.records == 0) { rotation = {u8(previous.begin), u8(stride), 1}; }
      // Another set than the first: not both can be turned.
      if (found->begin != rotation.at + stride * rotation.records) { return std::nullopt; }
      ++rotation.records;
    }
    previous = *found;
  }
  return layout;
}

}  // namespace

AnswerCache::AnswerCache(std::size_t capacity) {
  static_assert(sizeof(Slot) == kSlotSize && sizeof(Place) == 2 * kSlotSize);
  const std::size_t count = std::bit_floor(capacity / sizeof(Place));
  if (count == 0) { return; }
  region_ = std::make_unique<Region>(count * sizeof(Place));
  places_ = reinterpret_cast<Place*>(region_->data());
  mask_ = count - 1;
}
AnswerCache::~AnswerCache() = default;

void AnswerCache::forget_all() noexcept {
  places_ = nullptr;
  region_.reset();
}

// Of octets that come from the network: keyed, so that nobody can choose what displaces what.
std::uint64_t AnswerCache::hash_of(Bytes query, ClientProtocol protocol, std::uint8_t view) const noexcept {
  const SipKey& key = process_hash_key();
  const std::uint64_t secret = key.k1 | 1;
  std::uint64_t x =
      key.k0 ^ query.size() ^ static_cast<std::uint64_t>(protocol) << 32U ^ static_cast<std::uint64_t>(view) << 40U;
  std::size_t at = kId;
  for (; at + 8 <= query.size(); at += 8) { x = mix(x, load_word(query.data() + at), secret); }
  std::uint64_t rest = 0;
  for (std::size_t i = 0; at + i < query.size(); ++i) { rest |= std::uint64_t{query[at + i]} << (8 * i); }
  return mix(mix(x, rest, secret), key.k0, secret) | 1;
}

AnswerCache::Place* AnswerCache::place_of(std::uint64_t hash) const noexcept { return &places_[(hash >> 20U) & mask_]; }

void AnswerCache::expect(Bytes query, ClientProtocol protocol) const noexcept {
  if (places_ == nullptr || query.size() > kMaxQuery) { return; }
  constexpr std::size_t kLine = 64;
  constexpr std::uint8_t kEveryone = 0;  // most clients' view; nobody has looked at the address yet
  const auto* const place = reinterpret_cast<const std::byte*>(place_of(hash_of(query, protocol, kEveryone)));
  // The first slot's head, query and the better part of the answer; the second's head.
  for (const std::size_t line : {std::size_t{0}, kLine, 2 * kLine, kSlotSize}) { __builtin_prefetch(place + line); }
}

AnswerCache::Hit AnswerCache::find(Bytes query, ClientProtocol protocol, MutableBytes out, TtlTime now,
                                   std::uint64_t generation, std::uint16_t rotate, std::uint8_t view) noexcept {
  Hit hit;
  if (places_ == nullptr || query.size() > kMaxQuery) { return hit; }
  const std::uint64_t hash = hash_of(query, protocol, view);
  Place& place = *place_of(hash);
  for (Slot& slot : place.slots) {
    if (slot.hash != hash || slot.query_size != query.size() || slot.protocol != protocol || slot.view != view) {
      continue;
    }
    if (std::memcmp(slot.octets.data(), query.data() + kId, query.size() - kId) != 0) { continue; }
    if (!slot.is_live(now, generation)) { return hit; }
    if (slot.uses < kUses) {
      ++slot.uses;
    } else if (now != slot.stored) {
      return hit;
    }
    // The question is the query's own; what stands before and after it is kept.
    const std::size_t after_question = kHeaderSize + slot.name_length + 4U;
    const Octet* const answer = slot.octets.data() + slot.query_size - kId;
    std::memcpy(out.data(), query.data(), after_question);
    std::memcpy(out.data() + kId, answer, kHeaderSize - kId);
    std::memcpy(out.data() + after_question, answer + kHeaderSize - kId, slot.answer_size - after_question);
    const auto age = static_cast<std::uint32_t>(now - slot.stored);
    for (std::size_t i = 0; age != 0 && i < slot.layout.count; ++i) {
      Octet* const ttl = out.data() + slot.layout.ttls[i];
      store32(ttl, load32(ttl) - age);  // none is less than `seconds`
    }
    if (const Rotation& turn = slot.layout.rotation; turn.records > 1) {
      Octet* const first = out.data() + turn.at;
      std::rotate(first, first + turn.octets_to(rotate), first + std::size_t{turn.stride} * turn.records);
    }
    hit.size = slot.answer_size;
    hit.standing = slot.standing;
    hit.rcode = static_cast<Rcode>(slot.rcode);
    hit.dnssec_ok = slot.dnssec_ok;
    hit.ad = slot.ad;
    hit.name = NameView::trusted(query.data() + kHeaderSize, slot.name_length, slot.name_labels);
    return hit;
  }
  return hit;
}

void AnswerCache::keep(const Kept& kept, TtlTime now) noexcept {
  const Inquiry& inquiry = kept.inquiry;
  const bool is_plain = inquiry.cookie_state == CookieState::none && !inquiry.wants_nsid && !inquiry.wants_keepalive &&
                        !inquiry.is_encrypted();
  const std::size_t after_question = kHeaderSize + kept.name.length() + 4;
  const std::size_t size = kept.query.size() - kId + kept.answer.size() - kId - (after_question - kHeaderSize);
  const bool is_fit = kept.query.size() <= kMaxQuery && kept.answer.size() <= UINT8_MAX &&
                      size <= std::tuple_size_v<decltype(Slot::octets)>;
  if (places_ == nullptr || !is_plain || !is_fit || kept.seconds == 0 || kept.standing == Standing::bogus) { return; }
  if (HeaderView(kept.answer).tc()) { return; }  // each of them is counted; and it was cheap to make
  const std::uint64_t hash = hash_of(kept.query, inquiry.protocol, kept.view);
  Place& place = *place_of(hash);
  Slot& first = place.slots.front();
  Slot* slot = std::ranges::find(place.slots, hash, &Slot::hash);
  const bool is_new = slot == place.slots.end();
  if (is_new) {
    const auto tag = static_cast<std::uint16_t>(hash >> 48U);
    if (std::ranges::find(first.knocked, tag) == first.knocked.end()) {  // it comes for the first time
      std::shift_right(first.knocked.begin(), first.knocked.end(), 1);
      first.knocked.front() = tag;
      return;
    }
  }
  std::uint32_t seconds = kept.seconds;
  const auto layout = layout_of(kept.answer, after_question, seconds);
  if (!layout || seconds == 0) {
    if (!is_new) { slot->hash = 0; }
    return;
  }
  if (is_new) { slot = &place.slots[first.next++ % place.slots.size()]; }
  slot->hash = hash;
  slot->stored = now;
  slot->generation = static_cast<std::uint16_t>(kept.generation);
  slot->seconds = seconds;
  slot->query_size = u8(kept.query.size());
  slot->answer_size = u8(kept.answer.size());
  slot->protocol = inquiry.protocol;
  slot->view = kept.view;
  slot->standing = kept.standing;
  slot->rcode = static_cast<std::uint8_t>(kept.rcode);
  slot->uses = 0;
  slot->name_length = kept.name.length();
  slot->name_labels = kept.name.labels();
  slot->dnssec_ok = inquiry.dnssec_ok;
  slot->ad = inquiry.ad;
  slot->layout = *layout;
  Rotation& rotation = slot->layout.rotation;
  if (rotation.records > 1) { rotation.turned = u8(kept.rotate % rotation.records); }
  Octet* to = slot->octets.data();
  to = std::ranges::copy(kept.query.subspan(kId), to).out;
  to = std::ranges::copy(kept.answer.subspan(kId, kHeaderSize - kId), to).out;
  std::ranges::copy(kept.answer.subspan(after_question), to);
}

}  // namespace vouch
