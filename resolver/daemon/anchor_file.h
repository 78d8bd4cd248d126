// The memory of trust anchors on disk: one small file in the state directory.
//
// A write is whole or not at all, through crash and power cut: a new file beside the old one, flushed, takes its name,
// and the directory is flushed. It happens on a thread of its own, because a memory card may take a second to flush and
// clients shall not wait for that: one text is being written, and at most one waits for its turn, the latest.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "resolver/dnssec/anchor_keeper.h"

namespace vouch {

class AnchorFile final : public AnchorStore {
 public:
  static constexpr std::string_view kName = "trust-anchors";

  // How a text gets to a path: whole or not at all, on whatever thread. Else the reason why not.
  using Write = std::function<std::expected<void, std::string>(const std::string& path, std::string_view text)>;

  // Nothing, and one line in the log, when `directory` is empty or the server's user may not write there. After
  // drop_privileges(). Not thread-safe: one thread has it.
  static std::unique_ptr<AnchorFile> in(const std::string& directory);
  static std::unique_ptr<AnchorFile> in(const std::string& directory, Write write);
  ~AnchorFile() override;  // waits for what is to be written
  AnchorFile(const AnchorFile&) = delete;
  AnchorFile& operator=(const AnchorFile&) = delete;

  std::expected<std::optional<std::string>, std::string> read() override;
  void set_aside() override;              // as "trust-anchors.bad"; an older one of that name goes
  void write(std::string text) override;  // a failure is logged
  void wait();                            // until what was written is on disk, or has failed

 private:
  AnchorFile(std::string path, Write write) : path_(std::move(path)), write_(std::move(write)) {}
  void write_all_pending() noexcept;

  const std::string path_;
  const Write write_;
  std::thread writer_;
  std::mutex mutex_;                    // of what follows
  std::optional<std::string> pending_;  // what it replaces is of no use any more
  bool is_writing_ = false;
};

}  // namespace vouch
