// The negative trust anchors that were set at run time, on disk: one small file in the state directory, replaced as a
// whole (resolver/base/durable_file.h) on the thread of chores.
#pragma once

#include <memory>
#include <mutex>

#include "resolver/daemon/chore_thread.h"
#include "resolver/dnssec/negative_anchor_keeper.h"

namespace vouch {

class NegativeAnchorFile final : public NegativeAnchorStore {
 public:
  static constexpr std::string_view kName = "negative-anchors";

  // Nothing, and one line in the log, when `directory` is empty or the server's user may not write there. After
  // drop_privileges(). `chores` must outlive it, and be waited for before it is destroyed.
  static std::unique_ptr<NegativeAnchorFile> in(const std::string& directory, ChoreThread& chores);

  std::expected<std::optional<std::string>, std::string> read() override;
  void set_aside() override;  // as "negative-anchors.bad"; an older one of that name goes
  void write(std::string text) override;
  // Until what was written is on disk; else why the latest is not. Not on the thread of chores.
  std::expected<void, std::string> wait();

 private:
  NegativeAnchorFile(std::string path, ChoreThread& chores) : path_(std::move(path)), chores_(chores) {}
  void write_pending() noexcept;

  const std::string path_;
  ChoreThread& chores_;
  std::mutex mutex_;                    // of what follows
  std::optional<std::string> pending_;  // what it replaces is of no use any more
  std::string problem_;                 // of the latest write; empty: there was none
};

}  // namespace vouch
