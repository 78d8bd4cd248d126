#include "resolver/daemon/reloader.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iterator>
#include <utility>

#include "conf/loader.h"
#include "conf/reload.h"
#include "resolver/base/log.h"
#include "resolver/daemon/forgetting.h"

namespace vouch {

namespace {

// Beyond the time that given-up listeners are kept open for: the workers close them on their own timers.
constexpr Duration kCloseMargin = std::chrono::seconds(1);

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) { out += (out.empty() ? "" : ",") + word; }
  return out;
}

bool touches(const std::vector<std::string>& changed, std::string_view section) {
  return std::ranges::any_of(changed, [section](const std::string& key) { return key.starts_with(section); });
}

// On what data's verdicts rest, but for negative anchors, which concern their own names alone.
constexpr auto kVerdictKeys =
    std::to_array<std::string_view>({"dnssec.trust_anchors", "dnssec.trust_anchors_file", "dnssec.builtin_root_anchor",
                                     "dnssec.signature_skew", "dnssec.sha1", "dnssec.nsec3_max_iterations"});

// The names of what is in one list and not, or not in the same way, in the other.
template <typename Item>
std::vector<Name> that_differ(const std::vector<Item>& before, const std::vector<Item>& after, auto name_of) {
  std::vector<Name> names;
  const auto gather = [&](const std::vector<Item>& from, const std::vector<Item>& to) {
    for (const Item& item : from) {
      if (std::ranges::find(to, item) == to.end()) { names.push_back(std::invoke(name_of, item)); }
    }
  };
  gather(before, after);
  gather(after, before);
  return names;
}

}  // namespace

ReloadReport Reloader::reload() {
  const std::lock_guard lock(mutex_);
  ReloadReport report;
  try {
    report = take_file();
  } catch (const std::exception& error) {
    report.errors.push_back({parts_.config_file, 0, 0, std::string("cannot be taken: ") + error.what(), ""});
  }
  parts_.identity.look_again(true);  // whatever became of the rest: a certificate does not wait
  for (const ConfigError& error : report.errors) {
    log(LogLevel::error, "reload_refused", {{"problem", error.text()}, {"remedy", "the old configuration goes on"}});
  }
  if (report.ok()) {
    log(LogLevel::notice, "reloaded",
        {{"changed", joined(report.changed)}, {"need_restart", joined(report.need_restart)}});
  }
  return report;
}

ReloadReport Reloader::take_file() {
  ReloadReport report;
  const auto refuse = [&](std::string problem) {
    report.errors.push_back({parts_.config_file, 0, 0, std::move(problem), ""});
    return report;
  };
  if (is_stopped_) { return refuse("vouchd is ending"); }
  // Every key has a default, so that nothing at all is a whole configuration; but not one that somebody meant who has
  // an editor empty the file before it writes.
  std::error_code failed;
  if (std::filesystem::file_size(parts_.config_file, failed) == 0 && !failed) {
    return refuse("is empty: it is being written, or was lost");
  }
  Loaded next = load_configuration(parts_.config_file);
  if (!next) {
    report.errors = std::move(next.error());
    return report;
  }
  const GenerationPtr before = parts_.current.get();
  report.need_restart = keep_until_restart(before->configuration, *next);
  keep_unprepared(before->configuration, *next, report.need_restart);
  auto generation = make_generation(std::move(*next), parts_.process, held());
  if (!generation) { return refuse(std::move(generation.error())); }
  auto read = parts_.rpz.store().read_all((*generation)->configuration.rpz);
  if (!read) { return refuse(std::move(read.error())); }
  const auto policy = policy_of((*generation)->configuration, parts_.lists, parts_.rpz.store());
  if (!policy) { return refuse(policy.error()); }
  report.changed = changed_keys(before->configuration, (*generation)->configuration);
  if (auto switched = switch_to(*generation, report.changed); !switched) { return refuse(std::move(switched.error())); }
  parts_.current.set(*generation);
  use_policy(*policy);
  parts_.rpz.keep((*generation)->configuration);
  given_up_.push_back({before->listen, parts_.clock.monotonic() + Serving::kTimeToEnd + kCloseMargin});
  set_log_level((*generation)->configuration.logging.level);
  forget_outdated(before->configuration, (*generation)->configuration, report.changed);
  return report;
}

