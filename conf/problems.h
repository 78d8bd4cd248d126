// The running list of what is wrong with one configuration.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/config_error.h"
#include "conf/yaml_tree.h"

namespace vouch {

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  void add(const YamlNode& at, std::string problem, std::string remedy = {}) {
    add(file_, at.line, at.column, std::move(problem), std::move(remedy));
  }
  // For a file that the configuration names.
  void add(const std::string& file, int line, int column, std::string problem, std::string remedy = {}) {
    if (errors_.size() < kMaxConfigErrors) {
      errors_.push_back({file, line, column, std::move(problem), std::move(remedy)});
    } else {
      ++left_off_;
    }
  }
  bool is_full() const noexcept { return errors_.size() >= kMaxConfigErrors; }  // no need to look for remedies
  std::size_t count() const noexcept { return errors_.size() + left_off_; }
  const std::string& file() const noexcept { return file_; }

  // In the order of the file; errors of other files last.
  std::vector<ConfigError> take();

 private:
  std::string file_;
  std::vector<ConfigError> errors_;
  std::size_t left_off_ = 0;
};

// A value from the file as an error message shows it: in backticks, escaped, cut short.
std::string quoted_value(std::string_view value);

// The candidate that `word` was most likely meant to be; empty when none is near. Hyphens count as underscores, which
// other resolvers' files use.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace vouch
