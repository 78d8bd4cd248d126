// Keeps the response policy zones of the configuration current, on a thread of its own: looks at files again, and keeps
// what comes from primaries. Workers and clients never wait for it.
#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "conf/configuration.h"
#include "resolver/daemon/rpz_transfers.h"
#include "transports/message_dialer.h"

namespace vouch {

class RpzKeeper {
 public:
  static constexpr Duration kLook = std::chrono::seconds(5);  // at the files; a changed one is taken one look later

  // Null: the kernel has no descriptor left.
  static std::unique_ptr<RpzKeeper> create(const Clock& clock);
  ~RpzKeeper();  // ends the thread

  RpzStore& store() noexcept { return store_; }
  // On the keeper's thread, whenever some zone is another than when sources() last told it. Before start().
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }
  void start();
  // These are kept from now on. Before start() the caller's thread does the work: what the state directory has is in
  // the store when this returns. After it, any thread may call, and the keeper's does it. The outgoing options of the
  // first call with primaries count.
  void keep(const Configuration& configuration);

 private:
  RpzKeeper(const Clock& clock, std::unique_ptr<EventLoop> loop);
  void take(std::vector<RpzZoneOptions> zones, const OutgoingOptions& outgoing, const std::string& state_directory);
  void look();

  const Clock& clock_;
  RpzStore store_;
  SystemRandom random_;
  std::unique_ptr<EventLoop> loop_;
  std::function<void()> changed_ = [] {};
  // The thread's own.
  std::vector<RpzZoneOptions> zones_;
  std::unique_ptr<MessageDialer> dialer_;
  std::unique_ptr<RpzTransfers> transfers_;
  std::unique_ptr<Executor::Timer> timer_, spent_;
  std::thread thread_;
};

}  // namespace vouch
