#include "resolver/front/resolutions.h"

#include <algorithm>

#include "resolver/dnssec/test_zones.h"

namespace vouch {

namespace {

// A query that is sent again from the same port with the same id is the same query (RFC 1035 section 7.3 has clients
// retransmit).
std::uint64_t fingerprint_of(const SocketAddress& client, std::uint16_t id, const QuestionKey& question) noexcept {
  std::array<Octet, 16 + 2 + 2 + 8> octets{};
  std::ranges::copy(client.ip().octets(), octets.begin());
  store16(octets.data() + 16, client.port());
  store16(octets.data() + 18, id);
  const std::uint64_t hash = question.hash();
  store32(octets.data() + 20, u32(hash >> 32));
  store32(octets.data() + 24, u32(hash & 0xffffffffU));
  return siphash13(process_hash_key(), octets) | 1;  // never the 0 that means none
}

}  // namespace

// The right and duty to finish a question: whatever becomes of its holder, those who wait are told.
class Resolutions::Lead {
 public:
  Lead(InFlight& in_flight, const QuestionKey& question, WorkerDoorPtr own)
      : in_flight_(&in_flight), question_(question), own_(std::move(own)) {}
  Lead(Lead&& other) noexcept
      : in_flight_(std::exchange(other.in_flight_, nullptr)), question_(other.question_), own_(std::move(other.own_)) {}
  Lead& operator=(Lead&&) = delete;
  ~Lead() {
    if (in_flight_ == nullptr) { return; }
    try {
      finish(Answer::failure(Ede::not_ready, "given up"));
    } catch (...) {  // out of memory while giving up: nobody is left to tell
    }
  }
  const QuestionKey& question() const noexcept { return question_; }
  void finish(Answer answer) {
    auto shared = std::make_shared<const Answer>(std::move(answer));
    std::exchange(in_flight_, nullptr)->finish(question_, own_.get(), std::move(shared));
  }

