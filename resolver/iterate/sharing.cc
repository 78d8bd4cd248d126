#include "resolver/iterate/sharing.h"

#include "resolver/iterate/step_cache.h"

namespace vouch {

std::vector<CachePlace> places_of(const Question& question, const Response& response) {
  std::vector<CachePlace> places;
  bool follows_dname = false;
  for (const RRsetPtr& rrset : response.answers) {
    // Made of the DNAME before it, of which it is made again.
    const bool is_synthesised = follows_dname && rrset->type() == Type::CNAME;
    follows_dname = rrset->type() == Type::DNAME;
    if (!is_synthesised) { places.push_back({Name(rrset->owner()), rrset->type()}); }
  }
  if (is_negative(response)) { places.push_back({response.target, question.type}); }
  return places;
}

}  // namespace vouch
