// Names: every fast kernel against its plain twin, and text there and back.
#include <array>

#include "resolver/wire/name.h"
#include "resolver/wire/names_plain.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

// Copies of exactly the names' size, so that a read beyond the end is seen.
Buffer copy_of(NameView name) { return Buffer(name.octets().begin(), name.octets().end()); }
NameView view_of(const Buffer& octets) { return *NameView::parse(octets); }

std::uint8_t shared_labels(NameView a, NameView b) {
  const auto both = std::min(a.labels(), b.labels());
  for (std::uint8_t count = both; count > 0; --count) {
    const NameView one = a.suffix(count), two = b.suffix(count);
    if (plain::same_ignoring_case(one.octets(), two.octets())) { return count; }
  }
  return 0;
}

void compare(NameView a, NameView b, SipKey key) {
  must((a == b) == plain::same_ignoring_case(a.octets(), b.octets()), "operator== is its plain twin");
  must(a.hash(key) == plain::hash(key, a), "hash is its plain twin");
  must(!(a == b) || a.hash(key) == b.hash(key), "equal names hash alike");
  must(canonical_order(a, b) == plain::canonical_order(a, b), "canonical order is its plain twin");
  must((canonical_order(a, b) == 0) == (a == b), "canonical order agrees with ==");
  must(a.labels_shared_with(b) == shared_labels(a, b), "labels_shared_with");
  must(a.is_at_or_below(b) == (shared_labels(a, b) == b.labels()), "is_at_or_below");
}

void text_there_and_back(NameView name) {
  const std::string text = name.text();
  must(std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; }), "text is printable");
  const auto back = Name::parse(text);
  must(back && back->view().is_same_with_case(name), "text comes back as the same name");
}

void change(NameView a, NameView b) {
  Name joined(b);
  if (joined.prepend_label(a.first_label())) {
    must(joined.view().parent() == b && joined.view().labels() == b.labels() + 1, "prepend_label");
    const auto moved = Name::substitute(joined, b, a);
    must(!moved || (moved->view().is_at_or_below(a) && NameView::parse(moved->view().octets())), "substitute");
  }
  joined.lower_case();
  must(std::ranges::none_of(joined.view().octets(), [](Octet o) { return o >= 'A' && o <= 'Z'; }), "lower_case");
}

void in_packet(Bytes packet, std::size_t at) {
  const auto fast = parse_name(packet, at);
  const auto slow = plain::expand_name(packet, at);
  must(fast.has_value() == slow.has_value(), "parse_name refuses what its plain twin refuses");
  if (!fast) { return; }
  const Name expanded = expand_name(packet, *fast);
  must(std::ranges::equal(expanded.view().octets(), *slow), "expand_name is its plain twin");
  must(fast->length == slow->size() && fast->next <= packet.size(), "lengths");
  must(view_of(*slow).labels() == fast->labels, "labels");
  must(equals_name(packet, *fast, expanded) && equals_name_with_case(packet, *fast, expanded), "equals itself");
  Name other = expanded;
  other.lower_case();
  must(equals_name(packet, *fast, other), "equals itself in lower case");
  must(equals_name_with_case(packet, *fast, other) == other.view().is_same_with_case(expanded), "case counts");
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  const SipKey key{input.number32(), input.number32()};
  const Buffer a = copy_of(input.name()), b = copy_of(input.name());
  compare(view_of(a), view_of(b), key);
  text_there_and_back(view_of(a));
  change(view_of(a), view_of(b));
  const std::size_t at = input.number16();
  const Bytes packet = input.rest();
  in_packet(packet, at);
  for (std::size_t i = 0; i < std::min<std::size_t>(packet.size(), 64); ++i) { in_packet(packet, i); }
  if (const auto raw = NameView::parse(packet)) {
    const Buffer exact = copy_of(*raw);
    compare(view_of(exact), view_of(a), key);
    text_there_and_back(view_of(exact));
  }
  const std::string_view text = text_of(packet);
  if (const auto name = Name::parse(text)) { text_there_and_back(*name); }
  return 0;
}
