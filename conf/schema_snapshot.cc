// The keys of cache.snapshot: what survives a restart.
#include <array>

#include "conf/schema_parts.h"

namespace vouch {

namespace {

constexpr auto kSnapshotKeys = std::to_array<KeySpec<C>>({
    key<Boolean, &C::cache, &CacheOptions::snapshot, &SnapshotOptions::enabled>(
        "cache.snapshot.enabled", "false", {},
        "Write the cache to a file, cache-snapshot, from time to time and at the end, and take up at the start what "
        "has not ended by then: no storm of questions to servers, and answers at once, after a restart. Off by "
        "default, for the file names what people have asked for, though not who: at home a restart costs little, and "
        "such a list had better not exist; for an ISP with many clients a cold cache costs much, and the list says "
        "nothing of any of them."),
    key<Text, &C::cache, &CacheOptions::snapshot, &SnapshotOptions::state_directory>(
        "cache.snapshot.state_directory", "/var/lib/vouch", {},
        "Where the file lies: an existing folder that the server's user, or root, owns and nobody else may write to; "
        "else nothing is read or written. A path that does not begin with a slash starts at server.state_dir."),
    key<Number, &C::cache, &CacheOptions::snapshot, &SnapshotOptions::interval>(
        "cache.snapshot.interval", "900", {.unit = Unit::seconds, .least = 60, .most = kDay, .names = "never"},
        "How often it is written while the server runs, give or take a tenth, so that a fleet does not write all at "
        "once. never: only at the end, which a crash or a power cut does not wait for."),
    key<Number, &C::cache, &CacheOptions::snapshot, &SnapshotOptions::max_size>(
        "cache.snapshot.max_size", "64M", octets(std::uint64_t{64} << 10U, std::uint64_t{1} << 36U),
        "How large the file may get. What is asked for again and again is written first, what would not fit is left "
        "out. It takes about two thirds of what its content takes in the cache."),
});

constexpr auto kSnapshotSections = std::to_array<SectionSpec>({
    {"cache.snapshot", "What of the cache survives a restart (docs/reliability.md)."},
});

}  // namespace

SchemaPart snapshot_schema() { return {kSnapshotSections, kSnapshotKeys}; }

}  // namespace vouch
