#include "resolver/dnssec/type_bitmap.h"

namespace vouch {
namespace {

// Calls f(window, octets) for each window in turn until it says false or the bitmap ends or is malformed.
template <typename F>
void for_each_window(Bytes bitmap, F f) noexcept {
  while (bitmap.size() >= 2) {
    const std::size_t length = bitmap[1];
    if (length > bitmap.size() - 2) { return; }
    if (!f(bitmap[0], bitmap.subspan(2, length))) { return; }
    bitmap = bitmap.subspan(2 + length);
  }
}

bool has_bit(Bytes window, std::size_t bit) noexcept {
  return bit / 8 < window.size() && (window[bit / 8] & (0x80U >> bit % 8)) != 0;
}

// The types that may stand beside a CNAME, and so are not led elsewhere by it (RFC 2181 section 10.1, RFC 4035 section
// 2.5).
constexpr bool is_asked_at_alias(Type type) noexcept {
  return type == Type::CNAME || type == Type::NSEC || type == Type::RRSIG || type == Type::KEY || type == Type::NXT ||
         type == Type::SIG;
}

// ANY asks for whatever there is. What every name with an NSEC has does not count as data.
bool has_data(Bytes bitmap) noexcept {
  bool found = false;
  for_each_window(bitmap, [&found](std::size_t window, Bytes octets) {
    for (std::size_t bit = 0; bit < octets.size() * 8 && !found; ++bit) {
      const auto type = static_cast<Type>(window << 8 | bit);
      found = has_bit(octets, bit) && type != Type::RRSIG && type != Type::NSEC && type != Type::NXNAME;
    }
    return !found;
  });
  return found;
}

}  // namespace

bool has_type(Bytes bitmap, Type type) noexcept {
  const std::size_t number = static_cast<std::uint16_t>(type);
  bool found = false;
  for_each_window(bitmap, [&found, number](std::size_t window, Bytes octets) {
    if (window != number >> 8) { return true; }
    found = has_bit(octets, number & 0xff);
    return false;
  });
  return found;
}

bool is_delegation(Bytes bitmap) noexcept { return has_type(bitmap, Type::NS) && !has_type(bitmap, Type::SOA); }

bool ends_zone_below(Bytes bitmap) noexcept { return is_delegation(bitmap) || has_type(bitmap, Type::DNAME); }

bool is_nonexistent_name(Bytes bitmap) noexcept { return has_type(bitmap, Type::NXNAME) && !has_data(bitmap); }

bool denies(Bytes bitmap, Type type, bool is_root) noexcept {
  if (type == Type::ANY) { return !has_data(bitmap); }
  if (is_nonexistent_name(bitmap)) { return true; }
  if (has_type(bitmap, type)) { return false; }
  if (has_type(bitmap, Type::CNAME) && !is_asked_at_alias(type)) { return false; }
  // A zone cut has two sides. The parent's alone knows the DS, the child's alone everything else.
  return type == Type::DS ? is_root || !has_type(bitmap, Type::SOA) : !is_delegation(bitmap);
}

DsAbsence ds_absence_by(Bytes bitmap) noexcept {
  if (has_type(bitmap, Type::DS) || has_type(bitmap, Type::SOA)) { return DsAbsence::not_proving; }
  if (is_nonexistent_name(bitmap)) { return DsAbsence::no_name; }
  return has_type(bitmap, Type::NS) ? DsAbsence::unsigned_delegation : DsAbsence::no_cut;
}

}  // namespace vouch
