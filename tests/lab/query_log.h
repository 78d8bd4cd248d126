#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/lab/impairment.h"
#include "tests/lab/outcome.h"

namespace vouch::lab {

// What the lab's authority was asked: the last questions in memory, counts for ever, and every question in a file if
// one is named. One thread.
class QueryLog {
 public:
  // One question. `zone` is empty when the server does not serve the name.
  struct Entry {
    double at = 0;  // Unix seconds
    std::string server;
    std::string zone;
    std::string name;  // wire form, as far as a query's name goes
    std::uint16_t type = 0;
    Transport transport = Transport::udp;
    bool wants_dnssec = false;
  };

  Outcome<void> open_file(const std::string& path);
  void add(Entry entry);
  void flush();
  void clear();

  // The remembered questions, oldest first, one line each; of one zone, or of all when `zone` is empty.
  std::string text(std::string_view zone) const;
  // Questions per server and zone since the start or the last clear().
  std::string stats() const;

 private:
  struct Count {
    std::uint64_t udp = 0;
    std::uint64_t tcp = 0;
  };
  struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  static constexpr std::size_t kRemembered = 65536;  // some 15 MB with long names

  std::deque<Entry> entries_;
  std::map<std::pair<std::string, std::string>, Count> counts_;
  std::unique_ptr<std::FILE, CloseFile> file_;
};

}  // namespace vouch::lab
