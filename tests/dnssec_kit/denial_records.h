// What stands in an NSEC or NSEC3 record (RFC 4034 section 4, RFC 5155 section 3), for everything in the tests that
// makes some: zones that are signed, zones that are models, and forgers. Made anew here, from the RFCs.
#pragma once

#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "resolver/wire/name.h"
#include "resolver/wire/types.h"

namespace vouch::dnssec_kit {

using Types = std::set<Type>;

struct CanonicalLess {
  bool operator()(const Name& a, const Name& b) const noexcept { return canonical_order(a, b) < 0; }
};

struct Nsec3Form {
  Buffer salt = {};
  std::uint16_t iterations = 0;
  bool opt_out = false;  // of a record: its flag
};

inline void append(Buffer& to, Bytes octets) { to.insert(to.end(), octets.begin(), octets.end()); }

// RFC 4648 section 7, without padding: the digits of a whole number of quintets.
inline std::string base32hex(Bytes octets) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  std::string text;
  unsigned bits = 0, pending = 0;
  for (const Octet octet : octets) {
    bits = (bits << 8 | octet) & 0xffff;
    for (pending += 8; pending >= 5; pending -= 5) { text += kDigits[bits >> (pending - 5) & 31]; }
  }
  return text;
}

inline Name hashed_owner(Bytes hash, NameView zone) {
  Name owner(zone);
  if (!owner.prepend_label(bytes_of(base32hex(hash)))) { std::abort(); }
  return owner;
}

// RFC 4034 section 4.1.2.
inline Buffer type_bitmap(const Types& types) {
  std::map<unsigned, Buffer> windows;
  for (const Type type : types) {
    const unsigned number = static_cast<std::uint16_t>(type);
    Buffer& window = windows[number >> 8];
    const std::size_t at = (number & 0xff) / 8;
    if (window.size() <= at) { window.resize(at + 1); }
    window[at] = u8(window[at] | 0x80U >> number % 8);
  }
  Buffer bitmap;
  for (const auto& [number, window] : windows) {
    append(bitmap, Buffer{u8(number), u8(window.size())});
    append(bitmap, window);
  }
  return bitmap;
}

inline Buffer nsec_rdata(NameView next, const Types& types) {
  Buffer rdata(next.octets().begin(), next.octets().end());
  append(rdata, type_bitmap(types));
  return rdata;
}

inline Buffer nsec3_rdata(Bytes next, const Types& types, const Nsec3Form& form) {
  constexpr std::uint8_t kSha1 = 1;
  Buffer rdata = {kSha1, u8(form.opt_out ? 1U : 0U), u8(form.iterations >> 8), u8(form.iterations & 0xff),
                  u8(form.salt.size())};
  append(rdata, form.salt);
  rdata.push_back(u8(next.size()));
  append(rdata, next);
  append(rdata, type_bitmap(types));
  return rdata;
}

}  // namespace vouch::dnssec_kit
