// A replay scenario (.rpl) in memory: the format of Unbound's testbound and CZ.NIC's Deckard. Reading it is
// scenario_parser.cc's, what its configuration lines mean is scenario_config.cc's, playing it is player.h's.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/scenarios/world.h"

namespace vouch::simulation {

// Parts of a message that an entry compares.
struct Match {
  bool opcode = false, qtype = false, qname = false, qcase = false, subdomain = false, flags = false, rcode = false;
  bool answer = false, authority = false, additional = false, edns = false, nsid = false, dnssec_ok = false,
       ttl = false;
  bool tcp = false, udp = false;
};

struct Adjust {
  bool copy_id = false;        // id and question name (with its case) from the query
  bool copy_query = false;     // the whole question from the query
  bool do_not_answer = false;  // silence is meant
  bool raw_id = false;         // RAW octets, but the query's id
  std::uint32_t sleep = 0;     // seconds before the reply
};

struct Entry {
  int line = 0;
  Match match;
  Adjust adjust;
  Message message;            // what REPLY and the SECTIONs say; DO is in its edns
  std::optional<Buffer> raw;  // instead of the message
};

struct Range {
  int line = 0;
  int first = 0, last = 0;           // step numbers, both included
  std::vector<IpAddress> addresses;  // none: every address
  std::vector<Entry> entries;
};

struct ScenarioStep {
  enum class Kind : std::uint8_t { query, check_answer, time_passes, reply };
  int line = 0;
  int number = 0;
  Kind kind = Kind::query;
  Entry entry;                    // of all but time_passes
  std::uint32_t elapse = 0;       // seconds
  bool tcp = false;               // of a query
  std::optional<IpAddress> from;  // likewise
};

struct ConfigLine {
  int line = 0;
  std::string key, value;  // without quotes and comments
};

struct Scenario {
  std::string title;
  std::vector<ConfigLine> config;
  std::vector<Range> ranges;
  std::vector<ScenarioStep> steps;
};

// The error says the line and what is wrong with it.
std::expected<Scenario, std::string> parse_scenario(std::string_view text);

// How the resolver is set up for a scenario.
struct ScenarioSetup {
  WorldOptions world;
  std::vector<std::string> not_built;  // what it asks for and the resolver cannot do: it cannot be played
};
std::expected<ScenarioSetup, std::string> set_up(const Scenario& scenario);

}  // namespace vouch::simulation
