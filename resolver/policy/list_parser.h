// Lists of names as people publish them, read piece by piece: hosts files, a domain in each line, filters of the form
// ||name^. Pure: text in, names out; whoever calls it reads the file. A line that is none of these is counted and never
// fatal: a list of a million lines is not lost for one.
//
// What a line covers: in a hosts file each name, and nothing below it, for that is what a hosts file says; a domain in
// a line of its own and a filter, the name and all below it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/policy/name_table.h"
#include "resolver/policy/policy_options.h"

namespace vouch {

// What became of a list's lines.
struct ListReport {
  static constexpr std::size_t kMaxTold = 5;  // bad lines that are told with their number
  struct BadLine {
    std::size_t line = 0;  // from 1
    std::string problem;   // "not a domain name", in words for the operator
  };
  std::size_t lines = 0;
  std::size_t names = 0;        // that the list holds now
  std::size_t passed_over = 0;  // filters on anything but names: for browsers, not for resolvers
  std::size_t bad = 0;          // lines
  std::vector<BadLine> first_bad{};
};

class ListParser {
 public:
  static constexpr std::size_t kMaxLine = 4096;  // octets; some hosts files hold dozens of names in a line

  // Both tables must outlive the parser. `listed` gets the list's names; `excepted` those of "@@||name^".
  ListParser(ListFormat format, NameTable& listed, NameTable& excepted) noexcept
      : format_(format), listed_(listed), excepted_(excepted) {}

  // The next piece of the file, of any size. Throws std::bad_alloc.
  void feed(std::string_view piece);
  // The file has ended. Both tables are finished.
  const ListReport& end();

 private:
  void take_line(std::string_view line);
  void take_filter(std::string_view line, bool is_exception);
  void take_hosts(std::string_view names);
  void take_domain(std::string_view text);
  void add(std::string_view text, NameReach reach, NameTable& table);
  void bad(std::string problem);

  ListFormat format_;
  NameTable& listed_;
  NameTable& excepted_;
  ListReport report_;
  std::string rest_;       // of a line whose end has not come yet
  bool skipping_ = false;  // the rest of a line that is too long
  bool line_is_bad_ = false;
};

// "Example.COM", "bücher.example", "a_b.example.": in wire form, lower case, IDNA 2008 where it is not ASCII. Nothing:
// it is no name that a list could mean (RFC 1123 names, and with underscores).
std::optional<Name> listed_name(std::string_view text);

}  // namespace vouch
