// Domain names in wire format (RFC 1035 section 3.1): length-prefixed labels, the root label last. NameView looks at a
// name that lies uncompressed in somebody else's memory; Name owns one on the stack. Comparison and hashing ignore
// ASCII case (RFC 4343) and look at eight octets at a time; names_plain.h has the plain twins that the fast kernels are
// tested against.
#pragma once

#include <array>
#include <compare>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "resolver/base/bytes.h"
#include "resolver/base/siphash.h"

namespace vouch {

constexpr std::size_t kMaxNameLength = 255;  // octets, root label included (RFC 1035 section 3.1)
constexpr std::size_t kMaxLabelLength = 63;
constexpr std::size_t kMaxLabels = 127;  // root label not counted

// Whether `count` octets at `a` and at `b` are the same but for the case of ASCII letters.
bool same_ignoring_case(const Octet* a, const Octet* b, std::size_t count) noexcept;

// Whatever it points at must outlive it. Always a well-formed uncompressed name. Two words, pass by value.
class NameView {
 public:
  constexpr NameView() noexcept = default;  // the root
  // The uncompressed name at the start of `octets`; nothing when there is none (too long, cut short, a pointer).
  static std::optional<NameView> parse(Bytes octets) noexcept;
  // For octets that are known to be a name (they were checked when they were stored).
  static NameView trusted(const Octet* data, std::uint8_t length, std::uint8_t labels) noexcept {
    return NameView(data, length, labels);
  }

  Bytes octets() const noexcept { return {data_, length_}; }
  const Octet* data() const noexcept { return data_; }
  std::uint8_t length() const noexcept { return length_; }  // 1..255
  std::uint8_t labels() const noexcept { return labels_; }  // 0..127, root not counted
  bool is_root() const noexcept { return labels_ == 0; }
  bool is_wildcard() const noexcept { return length_ > 2 && data_[0] == 1 && data_[1] == '*'; }
  Bytes first_label() const noexcept { return {data_ + 1, data_[0]}; }  // without its length octet; empty at the root
  NameView parent() const noexcept;                                     // the root's parent is the root
  NameView suffix(std::uint8_t labels) const noexcept;                  // the rightmost `labels` labels, at most all
  bool is_at_or_below(NameView ancestor) const noexcept;
  bool is_below(NameView ancestor) const noexcept { return labels_ > ancestor.labels_ && is_at_or_below(ancestor); }
  std::uint8_t labels_shared_with(NameView other) const noexcept;  // how many rightmost labels are the same

  // Case-insensitive; equal names hash alike whatever their case.
  std::uint64_t hash(const SipKey& key) const noexcept;
  friend bool operator==(NameView a, NameView b) noexcept {
    return a.length_ == b.length_ && same_ignoring_case(a.data_, b.data_, a.length_);
  }
  bool is_same_with_case(NameView other) const noexcept {
    return length_ == other.length_ && std::memcmp(data_, other.data_, length_) == 0;
  }

  // Presentation form with a final dot, escaped as in RFC 4343 section 2.1 (`\.`, `\\`, `\DDD`): printable ASCII only,
  // so it is safe in a log line.
  std::string text() const;

 private:
  constexpr NameView(const Octet* data, std::uint8_t length, std::uint8_t labels) noexcept
      : data_(data), length_(length), labels_(labels) {}
  static constexpr Octet kRoot[1] = {0};
  const Octet* data_ = kRoot;
  std::uint8_t length_ = 1;
  std::uint8_t labels_ = 0;
};

// Canonical order of RFC 4034 section 6.1: rightmost label first, lower-cased, shorter before longer.
std::strong_ordering canonical_order(NameView a, NameView b) noexcept;

class Name {
 public:
  Name() noexcept { octets_[0] = 0; }  // the root
  explicit Name(NameView view) noexcept;
  Name(const Name& other) noexcept : Name(other.view()) {}
  Name& operator=(const Name& other) noexcept;
  // Presentation form; absolute whether or not it ends in a dot. Nothing when it is no name.
  static std::optional<Name> parse(std::string_view text);
  static Name of(std::string_view text);  // for literals in tests and tables: aborts when it is no name

  NameView view() const noexcept { return NameView::trusted(octets_.data(), length_, labels_); }
  operator NameView() const noexcept { return view(); }
  // In front of the present name; false (and unchanged) when the result would be too long.
  bool prepend_label(Bytes label) noexcept;
  // `prefix` of `name` replaced: DNAME substitution (RFC 6672 section 2.2). Nothing when too long (YXDOMAIN).
  static std::optional<Name> substitute(NameView name, NameView old_suffix, NameView new_suffix) noexcept;
  void lower_case() noexcept;
  MutableBytes mutable_octets() noexcept {
    return {octets_.data(), length_};
  }  // letters' case may be changed (0x20), nothing else

  std::string text() const { return view().text(); }
  friend bool operator==(const Name& a, const Name& b) noexcept { return a.view() == b.view(); }

 private:
  friend Name expand_name(Bytes packet, struct NameAt name) noexcept;
  std::uint8_t length_ = 1;
  std::uint8_t labels_ = 0;
  std::array<Octet, kMaxNameLength> octets_;
};

// A name as it lies in a packet, maybe compressed. Nothing is copied, so the packet must outlive it.
struct NameAt {
  std::uint16_t first = 0;  // offset of the first length octet
  std::uint16_t next = 0;   // offset of whatever follows the name in its record
  std::uint8_t length = 1;  // uncompressed octets, root label included: 1..255
  std::uint8_t labels = 0;  // root label not counted: 0..127
};

// One pass; pointers must aim strictly backwards, so no loop can be written down (RFC 9267 section 2). Nothing when
// malformed.
std::optional<NameAt> parse_name(Bytes packet, std::size_t at) noexcept;
// Only with a NameAt that parse_name() returned for this very packet.
Name expand_name(Bytes packet, NameAt name) noexcept;
bool equals_name(Bytes packet, NameAt in_packet, NameView name) noexcept;            // ignoring case, without expanding
bool equals_name_with_case(Bytes packet, NameAt in_packet, NameView name) noexcept;  // for 0x20

}  // namespace vouch
