#include "resolver/explain/private_resolver.h"

namespace vouch {

namespace {

PrivateResolverParts enforcing(PrivateResolverParts parts) {
  parts.dnssec.mode = DnssecMode::enforce;
  return parts;
}

CacheOptions small_caches() {
  CacheOptions options;
  options.size = PrivateResolver::kCacheOctets;
  return options;
}

}  // namespace

PrivateResolver::PrivateResolver(PrivateResolverParts parts)
    : parts_(enforcing(std::move(parts))),
      caches_(small_caches()),
      anchors_(parts_.anchors),
      trust_(caches_.share_of_trust()),
      validation_{parts_.dnssec, anchors_, trust_, validation_counters_, nullptr},
      resolver_(ResolverParts{.options = parts_.resolver,
                              .caches = caches_,
                              .exchanges = exchanges_,
                              .upstream = *parts_.upstream,
                              .executor = parts_.executor,
                              .clock = parts_.clock,
                              .random = parts_.random,
                              .counters = resolver_counters_,
                              .validation = &validation_,
                              .local_root = parts_.local_root}) {
  if (parts_.root_validated != 0) { trust_.note_root_validated(parts_.root_validated); }
}

}  // namespace vouch
