#include "resolver/policy/rpz/owner.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>

namespace vouch {

namespace {

constexpr std::size_t kWords = 8;             // of an IPv6 address, sixteen bits each
constexpr std::size_t kMaxAddressLabels = 9;  // a prefix length and those
constexpr std::string_view kZeros = "zz";     // the `::` of the text form, which no label could hold

// The whole label as a number of at most `most`.
std::optional<unsigned> number(std::string_view label, int base, unsigned most) noexcept {
  constexpr std::size_t kMaxDigits = 4;  // "ffff"
  if (label.empty() || label.size() > kMaxDigits) { return std::nullopt; }
  unsigned value = 0;
  const auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), value, base);
  if (error != std::errc() || end != label.data() + label.size() || value > most) { return std::nullopt; }
  return value;
}

std::optional<Prefix> checked(const IpAddress& address, unsigned bits) noexcept {
  const Prefix prefix(address, u8(bits));
  if (prefix.address() != address) { return std::nullopt; }  // bits beyond the prefix: which one was meant?
  return prefix;
}

// `labels`: after the prefix length, lowest first.
std::optional<Prefix> read_v4(std::span<const std::string_view> labels, unsigned bits) noexcept {
  if (bits > 32) { return std::nullopt; }
  std::array<Octet, 4> octets{};
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const auto value = number(labels[i], 10, 255);
    if (!value) { return std::nullopt; }
    octets[octets.size() - 1 - i] = u8(*value);
  }
  return checked(IpAddress::v4(octets), bits);
}

std::optional<Prefix> read_v6(std::span<const std::string_view> labels, unsigned bits) noexcept {
  std::array<Octet, 16> octets{};
  std::size_t word = kWords;  // one past the next to be written, from the last on
  bool has_zeros = false;
  for (const std::string_view label : labels) {
    if (word == 0) { return std::nullopt; }
    if (label == kZeros) {
      if (has_zeros) { return std::nullopt; }
      has_zeros = true;
      const std::size_t left = labels.size() - 1 - (kWords - word);
      if (left >= word) { return std::nullopt; }  // it stands for one word at least
      word = left;
      continue;
    }
    const auto value = number(label, 16, 0xffff);
    if (!value) { return std::nullopt; }
    --word;
    store16(octets.data() + 2 * word, u16(*value));
  }
  if (word != 0) { return std::nullopt; }
  return checked(IpAddress::v6(octets), bits);
}

std::optional<Prefix> read_prefix(NameView name) noexcept {
  std::array<std::string_view, kMaxAddressLabels> labels;
  const std::size_t count = name.labels();
  if (count < 2 || count > labels.size()) { return std::nullopt; }
  bool has_zeros = false;
  for (std::size_t i = 0; i < count; ++i) {
    labels[i] = text_of(name.first_label());
    has_zeros |= i > 0 && labels[i] == kZeros;
    name = name.parent();
  }
  const auto bits = number(labels[0], 10, 128);
  if (!bits || *bits == 0) { return std::nullopt; }
  const auto address = std::span<const std::string_view>(labels).subspan(1, count - 1);
  if (!has_zeros && count == 5) { return read_v4(address, *bits); }
  if (!has_zeros && count != kMaxAddressLabels) { return std::nullopt; }
  return read_v6(address, *bits);
}

std::string_view label_of(RpzTrigger trigger) noexcept {
  constexpr std::array<std::string_view, kRpzTriggers> kLabels{"rpz-client-ip", "", "rpz-ip", "rpz-nsdname",
                                                               "rpz-nsip"};
  return kLabels[static_cast<std::size_t>(trigger)];
}

}  // namespace

std::string_view rpz_fault_text(RpzOwnerFault fault) noexcept {
  switch (fault) {
    case RpzOwnerFault::apex:
      return "the zone's own name is no rule";
    case RpzOwnerFault::out_of_zone:
      return "the record is outside the zone";
    case RpzOwnerFault::malformed:
      return "no address with a prefix length, as in 24.0.2.0.192.rpz-ip or 48.zz.db8.2001.rpz-ip";
    case RpzOwnerFault::unsupported:
      return "this kind of trigger is not known";
  }
  return "";
}

std::expected<RpzOwner, RpzOwnerFault> read_rpz_owner(NameView owner, NameView zone) noexcept {
  if (!owner.is_at_or_below(zone)) { return std::unexpected(RpzOwnerFault::out_of_zone); }
  if (owner.labels() == zone.labels()) { return std::unexpected(RpzOwnerFault::apex); }
  RpzOwner read;
  std::array<Octet, kMaxNameLength> octets;  // the owner below the zone, as a name of its own
  const std::size_t length = owner.length() - zone.length() + std::size_t{1};
  std::copy_n(owner.data(), length - 1, octets.begin());
  octets[length - 1] = 0;
  Name relative(NameView::trusted(octets.data(), u8(length), u8(std::size_t{owner.labels()} - zone.labels())));
  relative.lower_case();
  const NameView last = relative.view().suffix(1);
  const std::string_view kind = text_of(last.first_label());
  if (kind.starts_with("rpz-")) {
    bool is_known = false;
    for (const RpzTrigger trigger :
         {RpzTrigger::client_ip, RpzTrigger::response_ip, RpzTrigger::nsdname, RpzTrigger::nsip}) {
      if (kind != label_of(trigger)) { continue; }
      read.trigger = trigger;
      is_known = true;
    }
    if (!is_known) { return std::unexpected(RpzOwnerFault::unsupported); }
    if (relative.view().labels() == 1) { return std::unexpected(RpzOwnerFault::malformed); }
    relative = *Name::substitute(relative, last, NameView());
  }
  if (!read.is_name()) {
    const auto prefix = read_prefix(relative);
    if (!prefix) { return std::unexpected(RpzOwnerFault::malformed); }
    read.prefix = *prefix;
    return read;
  }
  read.is_wildcard = relative.view().is_wildcard();
  read.name = read.is_wildcard ? Name(relative.view().parent()) : relative;
  return read;
}

}  // namespace vouch
