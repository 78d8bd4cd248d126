// The response policy zones that this process has, by name, as they are now: read from files, or put here by whoever
// fetches them (rpz_transfers.h). What is the same as before is not read again, so that a reload of the configuration
// costs nothing where no policy has changed. A zone outlives the configurations that name it by no more than one: what
// the latest does not name is forgotten.
//
// Thread-safe. Reading is blocking (seconds for a million rules) and done on the caller's thread, never a worker's.
#pragma once

#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/regular_file.h"
#include "resolver/policy/rpz/source.h"

namespace vouch {

class RpzStore {
 public:
  explicit RpzStore(const Clock& clock) : clock_(clock) {}

  // Reads what has a file and is new or changed, at once: at the start and for a new configuration, which a mistake
  // refuses. On failure a sentence with path and line; what was here before stays.
  std::expected<void, std::string> read_all(const std::vector<RpzZoneOptions>& zones);
  // One source for each zone that is here, in the order given. Reads nothing: a file that is broken, or half written,
  // holds up nothing else that policy is made of.
  using Sources = std::vector<std::shared_ptr<const RuleSource>>;
  Sources sources(const std::vector<RpzZoneOptions>& zones) const;
  // Forgets all others.
  void keep_only(const std::vector<RpzZoneOptions>& zones);

  // The only reader at run time: reads again what has changed on disk and rested since the last look: a file that is
  // being written is left alone. A file with a mistake is told once and changes nothing. True: some zone is another.
  bool look_at_files(const std::vector<RpzZoneOptions>& zones);

  void put(const Name& zone, RpzZonePtr made, std::string source);
  void remove(const Name& zone);  // it has expired
  bool has(const Name& zone) const;

 private:
  struct Entry {
    RpzZonePtr zone;                  // null: not here
    std::string source;               // path or primary
    std::optional<FileStamp> read;    // of the file that `zone` is from
    std::optional<FileStamp> seen;    // at the last look
    std::optional<FileStamp> failed;  // of a file that could not be used
    std::shared_ptr<RpzHits> hits = std::make_shared<RpzHits>();
  };
  std::expected<void, std::string> read(const RpzZoneOptions& zone);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_; by the zone's name in lower case
};

// What the zone was made from, in the log: how many rules, and what was left out.
void tell_of_rpz_zone(const RpzZone& zone, std::string_view source);

}  // namespace vouch
