#include "resolver/wire/name.h"

#include <algorithm>
#include <utility>

#include "resolver/wire/name_kernels.h"
#include "resolver/wire/name_scan.h"

namespace vouch {

bool same_ignoring_case(const Octet* a, const Octet* b, std::size_t count) noexcept {
  return kernels::same_folded(a, b, count);
}

std::optional<NameView> NameView::parse(Bytes octets) noexcept {
  std::size_t at = 0, labels = 0;
  while (at < octets.size() && at < kMaxNameLength) {
    const std::size_t label = octets[at];
    if (label == 0) { return NameView(octets.data(), u8(at + 1), u8(labels)); }
    if (label > kMaxLabelLength) { return std::nullopt; }
    at += 1 + label;
    ++labels;
  }
  return std::nullopt;
}

NameView NameView::parent() const noexcept {
  if (is_root()) { return *this; }
  const std::size_t step = std::size_t{1} + data_[0];
  return NameView(data_ + step, u8(length_ - step), u8(labels_ - 1U));
}

NameView NameView::suffix(std::uint8_t labels) const noexcept {
  NameView rest = *this;
  while (rest.labels_ > labels) { rest = rest.parent(); }
  return rest;
}

bool NameView::is_at_or_below(NameView ancestor) const noexcept {
  if (labels_ < ancestor.labels_ || length_ < ancestor.length_) { return false; }
  const NameView tail = suffix(ancestor.labels_);
  return tail == ancestor;
}

std::uint8_t NameView::labels_shared_with(NameView other) const noexcept {
  NameView a = suffix(other.labels_);
  NameView b = other.suffix(labels_);
  std::uint8_t shared = 0;
  for (; !a.is_root(); a = a.parent(), b = b.parent()) {
    const std::size_t label = std::size_t{1} + a.data_[0];
    const bool same = a.data_[0] == b.data_[0] && kernels::same_folded(a.data_, b.data_, label);
    shared = same ? u8(shared + 1U) : std::uint8_t{0};
  }
  return shared;
}

std::uint64_t NameView::hash(const SipKey& key) const noexcept { return kernels::hash_folded(key, data_, length_); }

namespace {

using LabelStarts = std::array<const Octet*, kMaxLabels>;

void find_labels(NameView name, LabelStarts& starts) noexcept {
  const Octet* at = name.data();
  for (std::size_t i = 0; i < name.labels(); ++i) {
    starts[i] = at;
    at += 1 + *at;
  }
}

}  // namespace

std::strong_ordering canonical_order(NameView a, NameView b) noexcept {
  LabelStarts a_labels, b_labels;  // left unset beyond what find_labels() fills in
  find_labels(a, a_labels);
  find_labels(b, b_labels);
  const std::size_t both = std::min(a.labels(), b.labels());
  for (std::size_t i = 1; i <= both; ++i) {
    const Octet* const one = a_labels[a.labels() - i];
    const Octet* const two = b_labels[b.labels() - i];
    const int order = kernels::order_folded(one + 1, two + 1, std::min(*one, *two));
    if (order != 0) { return order < 0 ? std::strong_ordering::less : std::strong_ordering::greater; }
    if (*one != *two) { return *one <=> *two; }
  }
  return a.labels() <=> b.labels();
}

Name::Name(NameView view) noexcept : length_(view.length()), labels_(view.labels()) {
  std::memcpy(octets_.data(), view.data(), length_);
}

Name& Name::operator=(const Name& other) noexcept {
  if (this == &other) { return *this; }
  length_ = other.length_;
  labels_ = other.labels_;
  std::memcpy(octets_.data(), other.octets_.data(), length_);
  return *this;
}

bool Name::prepend_label(Bytes label) noexcept {
  const std::size_t step = 1 + label.size();
  if (label.empty() || label.size() > kMaxLabelLength || length_ + step > kMaxNameLength) { return false; }
  std::array<Octet, kMaxLabelLength> kept;  // the label may lie in these very octets
  std::memcpy(kept.data(), label.data(), label.size());
  std::memmove(octets_.data() + step, octets_.data(), length_);
  octets_[0] = u8(label.size());
  std::memcpy(octets_.data() + 1, kept.data(), label.size());
  length_ = u8(length_ + step);
  ++labels_;
  return true;
}

std::optional<Name> Name::substitute(NameView name, NameView old_suffix, NameView new_suffix) noexcept {
  if (!name.is_at_or_below(old_suffix)) { return std::nullopt; }
  const std::size_t kept = std::size_t{name.length()} - old_suffix.length();
  if (kept + new_suffix.length() > kMaxNameLength) { return std::nullopt; }
  Name result;
  std::memcpy(result.octets_.data(), name.data(), kept);
  std::memcpy(result.octets_.data() + kept, new_suffix.data(), new_suffix.length());
  result.length_ = u8(kept + new_suffix.length());
  result.labels_ = u8(std::size_t{name.labels()} - old_suffix.labels() + new_suffix.labels());
  return result;
}

void Name::lower_case() noexcept { kernels::lower_case(octets_.data(), length_); }

std::optional<NameAt> parse_name(Bytes packet, std::size_t at) noexcept {
  std::size_t steps = kMaxLabels + kMaxPointers + 1;  // what one name can need, the root label included
  return scan_name(packet, at, steps);
}

namespace {

// Calls visit(octets, count) for each run of whole labels between pointers, the root label within the last run; stops
// when visit says false. Only for names that scan_name() has accepted.
template <typename Visit>
bool each_run(const Octet* packet, NameAt name, Visit visit) noexcept {
  const std::size_t in_place = std::size_t{name.next} - name.first;
  // Not compressed. A pointer takes two octets and no name is two octets long, so the two lengths differ where there is
  // one.
  if (in_place == name.length) { return visit(packet + name.first, in_place); }
  std::size_t here = name.first, run = name.first;
  for (;;) {
    const std::size_t octet = packet[here];
    if (octet == 0) { return visit(packet + run, here + 1 - run); }
    if (octet <= kMaxLabelLength) {
      here += 1 + octet;
      continue;
    }
    if (here != run && !visit(packet + run, here - run)) { return false; }
    here = run = (octet << 8 | packet[here + 1]) - kFirstPointer;
  }
}

}  // namespace

Name expand_name(Bytes packet, NameAt name) noexcept {
  Name result;
  result.length_ = name.length;
  result.labels_ = name.labels;
  Octet* to = result.octets_.data();
  each_run(packet.data(), name, [&to](const Octet* from, std::size_t count) noexcept {
    std::memcpy(to, from, count);
    to += count;
    return true;
  });
  return result;
}

bool equals_name(Bytes packet, NameAt in_packet, NameView name) noexcept {
  if (in_packet.length != name.length() || in_packet.labels != name.labels()) { return false; }
  const Octet* with = name.data();
  return each_run(packet.data(), in_packet, [&with](const Octet* from, std::size_t count) noexcept {
    const Octet* const these = std::exchange(with, with + count);
    return kernels::same_folded(from, these, count);
  });
}

bool equals_name_with_case(Bytes packet, NameAt in_packet, NameView name) noexcept {
  if (in_packet.length != name.length() || in_packet.labels != name.labels()) { return false; }
  const Octet* with = name.data();
  return each_run(packet.data(), in_packet, [&with](const Octet* from, std::size_t count) noexcept {
    const Octet* const these = std::exchange(with, with + count);
    return std::memcmp(from, these, count) == 0;
  });
}

}  // namespace vouch
