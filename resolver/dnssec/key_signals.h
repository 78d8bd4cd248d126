// How a resolver tells which keys it trusts: to the zone, by a question (RFC 8145 section 5), and to its clients, by
// how it answers theirs (RFC 8509).
#pragma once

#include <vector>

#include "resolver/dnssec/trust_anchors.h"
#include "resolver/wire/verdict.h"

namespace vouch {

// The tags of what is trusted at that point, ascending, each once.
std::vector<std::uint16_t> key_tags(const AnchorSet::Point& point);

// RFC 8145 section 5.1: "_ta-4a5c-4f66.<zone>", to be asked for with type NULL. A label has room for twelve tags: more
// go into further names. None when nothing is trusted, or the zone's name leaves no room.
constexpr std::size_t kMaxTagsPerSignal = 12;
std::vector<Name> key_tag_names(const AnchorSet::Point& point);

// What RFC 8509 section 3 asks of an answer before it is given. For other questions than root key sentinels, nothing
// but a look at a length.
struct SentinelQuery {
  NameView name;  // as the client asked, before any alias
  Type type = Type::none;
  bool checking_disabled = false;
  Security security = Security::unchecked;  // of the whole answer
};
// Whether a name may be such a question at all, cheaply: its answer depends on more than its data.
inline bool may_be_sentinel(NameView name) noexcept {
  constexpr std::size_t kIsTaLength = 29, kNotTaLength = 30;  // "root-key-sentinel-is-ta-", "...-not-ta-", five digits
  const std::size_t length = name.data()[0];
  return (length == kIsTaLength || length == kNotTaLength) && (name.data()[1] | 0x20) == 'r';
}
// True: the answer is withheld, SERVFAIL stands in its place. Either "is-ta" was asked of a key that is not trusted for
// the root, or "not-ta" of one that is.
bool is_withheld_by_sentinel(const SentinelQuery& query, const AnchorSet& anchors);

}  // namespace vouch
