#include "tests/lab/zone.h"

#include <fmt/format.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include "tests/lab/keys.h"
#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

bool write_record(std::FILE* file, const Rr& record) {
  const std::string text = taken(ldns_rr2str(record.get()));
  return std::fwrite(text.data(), 1, text.size(), file) == text.size();
}

}  // namespace

std::string owner_of(const ldns_rr* record) { return lower_case(taken(ldns_rdf2str(ldns_rr_owner(record)))); }

Outcome<void> Zone::add(const std::string& text) {
  Outcome<Rr> record = record_from_text(text, apex_, kDefaultTtl);
  if (!record) { return failure(fmt::format("zone {}: {}", apex_, record.error())); }
  add(std::move(*record));
  return {};
}

void Zone::add(Rr record) {
  std::string owner = owner_of(record.get());
  Node& node = nodes_[canonical_key(owner)];
  node.name = std::move(owner);
  node.sets[static_cast<std::uint16_t>(ldns_rr_get_type(record.get()))].records.push_back(std::move(record));
}

void Zone::find_cuts() {
  // In canonical order everything below a cut follows it directly, so one cut at a time is enough to remember.
  std::string cut;
  for (auto& [key, node] : nodes_) {
    if (!cut.empty() && is_at_or_below(node.name, cut)) {
      node.standing = Standing::occluded;
      continue;
    }
    cut.clear();
    if (node.name != apex_ && node.sets.contains(LDNS_RR_TYPE_NS)) {
      node.standing = Standing::delegation;
      cut = node.name;
    }
  }
}

Outcome<void> Zone::write(const std::string& path) const {
  const File file(std::fopen(path.c_str(), "w"));
  if (!file) { return failure(fmt::format("cannot write {}: {}", path, std::strerror(errno))); }
  bool good = true;
  // A zone file may hold records in any order but for the SOA, which NSD wants first.
  const auto apex = nodes_.find(canonical_key(apex_));
  if (apex != nodes_.end() && apex->second.sets.contains(LDNS_RR_TYPE_SOA)) {
    for (const Rr& record : apex->second.sets.at(LDNS_RR_TYPE_SOA).records) {
      good &= write_record(file.get(), record);
    }
  }
  for (const auto& [key, node] : nodes_) {
    for (const auto& [type, set] : node.sets) {
      if (type != LDNS_RR_TYPE_SOA) {
        for (const Rr& record : set.records) { good &= write_record(file.get(), record); }
      }
      for (const Rr& signature : set.signatures) { good &= write_record(file.get(), signature); }
    }
  }
  if (!good || std::fflush(file.get()) != 0) {
    return failure(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
  }
  return {};
}

}  // namespace vouch::lab
