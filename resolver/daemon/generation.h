// One configuration with all that is made of it, from its reading to the end of the last query that was served by it.
// A reload makes a new one beside the old; workers change from one to the other between two events, so that no query
// ever sees half of each.
//
// Immutable once made, but for the questions in flight. Shared by all threads, held by whoever uses it.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>

#include "conf/configuration.h"
#include "resolver/daemon/listen_addresses.h"
#include "resolver/daemon/server_identity.h"
#include "resolver/front/front.h"
#include "resolver/policy/local_zones.h"

namespace vouch {

struct Generation {
  Configuration configuration;
  ListenAddresses listen;
  LocalZones local_zones;
  // Of this generation's clients: an answer made by other rules must not be shared with them.
  const std::unique_ptr<FrontShared> in_flight = std::make_unique<FrontShared>();
};
using GenerationPtr = std::shared_ptr<const Generation>;

// What of the process a configuration is fitted to.
struct ProcessFacts {
  std::uint64_t descriptor_limit = 0;
  std::uint32_t workers = 1;
  Buffer cookie_secret;  // drawn at the start, for configurations that name none
  const ServerIdentity& identity;
};

// Makes a generation of what the loader has checked. `held`: what this process listens on already. On failure a
// sentence for the operator.
std::expected<GenerationPtr, std::string> make_generation(Configuration configuration, const ProcessFacts& process,
                                                          const ListenAddresses& held = {});

// The generation that new queries are served by, for those who only read. Thread-safe.
class CurrentGeneration {
 public:
  GenerationPtr get() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void set(GenerationPtr next) {
    const std::lock_guard lock(mutex_);
    current_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  GenerationPtr current_;
};

}  // namespace vouch
