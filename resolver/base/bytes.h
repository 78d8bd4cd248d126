// Octets on their way in and out: big-endian loads and stores, and a bounded writer. RFC 1035 section 2.3.2 (network
// order). Nothing here owns memory; every view is valid as long as the buffer it was made from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace vouch {

using Octet = std::uint8_t;
using Bytes = std::span<const Octet>;
using MutableBytes = std::span<Octet>;
using Buffer = std::vector<Octet>;  // an owned message or rdata

constexpr std::uint8_t u8(std::size_t value) noexcept { return static_cast<std::uint8_t>(value); }
constexpr std::uint16_t u16(std::size_t value) noexcept { return static_cast<std::uint16_t>(value); }
constexpr std::uint32_t u32(std::size_t value) noexcept { return static_cast<std::uint32_t>(value); }

// The caller has checked that the octets are there.
constexpr std::uint16_t load16(const Octet* at) noexcept { return u16(std::size_t{at[0]} << 8 | at[1]); }
constexpr std::uint32_t load32(const Octet* at) noexcept {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 | at[3];
}
constexpr void store16(Octet* at, std::uint16_t value) noexcept {
  at[0] = u8(value >> 8);
  at[1] = u8(value & 0xff);
}
constexpr void store32(Octet* at, std::uint32_t value) noexcept {
  store16(at, u16(value >> 16));
  store16(at + 2, u16(value & 0xffff));
}
constexpr std::uint64_t load64(const Octet* at) noexcept { return std::uint64_t{load32(at)} << 32 | load32(at + 4); }
constexpr void store64(Octet* at, std::uint64_t value) noexcept {
  store32(at, static_cast<std::uint32_t>(value >> 32));
  store32(at + 4, static_cast<std::uint32_t>(value & 0xffffffff));
}
// Native-order wide load for the kernels that look at many octets at once. No alignment needed.
inline std::uint64_t load_word(const Octet* at) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

inline Bytes bytes_of(std::string_view text) noexcept {
  return {reinterpret_cast<const Octet*>(text.data()), text.size()};
}
inline std::string_view text_of(Bytes octets) noexcept {
  return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

// Reads big-endian fields in order. A read past the end returns zero and makes `failed()` true for good, so that a
// parser may read a whole structure and ask once.
class ByteReader {
 public:
  explicit ByteReader(Bytes octets) noexcept : octets_(octets) {}
  std::uint8_t read8() noexcept { return take(1) ? octets_[at_ - 1] : std::uint8_t{0}; }
  std::uint16_t read16() noexcept { return take(2) ? load16(octets_.data() + at_ - 2) : std::uint16_t{0}; }
  std::uint32_t read32() noexcept { return take(4) ? load32(octets_.data() + at_ - 4) : std::uint32_t{0}; }
  std::uint64_t read64() noexcept { return take(8) ? load64(octets_.data() + at_ - 8) : std::uint64_t{0}; }
  Bytes read(std::size_t count) noexcept { return take(count) ? octets_.subspan(at_ - count, count) : Bytes{}; }
  Bytes rest() noexcept { return read(octets_.size() - at_); }
  std::size_t left() const noexcept { return octets_.size() - at_; }
  std::size_t at() const noexcept { return at_; }
  bool failed() const noexcept { return failed_; }

 private:
  bool take(std::size_t count) noexcept {
    if (failed_ || count > octets_.size() - at_) {
      failed_ = true;
      return false;
    }
    at_ += count;
    return true;
  }
  Bytes octets_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace vouch
