// What one resolution did, step by step, for whoever asks why an answer is what it is (resolver/explain). A Trace hangs
// on the query's Budget and so hears of everything that the query causes; where nobody explains there is none, and all
// that it costs is a look at a null pointer. It records what happened and decides nothing.
//
// One thread, that of the resolution. Bounded: what comes after kMaxEvents is left out, and is_cut_short() says so;
// sets of records are held by reference, and all of them together came within Budget::kUpstreamOctets.
#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "resolver/dnssec/proof.h"
#include "resolver/dnssec/signature.h"
#include "resolver/wire/answer.h"

namespace vouch {

// What was wrong with a reply, or with its absence. The ids (reply_problem_id) are stable.
enum class ReplyProblem : std::uint8_t {
  none,
  timeout,       // nothing came that fits
  unreachable,   // the network says no
  truncated,     // over UDP: asked again over TCP
  bad_cookie,    // asked again with the server's cookie (RFC 7873)
  no_edns,       // asked again without EDNS (RFC 6891 section 7)
  mismatch,      // a wrong id, question or cookie: asked again over TCP
  folded_case,   // the question came back in another case: asked again over TCP
  malformed,     // cannot be read
  untrusted,     // over TLS the server did not prove who it is
  no_room,       // no socket was left here
  lame,          // the server does not serve the zone
  server_error,  // an RCODE that is no answer
};
constexpr std::size_t kReplyProblems = static_cast<std::size_t>(ReplyProblem::server_error) + 1;
std::string_view reply_problem_id(ReplyProblem problem) noexcept;  // "lame"; "" for none

enum class TraceTransport : std::uint8_t { udp, tcp, tls };
std::string_view transport_id(TraceTransport transport) noexcept;  // "udp"

// One try at one server.
struct ExchangeEvent {
  Instant began{};
  Duration took{};
  SocketAddress server;
  Name zone;  // whose server it is thought to be
  Question question;
  TraceTransport transport = TraceTransport::udp;
  ReplyProblem problem = ReplyProblem::none;
  std::optional<Rcode> rcode;  // of a reply that could be read
  bool is_authoritative = false;
  std::size_t octets = 0;         // of the reply
  std::string_view meaning = {};  // a literal: "referral", "answer"; empty when the reply was of no use
};

// What the signatures that follow are about: a set of keys, of DS, or of data.
struct SubjectEvent {
  enum class Kind : std::uint8_t { ds, keys, data, denial };
  Kind kind = Kind::data;
  Name name;  // the cut, the zone, the owner, or what is denied
  Type type = Type::none;
  Name above;                         // of ds: the zone that speaks of the cut
  bool from_cache = false;            // of ds and keys: came along with an earlier reply
  std::optional<IpAddress> server{};  // who gave it
};

// A set and all that was made of its signatures.
struct SetEvent {
  struct Signature {
    std::uint16_t key_tag = 0;
    std::uint8_t algorithm = 0;
    Name signer;
    UnixTime inception = 0, expiration = 0;
    Reason flaw = Reason::none;  // none: it holds
  };
  RRsetPtr set;
  Name by_zone;  // whose keys it was checked with
  std::vector<Signature> signatures;
  Verdict verdict;
};

// A zone's keys beside what vouches for them.
struct KeysEvent {
  struct Key {
    std::uint16_t tag = 0;
    std::uint8_t algorithm = 0;
    std::uint16_t flags = 0;
    bool is_vouched_for = false;
    bool has_zone_bit() const noexcept { return (flags & kZoneKeyFlag) != 0; }
    bool is_revoked() const noexcept { return (flags & kRevokedFlag) != 0; }
    bool is_sep() const noexcept { return (flags & kSepFlag) != 0; }
  };
  enum class Match : std::uint8_t { matches, no_such_key, digest_differs, unsupported_algorithm, unsupported_digest };
  struct Ds {
    std::uint16_t tag = 0;
    std::uint8_t algorithm = 0, digest_type = 0;
    Match match = Match::no_such_key;
  };
  Name zone;
  std::vector<Key> keys;  // empty: none could be had
  std::vector<Ds> ds;
  std::size_t anchor_keys = 0;  // DNSKEYs that an anchor names
  Verdict verdict;
};
std::string_view match_id(KeysEvent::Match match) noexcept;  // "digest_differs"
std::string_view proof_id(Proof proof) noexcept;             // "not_proving"
std::string_view proof_id(DsAbsence absence) noexcept;       // "opt_out"

// What the proofs at hand show.
struct ProofEvent {
  enum class Claim : std::uint8_t { no_name, no_data, wildcard, no_ds };
  Claim claim = Claim::no_data;
  Name name;
  Type type = Type::none;
  std::vector<RRsetPtr> records;  // NSEC and NSEC3 whose signatures held
  std::size_t refused = 0;        // beside these, came and did not hold
  std::string_view outcome;       // a literal: "proven", "not_proving", "opt_out" ...
};

// The chain's word on a zone, or on what is known of one.
struct ZoneEvent {
  Name zone;
  Verdict verdict;
  bool is_anchor = false;
};

// What was made of one part of an answer.
struct PartEvent {
  RRsetPtr set;  // null: the denial
  Name name;     // of the denial
  Type type = Type::none;
  Verdict verdict;
};

// The judgement on all that one server, or the cache, said to one question. Another of the same question that follows
// is a second opinion.
struct JudgedEvent {
  Question question;
  Verdict verdict;
};

class Trace {
 public:
  using Event =
      std::variant<ExchangeEvent, SubjectEvent, SetEvent, KeysEvent, ProofEvent, ZoneEvent, PartEvent, JudgedEvent>;
  static constexpr std::size_t kMaxKeysTold = 64;  // and as many DS: what counts at all (KeySet::kMaxKeys)
  static constexpr std::size_t kMaxEvents = 1024;  // a budget that is spent to the last makes some 400

  void add(Event event);
  // Of the latest exchange: what the reply turned out to be.
  void note_meaning(std::string_view meaning, ReplyProblem problem = ReplyProblem::none) noexcept;

  // The signatures of a set, as verify() goes through them.
  void begin_set(const RRset& set, NameView by_zone);
  void note_signature(Bytes rrsig, Reason flaw, UnixTime now);
  void end_set(const Verdict& verdict);

  void note_keys(const RRset& dnskeys, const Endorsement& endorsement, Sha1Policy sha1,
                 std::span<const std::size_t> vouched_for, const Verdict& verdict);
  // Where no keys came at all.
  void note_no_keys(NameView zone, const Endorsement& endorsement, Sha1Policy sha1, const Verdict& verdict);

  const std::vector<Event>& events() const noexcept { return events_; }
  bool is_cut_short() const noexcept { return is_cut_short_; }

 private:
  std::vector<Event> events_;
  SetEvent set_;  // that is being gone through
  bool is_cut_short_ = false;
};

}  // namespace vouch
