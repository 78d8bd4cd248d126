#pragma once

#include <expected>
#include <string>
#include <utility>

// What can go wrong in the lab is told in one sentence for the person at the keyboard: the lab's callers print it and
// stop, none of them decides by its kind.
namespace vouch::lab {

template <typename T>
using Outcome = std::expected<T, std::string>;

inline std::unexpected<std::string> failure(std::string why) { return std::unexpected<std::string>(std::move(why)); }

}  // namespace vouch::lab
