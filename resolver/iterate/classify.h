// What a reply means for the question that was asked, and what of it the asked zone may say at all (scrubbing). Pure: a
// packet goes in, a Response of owned RRsets comes out. What is not in the Response does not exist for the rest of the
// resolver: nothing else of a reply is ever cached or served (RFC 2181 section 5.4.1; CVE-2025-11411, CVE-2025-40778).
#pragma once

#include <vector>

#include "resolver/cache/delegation_cache.h"
#include "resolver/wire/message_view.h"
#include "resolver/wire/rrset.h"

namespace vouch {

enum class Outcome : std::uint8_t {
  answer,        // the RRset asked for, maybe at the end of aliases
  alias,         // aliases that lead out of what this server may say: `target` is to be resolved anew
  no_data,       // the name (or where the aliases lead) exists, the type does not
  name_error,    // it does not exist
  referral,      // the servers of a zone below
  lame,          // this server does not serve the zone
  server_error,  // SERVFAIL and whatever else is no answer
};

struct Response {
  Outcome outcome = Outcome::server_error;
  Rcode rcode = Rcode::server_failure;
  bool authoritative = false;
  std::vector<RRsetPtr> answers;  // in the order in which aliases are followed; synthesised CNAMEs included
  Name target;                    // where the aliases lead; the name asked for when there are none
  RRsetPtr soa;                   // of a negative answer; null when the server sent none
  std::vector<RRsetPtr> proofs;   // NSEC and NSEC3 sets with signatures, at most ProofList::kMaxProofs: of a negative
                                  // answer, of one made from a wildcard, of a referral to an unsigned zone
  bool is_alias_contradicted = false;  // beside a DNAME stood another CNAME than it implies
  DelegationPtr referral;
  RRsetPtr ds;                 // of a referral: what the parent says of the child's keys, unverified
  DelegationPtr root_servers;  // of an answer to `. NS` alone: what priming is for (RFC 8109 section 4)
  std::uint32_t scrubbed = 0;  // records of the reply that were left behind
};

struct ReplyContext {
  NameView name;  // asked for, in any case
  Type type = Type::none;
  NameView zone;                // the zone whose server was asked: it may speak of names at or below
  bool from_forwarder = false;  // a recursive server: no referrals, no lameness by missing AA
  bool harden_glue = true;      // only glue at or below `zone`
  bool want_proofs = false;     // whether a validator will ask for the proofs of what is not negative, and for DS
};

Response classify(const MessageView& reply, const ReplyContext& context);

// Longest alias chain taken from one reply; the budget bounds the whole resolution.
constexpr std::size_t kMaxAliasesInReply = 11;

// The CNAME that a DNAME implies for `name` below its owner (RFC 6672 section 2.2). Null when the new name is too long.
RRsetPtr synthesise_cname(const RRset& dname, NameView name, std::uint32_t ttl);

}  // namespace vouch
