#pragma once

#include <string>
#include <string_view>
#include <vector>

// Domain names as the lab writes them: absolute, lower case, with the final dot. Their labels hold letters, digits,
// '-',
// '_' and '*' only, so text and wire form translate without escapes.
namespace vouch::lab {

// "www.nsec." -> {"www", "nsec"}; "." -> {}.
std::vector<std::string> labels_of(std::string_view name);

// "www.nsec." -> "nsec."; "nsec." -> "."; "." -> ".".
std::string parent_of(std::string_view name);

// True when `name` is `ancestor` or lies below it.
bool is_at_or_below(std::string_view name, std::string_view ancestor);

// "www" and "nsec." -> "www.nsec."; "@" names the origin itself; a name that ends in a dot stays as it is.
std::string absolute(std::string_view name, std::string_view origin);

// A key whose octet order is the canonical order of names (RFC 4034 section 6.1).
std::string canonical_key(std::string_view name);

// Wire form, not compressed, lower case, root label included.
std::string to_wire(std::string_view name);

// The reverse, for logs: an octet that the lab's names do not use is written as \DDD. `wire` must be a well-formed
// name.
std::string from_wire(std::string_view wire);

std::string lower_case(std::string_view text);

// Cuts at runs of white space.
std::vector<std::string> words_of(std::string_view line);

}  // namespace vouch::lab
