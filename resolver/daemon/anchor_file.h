// The memory of trust anchors on disk: one small file in the state directory.
//
// A write is whole or not at all, through crash and power cut: a new file beside the old one, flushed, takes its name,
// and the directory is flushed. It happens on a thread of its own, because a memory card may take a second to flush and
// clients shall not wait for that.
#pragma once

#include <memory>
#include <thread>

#include "resolver/dnssec/anchor_keeper.h"

namespace vouch {

class AnchorFile final : public AnchorStore {
 public:
  static constexpr std::string_view kName = "trust-anchors";

  // Nothing, and one line in the log, when `directory` is empty or the server's user may not write there. After
  // drop_privileges().
  static std::unique_ptr<AnchorFile> in(const std::string& directory);
  ~AnchorFile() override;  // waits for a write that is under way
  AnchorFile(const AnchorFile&) = delete;
  AnchorFile& operator=(const AnchorFile&) = delete;

  std::expected<std::optional<std::string>, std::string> read() override;
  void set_aside() override;              // as "trust-anchors.bad"; an older one of that name goes
  void write(std::string text) override;  // a failure is logged
  void wait();                            // until what was written is on disk, or has failed

 private:
  explicit AnchorFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::thread writer_;  // at most one write at a time
};

// The work itself, on the caller's thread. On failure the file is what it was, and the reason comes back.
std::expected<void, std::string> write_durably(const std::string& path, std::string_view text);

}  // namespace vouch