 private:
  InFlight* in_flight_;
  QuestionKey question_;
  WorkerDoorPtr own_;
};

Resolutions::Resolutions(const Parts& parts)
    : parts_(parts),
      door_(std::make_shared<WorkerDoor>(parts.executor, [this](std::span<const ClientId> clients,
                                                                const Answer& answer) { deliver(clients, answer); })),
      scratch_(kMaxMessage),
      scope_(parts.options.max_in_flight + kMaxRefreshes) {}

Resolutions::~Resolutions() {
  door_->shut();
  scope_.cancel_all();
}

Type type_to_resolve(Type asked, const FrontOptions& options) noexcept {
  const bool sample = options.minimal_any && (asked == Type::ANY || asked == Type::RRSIG);
  return sample ? Type::A : asked;
}

QuestionKey Resolutions::key_of(const Inquiry& inquiry, NameView name) const {
  return {Name(name), type_to_resolve(inquiry.type, parts_.options), inquiry.cd};
}

Resolutions::Outcome Resolutions::wait_for(const Inquiry& inquiry, NameView name, const SocketAddress& client,
                                           ReplyRoom& room) {
  const QuestionKey question = key_of(inquiry, name);
  const bool udp = inquiry.protocol == ClientProtocol::udp;
  const std::uint64_t fingerprint = udp ? fingerprint_of(client, inquiry.id, question) : 0;
  if (udp && fingerprints_.contains(fingerprint)) { return Outcome::dropped; }
  if (waiting_.size() >= parts_.options.max_in_flight) { return Outcome::overloaded; }

  WaitingShares::Place place;
  if (!inquiry.is_verified()) {
    const WaitingShares::Limits limits{parts_.options.max_waiting_per_question, parts_.options.max_waiting_per_client};
    auto taken = parts_.shares.take(client.ip(), question, limits);
    if (!taken) { return Outcome::dropped; }
    place = std::move(*taken);
  }
  auto reply = room.keep();
  if (reply == nullptr) { return Outcome::dropped; }

  const ClientId id = ++last_id_;
  Client& waiting = waiting_[id];
  waiting = {inquiry,          Name(name),       client.ip(), parts_.clock.monotonic(),
             std::move(reply), std::move(place), nullptr,     fingerprint};
  try {
    enter(id, waiting, question);
  } catch (...) {  // out of memory: the caller answers, so nothing may come through the handle
    const auto entered = waiting_.find(id);
    if (entered != waiting_.end()) { forget(entered); }
    throw;
  }
  return Outcome::waiting;
}

void Resolutions::enter(ClientId id, Client& client, const QuestionKey& question) {
  if (client.fingerprint != 0) { fingerprints_.insert(client.fingerprint); }
  arm_stale_timer(id, client);
  if (parts_.in_flight.join(question, door_, id) == InFlight::Role::leads) {
    start(question, false);
  } else {
    parts_.recorder.front().joined_in_flight.add();
  }
}

void Resolutions::refresh(const Inquiry& inquiry, NameView name, bool past_cache) {
  if (scope_.running() >= parts_.options.max_in_flight + kMaxRefreshes) { return; }
  const QuestionKey question = key_of(inquiry, name);
  if (parts_.in_flight.lead(question)) { start(question, past_cache); }
}

void Resolutions::start(const QuestionKey& question, bool past_cache) {
  scope_.spawn(run(Lead(parts_.in_flight, question, door_), past_cache));  // refused: the Lead goes, and tells
}

Task<Answer> Resolutions::ask(const QuestionKey& question, bool past_cache, Budget& budget) {
  Question asked{question.name, question.type};
  const auto judging = question.cd ? Resolver::Judging::no : Resolver::Judging::yes;
  return past_cache ? parts_.resolver.refresh(std::move(asked), budget, judging)
                    : parts_.resolver.resolve(std::move(asked), budget, judging);
}

// The top of a resolution: the budget of everything that the question causes lives here, and here exceptions end.
Task<void> Resolutions::run(Lead lead, bool past_cache) {
  Budget budget(parts_.clock.monotonic());
  Answer answer = Answer::failure(Ede::other, "internal error");
  try {
    Answer found = co_await ask(lead.question(), past_cache, budget);
    answer = std::move(found);
  } catch (...) { parts_.recorder.front().internal_errors.add(); }
  lead.finish(std::move(answer));
}

void Resolutions::deliver(std::span<const ClientId> clients, const Answer& answer) {
  for (const ClientId id : clients) {
    const auto client = waiting_.find(id);
    if (client == waiting_.end()) { continue; }  // had its answer: a stale one
    try {
      reply_to(client->second, answer);
    } catch (...) {  // one client's misfortune is not the others'
      parts_.recorder.front().internal_errors.add();
    }
    forget(client);
  }
}

void Resolutions::reply_to(Client& client, const Answer& answer) {
  const NameView name = client.name;
  AnswerWriter writer(scratch_, client.inquiry, &name, parts_.options);
  std::size_t size = 0;
  // Data that fails validation is no outage: what expired does not come back for it.
  const bool failed = answer.rcode == Rcode::server_failure && !answer.verdict.is_bogus();
  if (failed && parts_.options.stale.enabled) { size = write_stale(writer, name); }
  if (size == 0) {
    size = write_answer(writer, name, answer, parts_.options, ++rotation_, parts_.recorder.front());
    record(client, answer);
  }
  parts_.recorder.front().by_recursion.add(parts_.clock.monotonic() - client.since);
  client.reply->send({scratch_.data(), size});
}

void Resolutions::record(const Client& client, const Answer& answer) {
  const Verdict& verdict = answer.verdict;
  // What could not be resolved at all has been judged by nobody.
  const bool is_judged = answer.rcode != Rcode::server_failure || verdict.is_bogus();
  parts_.recorder.record(
      {.source = answer.synthesised ? AnswerSource::synthesised : AnswerSource::recursion,
       .standing = is_judged ? standing_of(verdict.security(), verdict.reason()) : Standing::unchecked,
       .name = client.name,
       .rcode = answer.rcode});
  if (!verdict.is_bogus() || client.inquiry.cd) { return; }
  tell_of_failure(parts_.recorder, client.inquiry, client.name, verdict.reason(), verdict.zone(), client.address,
                  !parts_.options.withhold_bogus, parts_.clock.wall());
}

std::size_t Resolutions::write_stale(AnswerWriter& writer, NameView name) {
  return write_stale_answer(writer, name, parts_.cache, parts_.options, parts_.clock.ttl(), parts_.recorder);
}

void Resolutions::forget(Waiting::iterator client) {
  if (client->second.fingerprint != 0) { fingerprints_.erase(client->second.fingerprint); }
  waiting_.erase(client);
}

// RFC 8767 section 5, the client response timer: better something old than nothing, after a while.
void Resolutions::arm_stale_timer(ClientId id, Client& client) {
  const StaleOptions& stale = parts_.options.stale;
  if (!stale.enabled || stale.client_timeout_ms == 0) { return; }
  const NameView name = client.name;
  AnswerWriter trial(scratch_, client.inquiry, &name, parts_.options);
  const Staleness staleness{stale.max_stale, stale.answer_ttl};
  if (!parts_.cache.write(trial, name, parts_.clock.ttl(), staleness, 0).complete) {
    return;
  }  // nothing to fall back on
  client.stale_timer =
      parts_.executor.after(std::chrono::milliseconds(stale.client_timeout_ms), [this, id] { answer_stale(id); });
}

void Resolutions::answer_stale(ClientId id) {
  const auto client = waiting_.find(id);
  if (client == waiting_.end()) { return; }
  spent_timer_ = std::move(client->second.stale_timer);
  const NameView name = client->second.name;
  AnswerWriter writer(scratch_, client->second.inquiry, &name, parts_.options);
  const std::size_t size = write_stale(writer, name);
  if (size == 0) { return; }  // evicted meanwhile: wait on
  client->second.reply->send({scratch_.data(), size});
  forget(client);  // the resolution goes on, for the cache and for the next one
}

std::size_t write_stale_answer(AnswerWriter& writer, NameView name, const CacheReader& cache,
                               const FrontOptions& options, TtlTime now, Recorder& recorder) {
  const Staleness staleness{options.stale.max_stale, options.stale.answer_ttl};
  const CachedAnswer found = cache.write(writer, name, now, staleness, 0);
  if (!found.complete) {
    writer.drop_records();
    return 0;
  }
  if (found.stale) { writer.error(found.rcode == Rcode::name_error ? Ede::stale_nxdomain : Ede::stale_answer); }
  recorder.record({.source = found.stale ? AnswerSource::stale : AnswerSource::cache,
                   .standing = standing_of(found.security, found.reason),
                   .name = name,
                   .rcode = found.rcode});
  return writer.finish(found.rcode, found.authentic, recorder.front());
}

void tell_of_failure(Recorder& recorder, const Inquiry& inquiry, NameView name, Reason reason, NameView zone,
                     const IpAddress& client, bool is_shadow, UnixTime now) {
  recorder.withheld({.zone = zone,
                     .reason = reason,
                     .name = name,
                     .type = inquiry.type,
                     .client = client,
                     .is_test_zone = is_test_zone(zone),
                     .is_shadow = is_shadow},
                    now);
}

}  // namespace vouch
