// The questions of a load run, read once from a text file and kept in wire form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vouch::load {

enum class Edns {
  none,
  plain,      // an OPT record, DO=0
  dnssec_ok,  // DO=1 (RFC 3225)
};

constexpr std::uint16_t kEdnsSize = 1232;             // what clients announce (DNS flag day 2020)
constexpr std::size_t kMaxQuery = 12 + 255 + 4 + 11;  // header, longest name, type and class, OPT
constexpr std::size_t kMaxQueries = 20'000'000;       // a list beyond this is a mistake, and would not fit in memory

class QueryList {
 public:
  // Appends "name type", with RD=1, class IN and id 0. False when the name or the type is not understood: names are
  // letters, digits and such without escapes, types are mnemonics in common use or TYPE<n>.
  bool add(std::string_view name, std::string_view type, Edns edns);

  std::size_t size() const { return ends_.size(); }
  bool empty() const { return ends_.empty(); }
  // The whole query; the id, its first two octets, is for the sender to fill in. `index` < size().
  std::span<const std::uint8_t> query(std::size_t index) const;
  // The question section of a query, without its OPT record.
  std::span<const std::uint8_t> question(std::size_t index) const;

 private:
  std::vector<std::uint8_t> octets_;
  std::vector<std::size_t> ends_;
  bool has_opt_ = false;
};

// Lines of "name type"; empty lines and lines from a # on are skipped. The error names the file, the line and the
// fault.
std::expected<QueryList, std::string> read_queries(const std::string& path, Edns edns);

}  // namespace vouch::load