// A certificate, tickets' keys and QUIC's secrets are made at the start, by whoever we were then, and only where they
// are wanted: the first listener of such a kind waits for a restart.
void Reloader::keep_unprepared(const Configuration& running, Configuration& next,
                               std::vector<std::string>& need_restart) const {
  const auto keep = [&](std::string_view key, const std::vector<SocketAddress>& has, std::vector<SocketAddress>& wants,
                        bool is_prepared) {
    if (is_prepared || wants.empty() || wants == has) { return; }
    wants = has;
    need_restart.emplace_back(key);
  };
  const bool has_identity = parts_.process.identity.is_wanted();
  const bool has_quic = parts_.process.identity.has_quic_secrets();
  keep("server.tls.listen", running.listeners.tls, next.listeners.tls, has_identity);
  keep("server.https.listen", running.listeners.https, next.listeners.https, has_identity);
  keep("server.quic.listen", running.listeners.quic, next.listeners.quic, has_quic);
}

ListenAddresses Reloader::held() const {
  ListenAddresses held = parts_.current.get()->listen;
  const Instant now = parts_.clock.monotonic();
  for (const GivenUp& former : given_up_) {
    if (former.until <= now) { continue; }
    for (const ListenerGroup& group : listener_groups()) {
      std::ranges::copy(former.listen.of(group.kind), std::back_inserter(held.of(group.kind)));
    }
  }
  return held;
}

std::expected<void, std::string> Reloader::switch_to(const GenerationPtr& next,
                                                     const std::vector<std::string>& changed) {
  const Instant now = parts_.clock.monotonic();
  std::erase_if(given_up_, [now](const GivenUp& former) { return former.until <= now; });
  for (const auto& worker : parts_.workers) {
    auto prepared = worker->prepare(next);
    if (prepared) { continue; }
    for (const auto& other : parts_.workers) { other->abandon(); }
    return prepared;
  }
  const bool other_trust = touches(changed, "dnssec.");
  for (const auto& worker : parts_.workers) {
    const bool keeps = other_trust && worker == parts_.workers.front();
    worker->take(keeps ? [this, next] { return parts_.make_keeper(next); } : Worker::MakeKeeper());
  }
  return {};
}

void Reloader::forget_outdated(const Configuration& before, const Configuration& after,
                               const std::vector<std::string>& changed) {
  // What was judged by other rules is judged anew.
  if (std::ranges::any_of(kVerdictKeys, [&](std::string_view key) { return touches(changed, key); })) {
    parts_.trust.clear();
    parts_.caches.denials.clear();
    parts_.caches.rrsets.clear();
  }
  for (const Name& zone :
       that_differ(before.dnssec.negative_trust_anchors, after.dnssec.negative_trust_anchors, &NegativeAnchor::name)) {
    forget_judgements(parts_.caches, parts_.trust, zone);
  }
  // What came from other servers is asked anew; but for the root, where it is another way to the same names.
  for (const auto zones : {&ResolverOptions::forward_zones, &ResolverOptions::stub_zones}) {
    for (const Name& zone : that_differ(before.resolver.*zones, after.resolver.*zones, &ConfiguredZone::zone)) {
      if (zone.view().is_root()) { continue; }
      forget_judgements(parts_.caches, parts_.trust, zone);
      parts_.caches.delegations.remove_below(zone);
    }
  }
  const bool may_succeed_now = touches(changed, "dnssec.") || touches(changed, "forward.") ||
                               touches(changed, "resolver.") || touches(changed, "outgoing.");
  if (may_succeed_now) { parts_.caches.failures.clear(); }
}

void Reloader::use_policy(const PolicyPtr& policy) {
  prepare_caches_for(policy, parts_.caches);
  for (const auto& worker : parts_.workers) { worker->use_policy(policy); }
}

void Reloader::renew_policy() {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) { return; }
  const auto policy = policy_of(parts_.current.get()->configuration, parts_.lists, parts_.rpz.store());
  if (policy) { return use_policy(*policy); }
  log(LogLevel::error, "policy_not_renewed", {{"problem", policy.error()}, {"remedy", "the old rules stay in force"}});
}

void Reloader::look_at_certificate() {
  const std::lock_guard lock(mutex_);
  parts_.identity.look_again(false);
}

void Reloader::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
}

}  // namespace vouch
