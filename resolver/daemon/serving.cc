#include "resolver/daemon/serving.h"

#include <algorithm>
#include <utility>

namespace vouch {

Serving::Serving(const Parts& parts, GenerationPtr generation)
    : generation_(std::move(generation)),
      validation_{generation_->configuration.dnssec, parts.anchors, parts.trust, parts.counters.validation,
                  &parts.recorder} {}

std::expected<std::unique_ptr<Serving>, std::string> Serving::make(const Parts& parts, GenerationPtr generation,
                                                                   const Serving* before) {
  std::unique_ptr<Serving> made(new Serving(parts, std::move(generation)));
  if (auto connected = made->connect(parts, before); !connected) {
    return std::unexpected(std::move(connected.error()));
  }
  const Configuration& configuration = made->generation_->configuration;
  if (parts.fleet != nullptr) {
    made->shared_cache_ = parts.fleet->cache_for(configuration, parts.caches, parts.anchors, parts.clock);
  }
  made->resolver_ = std::make_unique<Resolver>(
      ResolverParts{.options = configuration.resolver,
                    .caches = parts.caches,
                    .exchanges = parts.exchanges,
                    .upstream = *made->asked_,
                    .executor = parts.loop,
                    .clock = parts.clock,
                    .random = parts.random,
                    .counters = parts.counters.resolver,
                    .validation = configuration.dnssec.mode == DnssecMode::off ? nullptr : &made->validation_,
                    .local_root = &parts.local_root,
                    .shared_cache = made->shared_cache_.get()});
  made->front_ = std::make_unique<Front>(FrontParts{.options = configuration.front,
                                                    .local_zones = made->generation_->local_zones,
                                                    .shared = *made->generation_->in_flight,
                                                    .caches = parts.caches,
                                                    .resolver = *made->resolver_,
                                                    .executor = parts.loop,
                                                    .clock = parts.clock,
                                                    .recorder = parts.recorder,
                                                    .answer_octets = parts.caches.share_of_answers() / parts.workers});
  return made;
}

std::expected<void, std::string> Serving::connect(const Parts& parts, const Serving* before) {
  const Configuration& configuration = generation_->configuration;
  const bool is_unchanged = before != nullptr && before->generation_->configuration.outgoing == configuration.outgoing;
  upstream_ = is_unchanged ? before->upstream_
                           : std::make_shared<NetworkUpstream>(parts.loop, configuration.outgoing, parts.random);
  asked_ = upstream_;
  if (parts.dnstap != nullptr) { asked_ = std::make_shared<TappedUpstream>(upstream_, *parts.dnstap); }
  // At the start: now, while what names the authorities may be read.
  if (std::ranges::any_of(configuration.resolver.forward_zones, &ConfiguredZone::tls)) {
    if (const auto why = upstream_->prepare_tls()) { return std::unexpected("forward.zones: " + *why); }
  }
  return {};
}

}  // namespace vouch
