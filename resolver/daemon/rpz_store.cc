#include "resolver/daemon/rpz_store.h"

#include <algorithm>

#include "resolver/policy/rpz/text.h"

namespace vouch {

namespace {

std::string key_of(const Name& zone) {
  Name lower = zone;
  lower.lower_case();
  return lower.text();
}

}  // namespace

void tell_of_rpz_zone(const RpzZone& zone, std::string_view source) {
  const RpzReport& report = zone.report();
  log(LogLevel::notice, "rpz_zone_loaded",
      {{"zone", zone.name().text()},
       {"from", source},
       {"serial", zone.serial()},
       {"rules", zone.rules()},
       {"octets", zone.memory()},
       {"left_out", report.skipped()}});
  for (const RpzReport::Problem& problem : report.problems) {
    log(LogLevel::warning, "rpz_rule_left_out",
        {{"zone", zone.name().text()}, {"from", source}, {"place", problem.place}, {"problem", problem.text}});
  }
  if (report.skipped() > report.problems.size()) {
    log(LogLevel::warning, "rpz_rules_left_out",
        {{"zone", zone.name().text()},
         {"out_of_zone", report.out_of_zone},
         {"malformed", report.malformed},
         {"unsupported", report.unsupported},
         {"conflicting", report.conflicting}});
  }
}

// Of a zone with a file, that is not here as the file is now.
std::expected<void, std::string> RpzStore::read(const RpzZoneOptions& zone) {
  const std::optional<FileStamp> stamp = file_stamp(zone.file);
  {
    const std::lock_guard lock(mutex_);
    const Entry& entry = entries_[key_of(zone.zone)];
    if (entry.zone && entry.source == zone.file && stamp && entry.read == stamp) { return {}; }
  }
  auto made = read_rpz_file(zone.file, zone.zone);
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[key_of(zone.zone)];
  if (!made) {
    entry.failed = stamp;
    return std::unexpected(std::move(made.error()));
  }
  tell_of_rpz_zone(**made, zone.file);
  entry.zone = std::move(*made);
  entry.source = zone.file;
  entry.read = entry.seen = stamp;
  entry.failed.reset();
  return {};
}

std::expected<void, std::string> RpzStore::read_all(const std::vector<RpzZoneOptions>& zones) {
  for (const RpzZoneOptions& zone : zones) {
    if (zone.file.empty()) { continue; }
    if (auto done = read(zone); !done) { return std::unexpected("policy.rpz: " + done.error()); }
  }
  return {};
}

RpzStore::Sources RpzStore::sources(const std::vector<RpzZoneOptions>& zones) const {
  Sources sources;
  const std::lock_guard lock(mutex_);
  for (const RpzZoneOptions& zone : zones) {
    const auto found = entries_.find(key_of(zone.zone));
    if (found == entries_.end() || !found->second.zone) { continue; }
    sources.push_back(std::make_shared<RpzSource>(found->second.zone, zone, found->second.hits, clock_));
  }
  return sources;
}

void RpzStore::keep_only(const std::vector<RpzZoneOptions>& zones) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) {
    return std::ranges::none_of(zones, [&](const RpzZoneOptions& zone) { return key_of(zone.zone) == entry.first; });
  });
}

bool RpzStore::look_at_files(const std::vector<RpzZoneOptions>& zones) {
  bool has_changed = false;
  for (const RpzZoneOptions& zone : zones) {
    if (zone.file.empty()) { continue; }
    const std::optional<FileStamp> stamp = file_stamp(zone.file);
    {
      const std::lock_guard lock(mutex_);
      Entry& entry = entries_[key_of(zone.zone)];
      const bool has_rested = stamp && entry.seen == stamp;
      entry.seen = stamp;
      if (!has_rested || entry.read == stamp || entry.failed == stamp) { continue; }
    }
    if (auto done = read(zone)) {
      has_changed = true;
    } else {
      log(LogLevel::error, "rpz_zone_not_read",
          {{"zone", zone.zone.text()}, {"problem", done.error()}, {"remedy", "the rules read before stay in force"}});
    }
  }
  return has_changed;
}

void RpzStore::put(const Name& zone, RpzZonePtr made, std::string source) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[key_of(zone)];
  entry.zone = std::move(made);
  entry.source = std::move(source);
  entry.read.reset();
}

void RpzStore::remove(const Name& zone) {
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[key_of(zone)];
  entry.zone.reset();
  entry.read.reset();
}

bool RpzStore::has(const Name& zone) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(key_of(zone));
  return entry != entries_.end() && entry->second.zone != nullptr;
}

}  // namespace vouch
