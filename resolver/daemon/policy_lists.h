// The lists of names that the configuration names, as they are on disk: read when they are first wanted, and again when
// their file changes. A list that cannot be read is as it was before; one that never could be is empty, and that is
// told: a home without its block list is better than a home without DNS.
//
// Thread-safe; it reads files, so no worker calls it. What it hands out is immutable and stays alive with whoever holds
// it: while a list is read anew, the old one goes on serving, and is given back to the system with its last policy.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/regular_file.h"
#include "resolver/policy/list_parser.h"
#include "resolver/policy/policy.h"
#include "telemetry/policy_sources.h"

namespace vouch {

class PolicyLists {
 public:
  // `counters` gives each list its counter; outlives this.
  explicit PolicyLists(PolicySources& counters) : counters_(counters) {}

  // The lists of `options` as their files are now, in their order.
  std::vector<Policy::Source> sources(const PolicyOptions& options);
  // Of another source than a list: the counter that goes by its name.
  std::uint8_t counter_of(std::string_view name) { return counters_.slot_of(name); }
  // Whether a file is another than the one that was last read, or tried in vain.
  bool have_changed(const PolicyOptions& options) const;

 private:
  struct Loaded {
    bool was_tried = false;          // false: it is tried at the next look
    std::optional<FileStamp> tried;  // of the last try, whatever came of it; nothing: there was no file
    std::shared_ptr<const NameTable> listed = std::make_shared<const NameTable>();
    std::shared_ptr<const NameTable> excepted = std::make_shared<const NameTable>();
    std::string trouble;  // why it could not be used the last time; empty: it could

    bool is_as_tried(const std::optional<FileStamp>& now) const { return was_tried && now == tried; }
  };
  using Key = std::pair<std::string, ListFormat>;  // one file may be read in two ways

  void look_at(const PolicyListOptions& list, Loaded& loaded);
  static std::expected<ListReport, FileRefusal> read(const PolicyListOptions& list, Loaded& loaded);
  void forget_all_but(const PolicyOptions& options);

  PolicySources& counters_;
  mutable std::mutex mutex_;
  std::map<Key, Loaded> loaded_;
};

}  // namespace vouch
