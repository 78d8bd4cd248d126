// What reaches the terminal. Names and words come from strangers through the daemon: no octet of theirs may move the
// cursor, colour a line, turn the direction of writing, or fake a second line.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace vouch {

using Json = nlohmann::ordered_json;

// Printable ASCII as it is, everything else as \DDD (RFC 4343 section 2.1), octet by octet: UTF-8 is not spared, since
// what turns the writing around is UTF-8, too. Backslashes stay: names are escaped already.
std::string printable(std::string_view text);

// Members of what a daemon of another version may have said otherwise: "-", 0 or false for what is missing.
std::string text_in(const Json& object, std::string_view member);  // printable; numbers as digits
std::uint64_t number_in(const Json& object, std::string_view member);
double real_in(const Json& object, std::string_view member);
bool flag_in(const Json& object, std::string_view member);
const Json& list_in(const Json& object, std::string_view member);    // an empty one when it is no list
const Json& object_in(const Json& object, std::string_view member);  // likewise

std::string count_text(std::uint64_t count);                      // "1,234,567"
std::string octets_text(std::uint64_t octets);                    // "93.8 MiB"
std::string span_text(std::uint64_t seconds);                     // "3 d 4 h", "12 s"
std::string time_text(std::int64_t unix_time);                    // "2026-11-30 19:20:05 UTC"; "never" for 0
std::string share_text(std::uint64_t part, std::uint64_t whole);  // "97.3 %"; "-" of nothing

// Rows of one width for each column: the widest of its cells. The first row is the head. Columns in `right` are set
// flush right.
using Rows = std::vector<std::vector<std::string>>;
std::string table_text(const Rows& rows, const std::vector<std::size_t>& right = {});

// As one goes over the socket, and out with --json: ASCII, one line, with its line feed. What is not UTF-8 is replaced.
std::string json_line(const Json& object);

}  // namespace vouch
