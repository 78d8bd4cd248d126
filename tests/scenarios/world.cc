#include "tests/scenarios/world.h"

#include <stdexcept>

namespace vouch::simulation {

World::World(WorldOptions options, ScriptedUpstream::Script script)
    : options_(std::move(options)),
      clock_(options_.start),
      executor_(clock_),
      random_(options_.seed),
      caches_(options_.cache),
      upstream_(executor_, clock_, std::move(script)),
      ledger_(options_.telemetry, {}, telemetry_random_, clock_.wall()),
      recorder_(counters_, &together_),
      collector_({{&recorder_}, together_, options_.telemetry, clock_.wall()}),
      anchors_(anchors_from(options_.dnssec)),
      trust_(caches_.share_of_trust()),
      validation_{options_.dnssec, anchors_, trust_, counters_.validation, &recorder_},
      resolver_({options_.resolver, caches_, exchanges_, upstream_, executor_, clock_, random_, counters_.resolver,
                 options_.dnssec.mode == DnssecMode::off ? nullptr : &validation_, &local_root_,
                 options_.shared_cache}) {
  if (options_.dnssec.mode == DnssecMode::off) { return; }
  options_.front.require_validation = true;
  options_.front.withhold_bogus = options_.dnssec.mode == DnssecMode::enforce;
}

World::~World() = default;

Answer World::resolve(std::string_view name, Type type) {
  Budget budget(clock_.monotonic());
  auto task = resolver_.resolve({Name::of(name), type}, budget);
  task.start();
  if (!executor_.run_until([&task] { return task.done(); })) {
    throw std::runtime_error("the resolver never came back with " + std::string(name));
  }
  return task.take();
}

void World::settle(Duration at_most) {
  executor_.run_posted();
  executor_.run_until([this] { return upstream_.in_flight() == 0; }, at_most);
  executor_.run_posted();
}

}  // namespace vouch::simulation
