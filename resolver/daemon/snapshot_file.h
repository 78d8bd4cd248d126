// The cache's snapshot as a file. It is believed, so nobody but us, or root, may have written it: the folder and the
// file must be owned by one of them and writable by nobody else, and neither may be a symbolic link. Blocking.
#pragma once

#include <sys/types.h>

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "resolver/base/durable_file.h"
#include "resolver/cache/snapshot.h"

namespace vouch {

inline constexpr std::string_view kSnapshotFile = "cache-snapshot";

class SnapshotFileSource final : public SnapshotSource {
 public:
  // Nothing: there is no such file. On failure a sentence for the operator, with the path and what to do.
  static std::expected<std::unique_ptr<SnapshotFileSource>, std::string> open(const std::string& directory, uid_t us);
  ~SnapshotFileSource() override;
  SnapshotFileSource(const SnapshotFileSource&) = delete;
  SnapshotFileSource& operator=(const SnapshotFileSource&) = delete;
  std::size_t read(MutableBytes to) override;

 private:
  explicit SnapshotFileSource(int descriptor) noexcept : descriptor_(descriptor) {}
  const int descriptor_;
};

// A new file in its folder, not there under its name before commit(). On failure as above.
std::expected<DurableFile, std::string> create_snapshot_file(const std::string& directory, uid_t us);

// What the kernel says of this process's user, of this start of the machine, and whether its clock is kept right. Made
// as the user who serves, and before vouchd confines itself: afterwards it may not ask.
struct MachineFacts {
  static MachineFacts read();
  uid_t us = 0;
  std::array<Octet, 16> start{};  // all zero: not known
  bool is_clock_set = false;
};

// The machine's clocks, now. A clock that was not set at the start may have been since, where systemd-timesyncd does
// it.
SnapshotMoment snapshot_moment(const MachineFacts& machine, const Clock& clock);

}  // namespace vouch
