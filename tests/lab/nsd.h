#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/lab/catalogue.h"
#include "tests/lab/outcome.h"

// The real authoritative servers behind the proxy: one NSD per back end of the catalogue, each on its own loopback
// port.
namespace vouch::lab {

// NSD listens where nobody else does: an address of 127/8 that is not in the catalogue.
constexpr const char* kBackendAddress = "127.1.255.1";

// The program's path, from PATH or the directories for system programs, which an ordinary user's PATH lacks.
Outcome<std::string> find_nsd();

struct BackendZone {
  const ZoneSpec* zone;
  bool stale;  // the copy with expired signatures
};

// Which zones each back end holds, by back end name. Stale copies live in a back end of their own, "stale".
std::map<std::string, std::vector<BackendZone>> backends_of(const Catalogue& catalogue);

// The NSDs of one lab folder. They end with this object, with SIGTERM, and, should our process be killed, by the
// kernel's parent-death signal. One thread.
class NsdFleet {
 public:
  explicit NsdFleet(std::string dir) : dir_(std::move(dir)) {}
  ~NsdFleet() { stop(); }
  NsdFleet(const NsdFleet&) = delete;
  NsdFleet& operator=(const NsdFleet&) = delete;

  // Ends the NSDs that an earlier lab in this folder left behind, if any; returns how many.
  int end_leftovers();

  // Writes the configurations, starts all, and returns when every one answers for every zone. On an error the message
  // holds what NSD wrote. Loading may take long: `interrupted` is asked now and then, and true ends the waiting.
  Outcome<void> start(const Catalogue& catalogue, const std::function<bool()>& interrupted);

  // Ends all and waits for them: SIGTERM, then SIGKILL after a few seconds.
  void stop();

  // The loopback port of a back end; 0 when unknown.
  std::uint16_t port(const std::string& backend) const;
  // True when an NSD has ended by itself; `why` then names it. For the event loop's SIGCHLD handler.
  bool has_died(std::string& why);

 private:
  struct Nsd {
    std::string backend;
    std::uint16_t port = 0;
    pid_t pid = -1;
    std::vector<BackendZone> zones;
  };

  std::string config_path(const std::string& backend) const;
  std::string log_path(const std::string& backend) const;
  Outcome<void> write_config(const Nsd& nsd) const;
  Outcome<void> launch(const std::string& program, Nsd& nsd) const;
  Outcome<void> await_zones(Nsd& nsd, const std::function<bool()>& interrupted) const;
  std::string last_words(const Nsd& nsd) const;

  std::string dir_;
  std::vector<Nsd> fleet_;
};

}  // namespace vouch::lab
