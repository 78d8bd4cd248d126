// Finished answers, by the octets of the query that they answer: the same query from another client, or again, is
// answered by a copy with another id and younger TTLs, without looking at what it says. In front of the RRset cache, it
// spares the parsing, three walks through memory and the writing: most of what a hot answer costs.
//
// One per worker and thread: no lock, no sharing, no allocation after the start. A fixed table of slots, two to a
// place; a query is let in when it comes for the second time, so that unique ones (random names, random case) displace
// little. After some uses, and a second, a slot is refused: the answer is then made anew, which marks the records below
// as used and takes in what has changed there.
//
// Answers are of one view of policy, and only such as policy let pass untouched: what it did to an answer is said anew
// each time.
//
// What is kept here is never older than its records (lifetimes end with the shortest of them, and a tenth earlier,
// where prefetch looks at them), never bogus, never stale, and goes when the RRset cache forgets something on purpose.
#pragma once

#include <memory>

#include "resolver/base/clock.h"
#include "resolver/cache/region.h"
#include "resolver/front/inquiry.h"
#include "resolver/wire/name.h"
#include "telemetry/taxonomy.h"

namespace vouch {

class AnswerCache {
 public:
  static constexpr std::size_t kSlotSize = 256;  // octets: an answer with one ECDSA signature and its query fit
  static constexpr std::size_t kMaxRecords = 8;  // of one answer: those are the TTLs that have to be found again
  static constexpr std::uint8_t kUses = 16;      // then it is made anew, once its second is over

  // `capacity` in octets; below that of two slots nothing is kept.
  explicit AnswerCache(std::size_t capacity);
  ~AnswerCache();

  struct Hit {
    std::size_t size = 0;  // octets written; 0: not here
    Standing standing = Standing::unchecked;
    Rcode rcode = Rcode::no_error;
    bool dnssec_ok = false, ad = false;  // what the query says
    NameView name;                       // asked for; lies in the query
  };
  // A query that will be looked for in a moment: what it will be found in is fetched from memory meanwhile.
  void expect(Bytes query, ClientProtocol protocol) const noexcept;
  // `out` holds at least kSlotSize octets. `generation`: of now, a number that only grows: whenever the RRset cache
  // forgets something on purpose, and whenever policy changes. `rotate` starts a set at another record. `view`: the
  // number of the client's view (policy.h).
  Hit find(Bytes query, ClientProtocol protocol, MutableBytes out, TtlTime now, std::uint64_t generation,
           std::uint16_t rotate, std::uint8_t view = 0) noexcept;

  // After find() did not find it. `answer` is finished and answers exactly this query; it may live for `seconds`.
  struct Kept {
    Bytes query;
    Bytes answer;
    const Inquiry& inquiry;
    NameView name;
    Standing standing;
    Rcode rcode;
    std::uint32_t seconds;
    std::uint64_t generation;  // of before its records were read
    std::uint16_t rotate = 0;  // what its sets were turned by
    std::uint8_t view = 0;     // whose clients may have it
  };
  void keep(const Kept& kept, TtlTime now) noexcept;
  void forget_all() noexcept;  // for good: the memory goes, and nothing is kept from then on

 private:
  struct Slot;
  struct Place;
  Place* place_of(std::uint64_t hash) const noexcept;
  std::uint64_t hash_of(Bytes query, ClientProtocol protocol, std::uint8_t view) const noexcept;

  std::unique_ptr<Region> region_;
  Place* places_ = nullptr;
  std::size_t mask_ = 0;
};

}  // namespace vouch
