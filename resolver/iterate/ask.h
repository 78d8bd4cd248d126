// One question to the servers of one zone cut: whom to ask, in which order, and when to give up. Ends with a Response
// that says something about the question, or with the reason why none could be had.
#pragma once

#include "resolver/cache/caches.h"
#include "resolver/iterate/classify.h"
#include "resolver/iterate/exchange.h"
#include "resolver/iterate/lineage.h"
#include "resolver/iterate/server_choice.h"
#include "resolver/iterate/zone_cut.h"

namespace vouch {

// Finds the addresses of servers whose names came without glue: the resolver itself, one level deeper.
class ServerNames {
 public:
  virtual ~ServerNames() = default;
  enum class Effort : std::uint8_t {
    cached,         // ask nobody
    one_family,     // stop at the first family that has addresses
    both_families,  // when those of the first have led nowhere
  };
  // An empty list when there is none, or the look-up would bite its own tail.
  virtual Task<std::vector<IpAddress>> addresses_of(const Name& server, Effort effort, Budget& budget,
                                                    const Lineage& lineage) = 0;
};

struct AskResult {
  std::optional<Response> response;
  IpAddress server;  // who gave it
  // When there is none:
  Ede why = Ede::no_reachable_authority;
  std::string text;
};

class Asker {
 public:
  // How long a server stays out for a zone that it does not serve. Shorter than the peers' 15 minutes: a zone that has
  // just been set up should come to life.
  static constexpr Duration kLameFor = std::chrono::seconds(60);

  Asker(const ResolverOptions& options, Caches& caches, SharedExchanges& exchanges, Exchanger& exchanger,
        Executor& executor, const Clock& clock, Random& random, ServerNames& names, ResolverCounters& counters,
        bool want_proofs);

  // All arguments must outlive the task. Servers in `not_from` are not asked: what they said did not hold.
  Task<AskResult> ask(const ZoneCut& cut, const Question& question, const std::vector<IpAddress>& not_from,
                      Budget& budget, const Lineage& lineage);

 private:
  struct Round;
  bool add_parents_glue(const Delegation& delegation, Round& round);
  Task<bool> more_addresses(const ZoneCut& cut, Round& round, Budget& budget, const Lineage& lineage);
  Task<ExchangeResult> exchange(const ZoneCut& cut, const Question& question, const ServerChoice::Pick& pick,
                                Budget& budget);
  std::optional<Response> read(const ZoneCut& cut, const Question& question, const ExchangeResult& result, Round& round,
                               Trace* trace);

  const ResolverOptions& options_;
  Caches& caches_;
  SharedExchanges& exchanges_;
  Exchanger& exchanger_;
  Executor& executor_;
  const Clock& clock_;
  Random& random_;
  ServerNames& names_;
  ResolverCounters& counters_;
  const bool want_proofs_;
};

}  // namespace vouch
