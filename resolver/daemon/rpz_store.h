// The response policy zones that this process has, by name, as they are now: read from files, or put here by whoever
// fetches them (rpz_transfers.h). What is the same as before is not read again, so that a reload of the configuration
// costs nothing where no policy has changed. A zone outlives the configurations that name it by no more than one: what
// the latest does not name is forgotten.
//
// Thread-safe. Reading is blocking (seconds for a million rules) and done on the caller's thread, never a worker's.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "resolver/policy/rpz/source.h"

namespace vouch {

// For people and metrics.
struct RpzZoneStatus {
  std::string zone;    // without its final dot
  std::string source;  // path, or the primary that gave it; empty: it has never come
  bool is_here = false;
  std::uint32_t serial = 0;
  std::uint64_t rules = 0, skipped = 0, octets = 0;
  std::string failure;  // the last time that it could not be read; empty: it could
  std::array<std::uint64_t, kRpzActions> would_have{};
};

class RpzStore {
 public:
  explicit RpzStore(const Clock& clock) : clock_(clock) {}

  // One source for each zone that is here, in the order given. Reads what has a file and is new or changed. On failure
  // a sentence with path and line; what was here before stays.
  using Sources = std::vector<std::shared_ptr<const RuleSource>>;
  std::expected<Sources, std::string> sources(const std::vector<RpzZoneOptions>& zones);
  // Forgets all others.
  void keep_only(const std::vector<RpzZoneOptions>& zones);

  // Reads again what has changed on disk and rested since the last look: a file that is being written is left alone. A
  // file with a mistake is told once and changes nothing. True: some zone is another.
  bool look_at_files(const std::vector<RpzZoneOptions>& zones);

  void put(const Name& zone, RpzZonePtr made, std::string source);
  void remove(const Name& zone);  // it has expired
  bool has(const Name& zone) const;
  std::vector<RpzZoneStatus> status(const std::vector<RpzZoneOptions>& zones) const;

 private:
  // Of a file: the same stamp, the same content.
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Entry {
    RpzZonePtr zone;              // null: not here
    std::string source;           // path or primary
    std::optional<Stamp> read;    // of the file that `zone` is from
    std::optional<Stamp> seen;    // at the last look
    std::optional<Stamp> failed;  // of a file that could not be used
    std::string failure;
    std::shared_ptr<RpzHits> hits = std::make_shared<RpzHits>();
  };
  static std::optional<Stamp> stamp_of(const std::string& path);
  std::expected<void, std::string> read(const RpzZoneOptions& zone);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;  // guarded by mutex_; by the zone's name in lower case
};

// What the zone was made from, in the log: how many rules, and what was left out.
void tell_of_rpz_zone(const RpzZone& zone, std::string_view source);

}  // namespace vouch
