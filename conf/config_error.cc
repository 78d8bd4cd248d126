#include "conf/config_error.h"

namespace vouch {

namespace {

// For a terminal or a log: values are quoted and escaped where they enter a message; this is for what comes from
// elsewhere, a file's name or the YAML library's words.
std::string printable(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const unsigned octet = static_cast<unsigned char>(c);
    if (c >= ' ' && c <= '~') {
      out.push_back(c);
    } else {
      out.push_back('\\');
      for (const unsigned digit : {octet / 100, octet / 10 % 10, octet % 10}) {
        out.push_back(static_cast<char>('0' + digit));
      }
    }
  }
  return out;
}

}  // namespace

std::string ConfigError::text() const {
  std::string out = file;
  if (line > 0) { out += ":" + std::to_string(line) + ":" + std::to_string(column); }
  out += ": " + problem;
  if (!remedy.empty()) { out += "; " + remedy; }
  return printable(out);
}

}  // namespace vouch
