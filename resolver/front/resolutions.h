// The clients of one worker that wait, and the resolutions it runs for them and for others. A client is a small record,
// not a coroutine: however many wait for a question, one coroutine resolves it. One per worker, used on its thread.
#pragma once

#include <unordered_map>
#include <unordered_set>

#include "resolver/base/task_scope.h"
#include "resolver/front/answer_writer.h"
#include "resolver/front/cached_answer.h"
#include "resolver/front/in_flight.h"
#include "resolver/front/pauses.h"
#include "resolver/front/policy_check.h"
#include "resolver/front/prefix_places.h"
#include "resolver/iterate/resolver.h"

namespace vouch {

// How policy goes on with a client that waits.
struct PolicyCourse {
  std::shared_ptr<const Policy> policy;  // that the client came under; what `state` points into
  PolicyState state;
  RRsetPtr alias = nullptr;  // stands in front of the answer; its target is looked up. Null: none
  std::unique_ptr<const Answer> set_aside = nullptr;  // DNS64: that there is no AAAA, while A is looked up
};

class Resolutions {
 public:
  struct Parts {
    const FrontOptions& options;
    InFlight& in_flight;
    WaitingShares& shares;
    Pauses& rechecks;   // questions that get expired data at once, because asking was in vain a moment ago
    Pauses& refreshes;  // questions that were asked behind an answer, and are not answered yet
    const CacheReader& cache;
    const Caches& caches;
    Resolver& resolver;
    Executor& executor;
    const Clock& clock;
    Recorder& recorder;
  };
  enum class Outcome : std::uint8_t {
    waiting,     // the answer will come through the handle kept, maybe before this returns
    dropped,     // a retransmission, more than this source's share, or the transport holds no more
    overloaded,  // no room for another client, or for another of its prefix
  };

  explicit Resolutions(const Parts& parts);
  ~Resolutions();  // cancels; followers at other workers get SERVFAIL

  // `course` null: policy has nothing to do with it.
  Outcome wait_for(const Inquiry& inquiry, NameView name, const SocketAddress& client, ReplyRoom& room,
                   std::unique_ptr<PolicyCourse> course);
  // Behind the answer: `past_cache` when there is live data to be renewed. Nothing happens when it is under way or no
  // room is left.
  void refresh(const Inquiry& inquiry, NameView name, bool past_cache);
  // Expired data was given instead of an answer: for a while it is given at once, and nobody is asked (RFC 8767 section
  // 5).
  void let_rest(const Inquiry& inquiry, NameView name);
  bool is_resting(const Inquiry& inquiry, NameView name) const;
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  struct Client {
    Inquiry inquiry;
    Name name;  // in the client's case
    IpAddress address;
    Instant since;
    std::unique_ptr<ReplyHandle> reply;
    WaitingShares::Place place;
    std::unique_ptr<Executor::Timer> stale_timer;  // null: none
    std::uint64_t fingerprint = 0;                 // of a UDP query, to know it when it comes again; 0: none
    std::uint64_t prefix = 0;                      // by which its place is counted (PrefixPlaces)
    std::unique_ptr<PolicyCourse> course;          // null: policy has no say
  };
  // What came of writing an answer: octets, none at all, or that another question has to be resolved first.
  struct Reply {
    std::size_t size = 0;  // 0: silence
    bool goes_on = false;
  };
  class Lead;
  using Waiting = std::unordered_map<ClientId, Client>;

  void enter(ClientId id, Client& client, const QuestionKey& question);
  QuestionKey key_of(const Inquiry& inquiry, NameView name) const;
  QuestionKey awaited_by(const Client& client) const;  // the question whose answer it gets
  Task<Answer> ask(const QuestionKey& question, bool past_cache, Budget& budget);
  Task<void> run(Lead lead, bool past_cache);
  void start(const QuestionKey& question, bool past_cache);
  void arm_stale_timer(ClientId id, Client& client);
  void answer_stale(ClientId id);
  void deliver(std::span<const ClientId> clients, const Answer& answer);
  bool reply_to(ClientId id, Client& client, const Answer& answer);
  Reply write(AnswerWriter& writer, const Client& client, const Answer& answer);
  Reply write_by_policy(AnswerWriter& writer, ClientId id, Client& client, const Answer& answer);
  Reply write_behind_alias(AnswerWriter& writer, const Client& client, const Answer& answer);
  Reply write_synthesised(AnswerWriter& writer, const Client& client, const Answer& ipv4);
  std::optional<Reply> carry_out(AnswerWriter& writer, ClientId id, Client& client);
  void ask_instead(ClientId id, const QuestionKey& question);
  std::size_t write_stale(AnswerWriter& writer, const Client& client, StaleCause cause);
  void record(const Client& client, const Answer& answer);
  void forget(Waiting::iterator client);
  void give_up_the_lost();

  Parts parts_;
  WorkerDoorPtr door_;
  Waiting waiting_;
  std::unordered_set<std::uint64_t> fingerprints_;
  PrefixPlaces places_;
  ClientId last_id_ = 0;
  std::uint16_t rotation_ = 0;
  std::unique_ptr<Executor::Timer>
      spent_timer_;  // a timer cannot be destroyed inside its own work: the last one waits here
  Buffer scratch_;   // where late answers are written
  TaskScope scope_;
};

// ANY and RRSIG are answered from what a plain question brings, unless the operator wants all of it (RFC 8482).
Type type_to_resolve(Type asked, const FrontOptions& options) noexcept;

// Writes an answer out of expired data (RFC 8767), finished with its extended error; 0 and the writer emptied when
// there is none. Policy sees to it as to any other; in a copy of its state, for whatever is met here says nothing of
// the fresh answer that may come after it.
struct StaleSource {
  const CacheReader& cache;
  const Caches& caches;
  const FrontOptions& options;
  TtlTime now;
  StaleCause cause;
};
std::size_t write_stale_answer(AnswerWriter& writer, NameView name, const StaleSource& source, PolicyState by_policy,
                               Recorder& recorder);

// For the ledger: data that failed validation, by `reason` at `zone`, stood between this client and its answer; or
// would have, where nothing is enforced (`is_shadow`).
void tell_of_failure(Recorder& recorder, const Inquiry& inquiry, NameView name, Reason reason, NameView zone,
                     const IpAddress& client, bool is_shadow, UnixTime now);

}  // namespace vouch
