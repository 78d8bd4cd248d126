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
  static constexpr std::string_view kName = "root-zone";    // in the state directory
  static constexpr std::string_view kChecked = ".checked";  // behind that: written when a source says it is current
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
  std::expected<void, std::string> take(const Transfer& transfer, const Primary& from) override;
  void confirm() override;
  void expire() override;

  void restore();
  Task<void> watch_file();
  void look_at_file();
  std::expected<void, std::string> use(const ZonePtr& zone, UnixTime until);
  void store(const Zone& zone);
  void note_failure(const std::string& why);
  UnixTime expiry_of(const Zone& zone, UnixTime since) const;
  std::string kept_path() const;  // empty: nothing can be kept

  const Parts parts_;
  const std::unique_ptr<EventLoop> loop_;
  SystemRandom random_;
  std::unique_ptr<MessageDialer> dialer_;
  std::unique_ptr<Secondary> secondary_;  // null: a file is looked at
  std::optional<UnixTime> seen_;          // the file's time when it was looked at last
  bool is_file_missed_ = false;           // which has been told
  Task<void> task_;
  mutable std::mutex mutex_;
  LocalRootFigures file_figures_;  // guarded by mutex_; of the file, where no secondary counts
  std::thread thread_;
};

}  // namespace vouch
