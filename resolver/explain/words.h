// The words of an explanation: one sentence for what is wrong, and names for numbers. English, printable ASCII, fit for
// a terminal: names that somebody else wrote are escaped (RFC 4343 section 2.1).
#pragma once

#include <string>
#include <string_view>

#include "resolver/explain/explanation.h"

namespace vouch {

// What is the matter, in one sentence: the zone, the record, the reason, since when.
std::string headline(const Explanation& explanation);
// "refused", "genuine", "unsigned", "not answered" ...: how the answer stands, in a word.
std::string_view standing_of_answer(const Explanation& explanation) noexcept;
// The same reason as the pages tell it, and who can mend it; empty where nobody is to mend anything.
std::string plain_words(Reason reason);
std::string who_can_mend(Reason reason);
std::string_view mending_advice(Reason reason) noexcept;

std::string algorithm_text(std::uint8_t algorithm);  // "13 (ECDSAP256SHA256)"
std::string digest_text(std::uint8_t digest_type);   // "2 (SHA-256)"
std::string time_text(UnixTime time);                // "2026-08-01 12:00:00 UTC"
std::string when_text(UnixTime time, UnixTime now);  // "3 days ago", "in 2 hours"
// In lower case: servers give back the case that they were asked in, which is random.
std::string name_text(NameView name);
std::string set_name(const RRset& set);  // "www.example. A"
std::string_view problem_words(ReplyProblem problem) noexcept;
std::string_view match_words(KeysEvent::Match match) noexcept;

// One record of a set, its owner in lower case.
std::string record_line(const RRset& set, Bytes rdata);

// The same with everything that is not printable ASCII, or a line's end, as '?'.
std::string for_terminal(std::string_view text);

}  // namespace vouch
