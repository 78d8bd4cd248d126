// What a resolution yields: the RRsets of an answer, each with the TTL left and what is known of its security.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "resolver/wire/rrset.h"
#include "resolver/wire/verdict.h"

namespace vouch {

struct Question {
  Name name;
  Type type = Type::none;
};

struct AnswerPart {
  RRsetPtr rrset;
  std::uint32_t ttl = 0;  // seconds
};

struct Answer {
  Rcode rcode = Rcode::server_failure;
  std::vector<AnswerPart> answer;     // aliases first, in the order they were followed
  std::vector<AnswerPart> authority;  // the SOA of a negative answer, proofs
  Verdict verdict;                    // of the whole: the weakest of its parts'
  bool stale = false;                 // RFC 8767
  bool from_cache = false;            // no server was asked
  bool synthesised = false;           // made from cached proofs (RFC 8198)
  std::optional<IpAddress> server;    // who gave the last part of it; nothing when it came from the cache
  std::optional<Ede> ede;             // RFC 8914; the first cause, never overwritten
  std::string ede_text;               // ASCII, at most Failure::kMaxText octets

  static Answer failure(Ede why, std::string text = {}) {
    Answer answer;
    answer.ede = why;
    answer.ede_text = std::move(text);
    return answer;
  }
};

}  // namespace vouch
