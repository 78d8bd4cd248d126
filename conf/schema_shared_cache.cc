// The keys of shared_cache: what the nodes of a fleet have in common.
#include <array>

#include "conf/schema_parts.h"
#include "resolver/fleet/shared_cache_options.h"

namespace vouch {

namespace {

using S = SharedCacheOptions;

constexpr auto kSharedCacheKeys = std::to_array<KeySpec<C>>({
    key<ListOf<StoreAddressItem>, &C::shared_cache, &S::server>(
        "shared_cache.server", "[]", {},
        "The Redis or Valkey server that the nodes of a fleet share, as one address. None: nothing is shared. While it "
        "is away, or too slow, nodes resolve as if there were none."),
    key<Text, &C::shared_cache, &S::secret_file>(
        "shared_cache.secret_file", "\"\"", {},
        "A file with the fleet's secret, at least 32 characters, the same at all nodes; nobody else may read it. What "
        "is stored carries a code made with it, and what does not is not believed. A path that does not begin with a "
        "slash starts at this file's folder. Needed where there is a server."),
    key<Number, &C::shared_cache, &S::patience>(
        "shared_cache.patience", "25", milliseconds(1, 1000),
        "How long a question that this node knows nothing of waits for the store, at most; then the servers are asked. "
        "Far more than a store nearby needs, and hardly more than one server far away."),
    key<Number, &C::shared_cache, &S::database>("shared_cache.database", "0", number(0, 65535),
                                                "Which of the store's numbered databases is used (SELECT)."),
    key<Text, &C::shared_cache, &S::user>("shared_cache.user", "\"\"", {},
                                          "The user in the store's access list (AUTH). Empty: its default user."),
    key<Text, &C::shared_cache, &S::password_file>(
        "shared_cache.password_file", "\"\"", {},
        "A file whose first line is the password for it, which nobody else may read. Empty: the store asks for none."),
    key<Boolean, &C::shared_cache, &S::tls>(
        "shared_cache.tls", "false", {},
        "Speak TLS with the store, and ask nothing of one that does not prove who it is. Without it, whoever is on the "
        "way reads what is stored, and the password; keep it to a network of your own."),
    key<Text, &C::shared_cache, &S::tls_name>(
        "shared_cache.tls_name", "\"\"", {},
        "The name, or address, that its certificate must have. Empty, and no pins: the server's address."),
    key<ListOf<PinItem>, &C::shared_cache, &S::tls_pins>(
        "shared_cache.tls_pins", "[]", {},
        "Keys of which its certificate must have one. With pins and no name the key alone counts, not who signed it."),
    key<Text, &C::shared_cache, &S::tls_ca_file>(
        "shared_cache.tls_ca_file", "\"\"", {},
        "A file of certificates in PEM: the authorities that may vouch for it. Empty: the system's."),
});

constexpr auto kSharedCacheSections = std::to_array<SectionSpec>({
    {"shared_cache", "What a fleet of nodes shares of its caches (docs/shared-cache.md)."},
});

}  // namespace

SchemaPart shared_cache_schema() { return {kSharedCacheSections, kSharedCacheKeys}; }

}  // namespace vouch
