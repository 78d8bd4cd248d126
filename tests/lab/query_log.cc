#include "tests/lab/query_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/lab/ldns_handle.h"
#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

std::string line_of(const QueryLog::Entry& entry) {
  return fmt::format("{:.3f} {} {} {} {} {}{}\n", entry.at, entry.server, entry.zone.empty() ? "-" : entry.zone,
                     from_wire(entry.name), taken(ldns_rr_type2str(static_cast<ldns_rr_type>(entry.type))),
                     entry.transport == Transport::udp ? "udp" : "tcp", entry.wants_dnssec ? " do" : "");
}

}  // namespace

Outcome<void> QueryLog::open_file(const std::string& path) {
  file_.reset(std::fopen(path.c_str(), "ae"));
  if (!file_) { return failure(fmt::format("cannot write {}: {}", path, std::strerror(errno))); }
  return {};
}

void QueryLog::add(Entry entry) {
  Count& count = counts_[{entry.server, entry.zone}];
  ++(entry.transport == Transport::udp ? count.udp : count.tcp);
  if (file_) {
    const std::string line = line_of(entry);
    std::fwrite(line.data(), 1, line.size(), file_.get());
  }
  if (entries_.size() == kRemembered) { entries_.pop_front(); }
  entries_.push_back(std::move(entry));
}

void QueryLog::flush() {
  if (file_) { std::fflush(file_.get()); }
}

void QueryLog::clear() {
  entries_.clear();
  counts_.clear();
}

std::string QueryLog::text(std::string_view zone) const {
  std::string out;
  for (const Entry& entry : entries_) {
    if (zone.empty() || entry.zone == zone) { out += line_of(entry); }
  }
  return out;
}

std::string QueryLog::stats() const {
  std::string out;
  std::uint64_t udp = 0;
  std::uint64_t tcp = 0;
  for (const auto& [where, count] : counts_) {
    out += fmt::format("{} {} udp {} tcp {}\n", where.first, where.second.empty() ? "-" : where.second, count.udp,
                       count.tcp);
    udp += count.udp;
    tcp += count.tcp;
  }
  return out + fmt::format("total - udp {} tcp {}\n", udp, tcp);
}

}  // namespace vouch::lab
