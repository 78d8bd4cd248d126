#include "resolver/daemon/policy_lists.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "resolver/base/log.h"
#include "resolver/policy/name_list.h"

namespace vouch {

namespace {

// A list of this size holds far more names than a table does; what is larger is no list.
constexpr std::uint64_t kMaxListOctets = std::uint64_t{1} << 31U;

std::string reason(int error) { return std::generic_category().message(error); }

std::int64_t nanoseconds(const timespec& time) noexcept {
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

// O_NONBLOCK: a pipe that nobody writes to must not keep the server waiting.
class ListFile {
 public:
  explicit ListFile(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)), error_(errno) {}
  ListFile(const ListFile&) = delete;
  ListFile& operator=(const ListFile&) = delete;
  ~ListFile() {
    if (descriptor_ >= 0) { ::close(descriptor_); }
  }
  int get() const noexcept { return descriptor_; }
  int error() const noexcept { return error_; }

 private:
  int descriptor_;
  int error_;
};

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

std::optional<PolicyLists::Stamp> PolicyLists::stamp_of(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) { return std::nullopt; }
  return Stamp{status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
               nanoseconds(status.st_ctim)};
}

// In blocks, so that no copy of the file stands beside the list. What went wrong; nothing: all is well.
std::optional<std::string> PolicyLists::read(const PolicyListOptions& list, Loaded& loaded) {
  // Of before: what changes while it is read is read again.
  const std::optional<Stamp> stamp = stamp_of(list.file);
  const ListFile file(list.file);
  if (file.get() < 0 || !stamp) { return reason(file.get() < 0 ? file.error() : ENOENT); }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) { return reason(errno); }
  if (!S_ISREG(status.st_mode)) { return "it is no regular file"; }
  auto listed = std::make_shared<NameTable>(), excepted = std::make_shared<NameTable>();
  ListParser parser(list.format, *listed, *excepted);
  std::array<char, 65536> block{};
  std::uint64_t octets = 0;
  for (;;) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { return reason(errno); }
    if (count == 0) { break; }
    octets += static_cast<std::uint64_t>(count);
    if (octets > kMaxListOctets) { return "it is larger than " + std::to_string(kMaxListOctets) + " octets"; }
    parser.feed({block.data(), static_cast<std::size_t>(count)});
  }
  loaded.report = parser.end();
  loaded.listed = std::move(listed);
  loaded.excepted = std::move(excepted);
  loaded.stamp = stamp;
  return std::nullopt;
}

void PolicyLists::look_at(const PolicyListOptions& list, Loaded& loaded) {
  const std::optional<Stamp> now = stamp_of(list.file);
  if (loaded.stamp && now == loaded.stamp) { return; }
  if (!now && !loaded.trouble.empty()) { return; }  // as before, and told
  const auto began = std::chrono::steady_clock::now();
  std::string trouble;
  try {
    trouble = read(list, loaded).value_or(std::string());
  } catch (const std::bad_alloc&) { trouble = "memory is out"; }
  if (trouble.empty()) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
    tell(list, loaded.report, loaded.listed->memory() + loaded.excepted->memory(), took.count());
  } else if (trouble != loaded.trouble) {
    log(LogLevel::error, "policy_list_unreadable",
        {{"list", list.name},
         {"file", list.file},
         {"problem", trouble},
         {"in_force", loaded.listed->size() == 0 ? "nothing of it" : "what it was before"},
         {"remedy", "let server.user read it; it is looked at again every few seconds"}});
  }
  loaded.trouble = std::move(trouble);
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
    if (known == loaded_.end()) { return true; }
    const std::optional<Stamp> now = stamp_of(list.file);
    return now ? now != known->second.stamp : known->second.trouble.empty();
  });
}

std::vector<PolicyLists::Standing> PolicyLists::standing(const PolicyOptions& options) const {
  const std::lock_guard lock(mutex_);
  std::vector<Standing> all;
  for (const PolicyListOptions& list : options.lists) {
    Standing one{.name = list.name, .file = list.file, .trouble = {}};
    if (const auto known = loaded_.find({list.file, list.format}); known != loaded_.end()) {
      const Loaded& loaded = known->second;
      one.names = loaded.report.names;
      one.bad_lines = loaded.report.bad;
      one.memory = loaded.listed->memory() + loaded.excepted->memory();
      one.trouble = loaded.trouble;
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace vouch
