#include "tests/lab/builder.h"

#include <fmt/format.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <system_error>

#include "tests/lab/manifest.h"
#include "tests/lab/names.h"
#include "tests/lab/signer.h"
#include "tests/lab/zone.h"

namespace vouch::lab {

namespace {

constexpr std::uint32_t kNsTtl = 3600;
constexpr const char* kStampFile = "built";

// All name servers of the catalogue by host name, with their addresses.
using Hosts = std::map<std::string, std::set<std::string>>;

Hosts hosts_of(const Catalogue& catalogue) {
  Hosts hosts;
  for (const ZoneSpec& zone : catalogue.zones()) {
    for (const Server& server : zone.servers) {
      hosts[server.name].insert(server.addresses.begin(), server.addresses.end());
    }
  }
  return hosts;
}

const ZoneSpec* closest_zone(const Catalogue& catalogue, const std::string& name) {
  for (std::string up = name;; up = parent_of(up)) {
    if (const ZoneSpec* zone = catalogue.zone(up)) { return zone; }
    if (up == ".") { return nullptr; }
  }
}

std::string address_record(const std::string& host, const std::string& address) {
  return fmt::format("{} {} IN {} {}", host, kNsTtl, address.contains(':') ? "AAAA" : "A", address);
}

class Assembler {
 public:
  explicit Assembler(const Catalogue& catalogue) : catalogue_(catalogue), hosts_(hosts_of(catalogue)) {
    for (const auto& [host, addresses] : hosts_) {
      if (const ZoneSpec* zone = closest_zone(catalogue_, host)) { hosts_by_zone_[zone->apex].push_back(host); }
    }
  }

  Outcome<Zone> assemble(const ZoneSpec& spec, KeyStore& keys, std::int64_t now) const {
    Zone zone(spec.apex);
    std::vector<std::string> lines = apex_records(spec, now);
    lines.insert(lines.end(), spec.records.begin(), spec.records.end());
    std::set<std::string> glued;
    for (const ZoneSpec* child : catalogue_.children(spec)) { add_delegation(spec, *child, lines, glued); }
    for (const std::string& line : lines) {
      if (Outcome<void> added = zone.add(line); !added) { return failure(added.error()); }
    }
    for (const ZoneSpec* child : catalogue_.children(spec)) {
      Outcome<std::vector<Rr>> ds = keys.ds_of(*child);
      if (!ds) { return failure(ds.error()); }
      for (Rr& record : *ds) { zone.add(std::move(record)); }
    }
    return zone;
  }

 private:
  std::vector<std::string> apex_records(const ZoneSpec& spec, std::int64_t now) const {
    std::vector<std::string> lines = {fmt::format("{} {} IN SOA {} hostmaster.{} {} 3600 600 86400 60", spec.apex,
                                                  kNsTtl, spec.servers.front().name,
                                                  spec.apex == "." ? "root-server." : spec.apex, now)};
    for (const Server& server : spec.servers) {
      lines.push_back(fmt::format("{} {} IN NS {}", spec.apex, kNsTtl, server.name));
    }
    if (const auto mine = hosts_by_zone_.find(spec.apex); mine != hosts_by_zone_.end()) {
      for (const std::string& host : mine->second) {
        for (const std::string& address : hosts_.at(host)) { lines.push_back(address_record(host, address)); }
      }
    }
    return lines;
  }

  // NS, and the addresses of those servers that lie below one of our cuts: the child's own or a sibling's.
  void add_delegation(const ZoneSpec& spec, const ZoneSpec& child, std::vector<std::string>& lines,
                      std::set<std::string>& glued) const {
    for (const Server& server : child.servers) {
      lines.push_back(fmt::format("{} {} IN NS {}", child.apex, kNsTtl, server.name));
      const ZoneSpec* home = closest_zone(catalogue_, server.name);
      const bool below_our_cut = home != nullptr && home != &spec && is_at_or_below(home->apex, spec.apex);
      if (!below_our_cut || !child.has_glue || !glued.insert(server.name).second) { continue; }
      for (const std::string& address : hosts_.at(server.name)) {
        lines.push_back(address_record(server.name, address));
      }
    }
  }

  const Catalogue& catalogue_;
  Hosts hosts_;
  std::map<std::string, std::vector<std::string>> hosts_by_zone_;
};

bool has_stale_copy(const ZoneSpec& zone) {
  for (const Server& server : zone.servers) {
    if (server.stale) { return true; }
  }
  return false;
}

Outcome<void> make_zone_file(const Assembler& assembler, const ZoneSpec& spec, KeyStore& keys, const std::string& dir,
                             std::int64_t now, bool stale) {
  Outcome<Zone> zone = assembler.assemble(spec, keys, now);
  if (!zone) { return failure(zone.error()); }
  if (Outcome<void> made = sign_zone(*zone, spec, keys, now, stale); !made) { return made; }
  return zone->write(zone_file_path(dir, spec, stale));
}

std::string stamp_path(const std::string& dir) { return fmt::format("{}/{}", dir, kStampFile); }

bool is_fresh(const std::string& dir, const std::string& fingerprint, std::int64_t now) {
  std::ifstream in(stamp_path(dir));
  std::string word;
  std::string stamped;
  std::int64_t built_at = 0;
  if (!(in >> word >> stamped >> word >> built_at)) { return false; }
  // A clock that went back (a test of clocks may do that) makes the signatures lie in the future: sign anew then, too.
  return stamped == fingerprint && built_at <= now && now + kRenewBefore < built_at + kSignatureLife;
}

}  // namespace

std::string zone_file_path(const std::string& dir, const ZoneSpec& zone, bool stale) {
  return fmt::format("{}/zones/{}{}", dir, zone.apex == "." ? "root." : zone.apex, stale ? "stale.zone" : "zone");
}

Outcome<void> build(const Catalogue& catalogue, const std::string& dir, std::int64_t now,
                    const std::function<void(const std::string&)>& progress) {
  const std::string fingerprint = catalogue.fingerprint();
  if (is_fresh(dir, fingerprint, now)) { return {}; }
  std::error_code error;
  std::filesystem::remove(stamp_path(dir), error);  // from here until the end the folder holds no complete build
  std::filesystem::remove_all(dir + "/zones", error);
  std::filesystem::create_directories(dir + "/zones", error);
  if (error) { return failure(fmt::format("cannot make {}/zones: {}", dir, error.message())); }

  const Assembler assembler(catalogue);
  KeyStore keys(catalogue, catalogue.seed());
  std::size_t done = 0;
  for (const ZoneSpec& spec : catalogue.zones()) {
    if (done++ % 200 == 0) { progress(fmt::format("signing zones: {} of {}", done - 1, catalogue.zones().size())); }
    if (Outcome<void> made = make_zone_file(assembler, spec, keys, dir, now, false); !made) { return made; }
    if (!has_stale_copy(spec)) { continue; }
    if (Outcome<void> made = make_zone_file(assembler, spec, keys, dir, now, true); !made) { return made; }
  }
  if (Outcome<void> written = write_papers(catalogue, keys, dir); !written) { return written; }
  std::ofstream stamp(stamp_path(dir));
  stamp << "fingerprint " << fingerprint << "\nbuilt " << now << "\n";
  stamp.close();
  if (!stamp) { return failure(fmt::format("cannot write {}", stamp_path(dir))); }
  return {};
}

}  // namespace vouch::lab
