// Everything that the operator says, as the option structs that the modules themselves define. Plain data, checked once
// by the loader (conf/loader.h); conf/vouch.yaml says what each key means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "resolver/base/log.h"
#include "resolver/cache/cache_options.h"
#include "resolver/daemon/control/control_options.h"
#include "resolver/dnssec/dnssec_options.h"
#include "resolver/fleet/shared_cache_options.h"
#include "resolver/front/front_options.h"
#include "resolver/iterate/resolver_options.h"
#include "resolver/policy/discovery_options.h"
#include "resolver/policy/local_data_options.h"
#include "resolver/policy/policy_options.h"
#include "resolver/policy/rpz/rpz_options.h"
#include "telemetry/telemetry_options.h"
#include "telemetry/web/web_options.h"
#include "transports/dnstap/dnstap_options.h"
#include "transports/listener_options.h"

namespace vouch {

// How much of what the process gives up once it serves (resolver/daemon/confinement.h) the kernel has to offer.
enum class ConfinementMode : std::uint8_t { automatic, required, audit, off };

// What concerns the process and none of its modules.
struct ProcessOptions {
  std::uint32_t workers = 0;  // threads that serve; 0: one for each core
  std::string user;           // whom to become once the sockets are bound; empty: nobody else
  std::string state_dir;      // working directory; empty: the one that vouchd was started in
  ConfinementMode confinement = ConfinementMode::automatic;
  std::vector<std::string> confinement_folders;  // that may be read, too
};

enum class LogTarget : std::uint8_t { standard_error, journal, file };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogTarget target = LogTarget::standard_error;
  std::string file;  // for LogTarget::file
};

// Files that the configuration names, as the operator wrote them; the loader has read what they say into the options.
struct NamedFiles {
  std::string configuration;  // this one's own, as it was named to the loader; empty: it was no file
  std::string root_hints;
  std::string trust_anchors;
  std::string cookie_secret;
  std::string web_token;
};

struct Configuration {
  Configuration();  // the defaults, as documented

  ProcessOptions process;
  ListenerOptions listeners;
  FrontOptions front;
  OutgoingOptions outgoing;
  ResolverOptions resolver;
  DnssecOptions dnssec;
  CacheOptions cache;
  SharedCacheOptions shared_cache;
  LocalDataOptions local_data;
  PolicyOptions policy;
  std::vector<RpzZoneOptions> rpz;  // in the order in which they take precedence
  std::string policy_state_directory = "/var/lib/vouch";
  DiscoveryOptions discovery;  // of this the daemon fills in what follows from listeners and certificate
  TelemetryOptions telemetry;
  WebOptions web;
  ControlOptions control;
  LogOptions logging;
  DnstapOptions dnstap;
  NamedFiles files;
};

// Brings figures into line that two modules must know alike. The loader has done so; to be called again by who changes
// a Configuration afterwards.
void agree(Configuration& configuration);

}  // namespace vouch
