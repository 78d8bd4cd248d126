// Keeps the local root (RFC 8806): fetches the root zone, or reads a file that somebody else keeps, verifies it against
// the trust anchor and gives it to the resolvers; what was verified is kept in the state directory, so that a restart
// needs nobody. All of that happens on a thread of its own: to verify the root takes a moment for which no client
// waits.
//
// Lifetime: create() reads what is kept; start() begins the thread; the destructor stops and joins it. figures() may be
// called from any thread. What it leans on outlives it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "resolver/base/random.h"
#include "resolver/daemon/kept_root.h"
#include "resolver/dnssec/trust_anchors.h"
#include "resolver/iterate/local_root.h"
#include "resolver/iterate/resolver_options.h"
#include "resolver/zones/secondary.h"
#include "telemetry/status_figures.h"
#include "transports/event_loop.h"
#include "transports/message_dialer.h"

namespace vouch {

class RootKeeper final : private ZoneOwner {
 public:
  static constexpr Duration kLookAtFile = std::chrono::seconds(60);
  // The root has 25,000 records and 1.3 MB. Twenty times that is somebody's mistake, or worse.
  static constexpr TransferLimits kLimits{
      .octets = std::size_t{32} * 1024 * 1024, .records = 500'000, .messages = 100'000};

  struct Parts {
    const ResolverOptions& resolver;
    const OutgoingOptions& outgoing;
    const DnssecOptions& dnssec;
    const Clock& clock;
    TrustAnchors& anchors;
    LocalRoot& root;
    Duration look = kLookAtFile;  // tests are in a hurry
  };
  // As the user who will go on writing. A copy that is kept and still good is in use when this returns. Null, and a
  // line in the log: there is no descriptor left for it.
  static std::unique_ptr<RootKeeper> create(const Parts& parts);
  ~RootKeeper() override;
  RootKeeper(const RootKeeper&) = delete;
  RootKeeper& operator=(const RootKeeper&) = delete;

  void start();  // signals are blocked by the caller
  LocalRootFigures figures() const;

 private:
  RootKeeper(const Parts& parts, std::unique_ptr<EventLoop> loop);
  std::expected<void, std::string> take(const Transfer& transfer, const Primary& from, UnixTime until) override;
  void confirm(UnixTime until) override;
  void expire() override;

  struct Unusable {
    std::string why;
    bool is_rejected = false;  // read, and not believed
  };
  std::expected<RootCopyPtr, std::string> verified(const ZonePtr& zone) const;
  void restore();
  Task<void> watch_file();
  void look_at_file() noexcept;
  void read_file(UnixTime time);
  std::expected<ZonePtr, Unusable> use_file(UnixTime time);
  void note_failure(const Unusable& file);

  const Parts parts_;
  const std::unique_ptr<EventLoop> loop_;
  SystemRandom random_;
  std::unique_ptr<MessageDialer> dialer_;
  std::unique_ptr<Secondary> secondary_;  // null: a file is looked at
  KeptRoot kept_;
  std::optional<UnixTime> used_;  // the file's time when it was taken into use last
  std::string told_;              // the failure that the log was told last; empty: the last look was good
  Task<void> task_;
  mutable std::mutex mutex_;
  LocalRootFigures file_figures_;  // guarded by mutex_; of the file, where no secondary counts
  std::thread thread_;
};

}  // namespace vouch
