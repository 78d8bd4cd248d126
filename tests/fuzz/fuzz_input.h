// What the fuzz targets share: a check that ends the run, and the fuzzer's octets as a stream of choices.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "resolver/base/bytes.h"
#include "resolver/wire/name.h"

namespace vouch {

// In every build, NDEBUG or not.
inline void must(bool holds, const char* what) {
  if (holds) { return; }
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Choices drawn from the input; zeros once it is used up.
class FuzzInput {
 public:
  explicit FuzzInput(Bytes octets) : reader_(octets) {}
  bool is_empty() const { return reader_.left() == 0; }
  std::uint8_t octet() { return reader_.left() >= 1 ? reader_.read8() : std::uint8_t{0}; }
  std::uint16_t number16() { return reader_.left() >= 2 ? reader_.read16() : std::uint16_t{0}; }
  std::uint32_t number32() { return reader_.left() >= 4 ? reader_.read32() : std::uint32_t{0}; }
  std::size_t below(std::size_t bound) { return number16() % bound; }
  Bytes octets(std::size_t at_most) { return reader_.read(std::min(at_most, reader_.left())); }
  Bytes rest() { return reader_.rest(); }

  // A name of few, much repeated labels, so that suffixes meet; now and then one of arbitrary octets.
  Name name() {
    Name name;
    for (std::size_t labels = octet() % 8U; labels > 0; --labels) {
      const std::uint8_t choice = octet();
      if (choice >= 0xf0) {
        name.prepend_label(octets(1 + octet() % kMaxLabelLength));
      } else {
        constexpr std::string_view kLabels[] = {
            "a", "A", "bc", "Bc", "example", "eXample", "a-rather-long-label-of-twenty-nine"};
        name.prepend_label(bytes_of(kLabels[choice % std::size(kLabels)]));
      }
    }
    return name;
  }

 private:
  ByteReader reader_;
};

}  // namespace vouch
