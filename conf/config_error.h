// One thing that is wrong with a configuration, told so that it can be put right: where, what, and what to write
// instead.
#pragma once

#include <string>
#include <vector>

namespace vouch {

struct ConfigError {
  std::string file;
  int line = 0;    // from 1; 0: the file as a whole
  int column = 0;  // from 1
  std::string problem;
  std::string remedy;  // may be empty

  // "vouch.yaml:12:3: unknown key `cache.sise`; did you mean `size`?": one line of printable ASCII.
  std::string text() const;
};

// A file full of nonsense is told this many errors, and then that there are more: nobody reads further, and a hostile
// file must not make a report many times its own size.
inline constexpr std::size_t kMaxConfigErrors = 100;

}  // namespace vouch
