#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tests/lab/catalogue.h"
#include "tests/lab/impairment.h"
#include "tests/lab/message.h"
#include "tests/lab/query_log.h"

// The mind of the lab's authority, without sockets: which zone a server answers a question from, and which impairments
// come into play. udp_proxy.h and tcp_proxy.h are its hands.
namespace vouch::lab {

// One public server address.
struct PublicServer {
  std::string address;
  bool silent = false;    // by the catalogue
  bool stopped = false;   // by hand
  bool reachable = true;  // false for IPv6 on a machine without
  struct Served {
    const ZoneSpec* zone;
    std::size_t backend;
  };
  std::unordered_map<std::string, Served> zones;  // by apex in wire form; empty for a lame server
};

enum class Fate {
  ignore,   // no reply
  close,    // TCP: end the connection
  reset,    // TCP: end it rudely
  answer,   // reply with `packet`
  forward,  // hand `packet` to the back end, and what comes back to replies()
};

struct Decision {
  Fate fate = Fate::ignore;
  std::string packet = {};
  std::size_t backend = 0;
  Actions actions = {};
};

struct Replies {
  std::vector<std::string> packets;  // in the order of sending; the genuine one is last
  std::uint32_t delay = 0;           // milliseconds
};

class Authority {
 public:
  // `wall_clock` gives Unix seconds for the log.
  Authority(const Catalogue& catalogue, std::function<double()> wall_clock);

  const std::vector<PublicServer>& servers() const { return servers_; }
  const std::vector<std::string>& backends() const { return backends_; }

  Decision decide(std::size_t server, std::string_view packet, Transport transport);
  // What leaves the server instead of the genuine reply.
  Replies replies(std::string genuine, const Actions& actions, Transport transport);

  void give_up_ipv6();

  // False when no server has that address.
  bool stop_server(const std::string& address);
  bool start_server(const std::string& address);

  // False when the table is full.
  bool add(Impairment impairment);
  // Removes what `zone` is named in as the zone selector, or everything put in by hand when empty. The catalogue's own
  // impairments stay. Returns how many went.
  std::size_t clear(std::string_view zone);
  std::string impairments_text() const;

  QueryLog& log() { return log_; }

 private:
  const PublicServer::Served* served(const PublicServer& server, const QueryView& query) const;
  Actions actions_for(const Occasion& occasion) const;
  std::size_t backend_index(const std::string& name);

  std::function<double()> wall_clock_;
  std::mt19937_64 chance_;  // seeded by the lab's seed: a test of losses loses the same again
  std::vector<PublicServer> servers_;
  std::vector<std::string> backends_;
  std::map<std::string, std::size_t> index_by_address_;
  // The catalogue's impairments all name a zone; those put in by hand need not. Found by zone, a question to one of a
  // thousand sound zones costs one look.
  std::unordered_map<std::string, std::vector<Impairment>> own_;
  std::vector<Impairment> by_hand_;
  QueryLog log_;
};

}  // namespace vouch::lab
