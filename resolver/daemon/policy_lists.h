// The lists of names that the configuration names, as they are on disk: read when they are first wanted, and again when
// their file changes. A list that cannot be read is as it was before; one that never could be is empty, and that is
// told: a home without its block list is better than a home without DNS.
//
// Thread-safe; it reads files, so no worker calls it. What it hands out is immutable and stays alive with whoever holds
// it: while a list is read anew, the old one goes on serving, and is given back to the system with its last policy.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

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
  // Whether a file has changed since its list was last read.
  bool have_changed(const PolicyOptions& options) const;

  // What is known of a list, for whoever asks how things stand.
  struct Standing {
    std::string name, file;
    std::size_t names = 0, bad_lines = 0, memory = 0;
    std::string trouble;  // why it could not be read the last time; empty: it could
  };
  std::vector<Standing> standing(const PolicyOptions& options) const;

 private:
  // What tells a file's contents from those of another moment.
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified = 0, changed = 0;  // nanoseconds since 1970
    bool operator==(const Stamp&) const = default;
  };
  struct Loaded {
    std::optional<Stamp> stamp;  // nothing: it could not be read
    std::shared_ptr<const NameTable> listed = std::make_shared<const NameTable>();
    std::shared_ptr<const NameTable> excepted = std::make_shared<const NameTable>();
    ListReport report;
    std::string trouble;
  };
  using Key = std::pair<std::string, ListFormat>;  // one file may be read in two ways

  static std::optional<Stamp> stamp_of(const std::string& file);
  void look_at(const PolicyListOptions& list, Loaded& loaded);
  static std::optional<std::string> read(const PolicyListOptions& list, Loaded& loaded);
  void forget_all_but(const PolicyOptions& options);

  PolicySources& counters_;
  mutable std::mutex mutex_;
  std::map<Key, Loaded> loaded_;
};

}  // namespace vouch
