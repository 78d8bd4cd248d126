#include <algorithm>

#include "vouchctl/views.h"

namespace vouch {

std::string verdict_text(const Json& line) {
  std::string text = text_in(line, "verdict");
  const std::string reason = text_in(line, "reason");
  const std::string zone = text_in(line, "zone");
  if (reason != "-") { text += ": " + reason; }
  if (reason != "-" && zone != "-") { text += " (" + zone + ")"; }
  return text;
}

namespace {

class FlushView final : public View {
 public:
  std::string end(const Json& last) override {
    std::string out;
    const Json& removed = object_in(last, "removed");
    for (const auto& [cache, count] : removed.items()) {
      const std::uint64_t entries = number_in(removed, cache);
      if (entries == 0) { continue; }
      std::string name = printable(cache);
      std::ranges::replace(name, '_', ' ');
      out += (out.empty() ? "" : ", ") + count_text(entries) + " " + name;
    }
    return out.empty() ? "Nothing of it was there.\n" : "Forgotten: " + out + "\n";
  }
};

class SnapshotView final : public View {
 public:
  std::string end(const Json& last) override {
    std::string out = "Written: ";
    for (const std::string_view what : {"rrsets", "delegations", "proofs", "servers"}) {
      out += count_text(number_in(last, what)) + " " + std::string(what) + ", ";
    }
    out += count_text(number_in(last, "octets")) + " octets\n";
    if (flag_in(last, "cut")) { out += "What did not fit into cache.snapshot.max_size is left out.\n"; }
    return out;
  }
};

class CacheStatsView final : public View {
 public:
  std::string end(const Json& last) override {
    Rows rows{{"CACHE", "ENTRIES", "SIZE", "OF", "FILLED", "HITS", "MISSES", "HIT RATIO", "EVICTIONS"}};
    for (const Json& cache : list_in(last, "caches")) {
      const std::uint64_t hits = number_in(cache, "hits"), misses = number_in(cache, "misses");
      const bool counts = hits + misses != 0;
      rows.push_back({text_in(cache, "cache"), count_text(number_in(cache, "entries")),
                      octets_text(number_in(cache, "octets")), octets_text(number_in(cache, "capacity")),
                      share_text(number_in(cache, "octets"), number_in(cache, "capacity")),
                      counts ? count_text(hits) : "-", counts ? count_text(misses) : "-",
                      share_text(hits, hits + misses), counts ? count_text(number_in(cache, "evictions")) : "-"});
    }
    return table_text(rows, {1, 2, 3, 4, 5, 6, 7, 8});
  }
};

class CacheDumpView final : public View {
 public:
  std::string item(const Json& line) override {
    std::string out;
    for (const Json& record : list_in(line, "records")) {
      if (record.is_string()) { out += printable(record.get_ref<const std::string&>()) + "\n"; }
    }
    const std::string kind = text_in(line, "kind");
    if (kind == "rrset") { return out + "; " + verdict_text(line) + "\n"; }
    const std::string what = text_in(line, "name") + " " + text_in(line, "ttl") + " " + text_in(line, "type");
    return "; " + what + " " + kind + ", " + verdict_text(line) + "\n";
  }
  std::string end(const Json& last) override { return "; " + count_text(number_in(last, "entries")) + " entries\n"; }
};

}  // namespace

std::unique_ptr<View> snapshot_view(const Asked&) { return std::make_unique<SnapshotView>(); }
std::unique_ptr<View> flush_view(const Asked&) { return std::make_unique<FlushView>(); }
std::unique_ptr<View> cache_stats_view(const Asked&) { return std::make_unique<CacheStatsView>(); }
std::unique_ptr<View> cache_dump_view(const Asked&) { return std::make_unique<CacheDumpView>(); }

}  // namespace vouch
