// The negative trust anchors that were set at run time, on disk: one small file in the state directory, replaced as a
// whole (resolver/base/durable_file.h) on the thread of chores.
#pragma once

#include <expected>
#include <functional>
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
  void cannot_write(std::string why) override;
  // Calls `done` once, on the thread of chores, when what was written before is on disk; else with why the latest is
  // not. Does not wait. Any thread; `done` does not throw.
  using Done = std::move_only_function<void(std::expected<void, std::string> saved)>;
  void after_writing(Done done);

 private:
  NegativeAnchorFile(std::string path, ChoreThread& chores) : path_(std::move(path)), chores_(chores) {}
  void write_pending() noexcept;
  std::expected<void, std::string> outcome();

  const std::string path_;
  ChoreThread& chores_;
  std::mutex writing_;                  // the file: a chore that finds no room is done by whoever brings it
  std::mutex mutex_;                    // of what follows
  std::optional<std::string> pending_;  // what it replaces is of no use any more
  std::string problem_;                 // of the latest write; empty: there was none
  std::string refusal_;  // why there is no text that is later; empty: what is pending or written is the latest
};

}  // namespace vouch
