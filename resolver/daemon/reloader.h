// Takes a changed configuration while clients are served. A file with a mistake, or one that this machine cannot serve
// by, changes nothing: what was running goes on, and the operator hears what is wrong and where.
//
// What the caches hold stays, but for what the new rules would have judged or found otherwise (forget_outdated()).
//
// Threads: reload() may be called by any thread but a worker's, once the workers have started; calls wait for each
// other. stop() ends that.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "conf/config_error.h"
#include "resolver/cache/caches.h"
#include "resolver/daemon/generation.h"
#include "resolver/daemon/policy_of.h"
#include "resolver/daemon/rpz_keeper.h"
#include "resolver/daemon/worker.h"

namespace vouch {

struct ReloadReport {
  std::vector<ConfigError> errors;        // empty: it has been taken
  std::vector<std::string> changed;       // keys whose new values hold now
  std::vector<std::string> need_restart;  // keys that have changed in the file and keep their values until a restart
  bool ok() const noexcept { return errors.empty(); }
};

class Reloader {
 public:
  struct Parts {
    std::string config_file;  // absolute: the working directory has changed since
    CurrentGeneration& current;
    const ProcessFacts process;
    const std::vector<std::unique_ptr<Worker>>& workers;
    Caches& caches;
    TrustCache& trust;
    const Clock& clock;
    ServerIdentity& identity;
    // Makes the keeper of the anchors for a generation; called on the first worker's thread.
    std::function<std::shared_ptr<AnchorKeeper>(GenerationPtr)> make_keeper;
    PolicyLists& lists;
    RpzKeeper& rpz;
  };
  explicit Reloader(Parts parts) : parts_(std::move(parts)) {}

  // Never throws. Told in the log, too.
  ReloadReport reload();
  // Takes a renewed certificate, if there is one.
  void look_at_certificate();
  // Builds the running configuration's policy anew, and has the workers use it: something that it is made of has
  // changed.
  void renew_policy();
  void stop();  // once it returns, no reload is under way and none will begin

 private:
  ReloadReport take_file();
  std::expected<void, std::string> switch_to(const GenerationPtr& next, const std::vector<std::string>& changed);
  void keep_unprepared(const Configuration& running, Configuration& next, std::vector<std::string>& need_restart) const;
  ListenAddresses held() const;
  void use_policy(const PolicyPtr& policy);
  void forget_outdated(const Configuration& before, const Configuration& after,
                       const std::vector<std::string>& changed);

  Parts parts_;
  std::mutex mutex_;
  bool is_stopped_ = false;
  // Listeners that were given up and are not closed yet.
  struct GivenUp {
    ListenAddresses listen;
    Instant until;
  };
  std::vector<GivenUp> given_up_;
};

}  // namespace vouch
