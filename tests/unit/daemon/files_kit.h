// A folder for a test's files, which goes with it, and the lines that are logged of them.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "resolver/base/log.h"

namespace vouch::daemon_testing {

class Folder {
 public:
  Folder() {
    std::string pattern = testing::TempDir() + "/vouch-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) { ADD_FAILURE() << "no folder for the test"; }
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A new file in the place of the old one, as careful programs write.
inline void write(const std::string& path, const std::string& text) {
  std::ofstream(path + ".tmp") << text;
  std::filesystem::rename(path + ".tmp", path);
}

// What is logged while it lives.
class Lines final : public LogSink {
 public:
  Lines() { set_log_sink(this); }
  ~Lines() override { set_log_sink(nullptr); }
  void write(LogLevel, std::string_view line) noexcept override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

}  // namespace vouch::daemon_testing
