#include "resolver/daemon/policy_lists.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <system_error>

#include "resolver/base/log.h"
#include "resolver/policy/name_list.h"

namespace vouch {

namespace {

// A list of this size holds far more names than a table does; what is larger is no list.
constexpr std::uint64_t kMaxListOctets = std::uint64_t{1} << 31U;

void tell(const PolicyListOptions& list, const ListReport& report, std::size_t octets, std::int64_t milliseconds) {
  log(LogLevel::notice, "policy_list_read",
      {{"list", list.name},
       {"names", report.names},
       {"lines", report.lines},
       {"bad_lines", report.bad},
       {"filters_passed_over", report.passed_over},
       {"octets", octets},
       {"milliseconds", milliseconds}});
  for (const ListReport::BadLine& bad : report.first_bad) {
    log(LogLevel::warning, "policy_list_bad_line",
        {{"list", list.name}, {"file", list.file}, {"line", bad.line}, {"problem", bad.problem}});
  }
}

}  // namespace

// In blocks, so that no copy of the file stands beside the list.
std::expected<ListReport, FileRefusal> PolicyLists::read(const PolicyListOptions& list, Loaded& loaded) {
  const auto file = open_regular_file(list.file);
  if (!file) { return std::unexpected(file.error()); }
  const auto refuse = [](std::string reason) { return std::unexpected(FileRefusal{.reason = std::move(reason)}); };
  auto listed = std::make_shared<NameTable>(), excepted = std::make_shared<NameTable>();
  ListParser parser(list.format, *listed, *excepted);
  std::array<char, 65536> block{};
  std::uint64_t octets = 0;
  for (std::size_t count = block.size(); count == block.size();) {
    count = std::fread(block.data(), 1, block.size(), file->get());
    if (std::ferror(file->get()) != 0) { return refuse(std::generic_category().message(errno)); }
    octets += count;
    if (octets > kMaxListOctets) { return refuse("it is larger than " + std::to_string(kMaxListOctets) + " octets"); }
    parser.feed({block.data(), count});
  }
  ListReport report = parser.end();
  loaded.listed = std::move(listed);
  loaded.excepted = std::move(excepted);
  return report;
}

// What is on disk is tried once, whether that ends well or not: a list that cannot be used would else be read, and all
// of policy built anew, every few seconds for ever.
void PolicyLists::look_at(const PolicyListOptions& list, Loaded& loaded) {
  const std::optional<FileStamp> now = file_stamp(list.file);  // before: what changes while it is read is read again
  if (loaded.is_as_tried(now)) { return; }
  loaded.was_tried = true;
  loaded.tried = now;
  const auto began = std::chrono::steady_clock::now();
  std::expected<ListReport, FileRefusal> report =
      std::unexpected(FileRefusal{.reason = "memory is out", .is_ours = true});
  try {
    report = read(list, loaded);
  } catch (const std::bad_alloc&) {}
  if (report) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    tell(list, *report, loaded.listed->memory() + loaded.excepted->memory(), took.count());
    loaded.trouble.clear();
    return;
  }
  FileRefusal& refusal = report.error();
  loaded.was_tried = !refusal.is_ours;
  if (refusal.reason != loaded.trouble) {
    log(LogLevel::error, "policy_list_unreadable",
        {{"list", list.name},
         {"file", list.file},
         {"problem", refusal.reason},
         {"in_force", loaded.listed->size() == 0 ? "nothing of it" : "what it was before"},
         {"remedy", "mend it, or let server.user read it; within seconds of a change it is tried again"}});
  }
  loaded.trouble = std::move(refusal.reason);
}

void PolicyLists::forget_all_but(const PolicyOptions& options) {
  std::erase_if(loaded_, [&](const auto& entry) {
    return std::ranges::none_of(options.lists, [&](const PolicyListOptions& list) {
      return entry.first == Key{list.file, list.format};
    });
  });
}

std::vector<Policy::Source> PolicyLists::sources(const PolicyOptions& options) {
  const std::lock_guard lock(mutex_);
  forget_all_but(options);
  std::vector<Policy::Source> sources;
  for (const PolicyListOptions& list : options.lists) {
    Loaded& loaded = loaded_[{list.file, list.format}];
    look_at(list, loaded);
    auto rules = std::make_shared<const NameList>(list, options.blocked_ttl, loaded.listed, loaded.excepted);
    sources.push_back({.rules = std::move(rules),
                       .everyone = list.everyone,
                       .counter = counters_.slot_of(list.name),
                       .lets_through = list.action == ListAction::allow});
  }
  return sources;
}

bool PolicyLists::have_changed(const PolicyOptions& options) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(options.lists, [&](const PolicyListOptions& list) {
    const auto known = loaded_.find({list.file, list.format});
    return known == loaded_.end() || !known->second.is_as_tried(file_stamp(list.file));
  });
}

}  // namespace vouch
