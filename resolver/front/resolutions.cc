#include "resolver/front/resolutions.h"

#include <algorithm>

#include "resolver/dnssec/test_zones.h"
#include "resolver/front/policy_answer.h"
#include "resolver/policy/client_prefix_hash.h"

namespace vouch {

namespace {

// A query that is sent again from the same port with the same id is the same query (RFC 1035 section 7.3 has clients
// retransmit).
std::uint64_t fingerprint_of(const SocketAddress& client, std::uint16_t id, const QuestionKey& question) noexcept {
  std::array<Octet, 16 + 2 + 2 + 8> octets{};
  std::ranges::copy(client.ip().octets(), octets.begin());
  store16(octets.data() + 16, client.port());
  store16(octets.data() + 18, id);
  store64(octets.data() + 20, question.hash());
  return siphash13(process_hash_key(), octets) | 1;  // never the 0 that means none
}

// Whether IPv4's addresses are worth a look: not when the name does not exist, and not when what was said of it is
// forged. That nobody could be reached counts as no address (RFC 6147 section 5.1.3).
bool lacks_addresses(const Answer& answer) noexcept {
  return answer.rcode == Rcode::no_error || (answer.rcode == Rcode::server_failure && !answer.verdict.is_bogus());
}

std::optional<std::uint32_t> negative_ttl_of(const Answer& answer) noexcept {
  for (const AnswerPart& part : answer.authority) {
    if (part.rrset->type() == Type::SOA) { return part.ttl; }
  }
  return std::nullopt;
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
      // The answer was made when there was memory: there may be none now, and the question must be free again.
      std::exchange(in_flight_, nullptr)->finish(question_, own_.get(), given_up());
    } catch (...) {  // out of memory while giving up: nobody is left to tell
    }
  }
  static const SharedAnswer& given_up() {
    static const SharedAnswer answer = std::make_shared<const Answer>(Answer::failure(Ede::not_ready, "given up"));
    return answer;
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
      scope_(parts.options.max_in_flight + kMaxRefreshes) {
  Lead::given_up();
}

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

QuestionKey Resolutions::awaited_by(const Client& client) const {
  QuestionKey question = key_of(client.inquiry, client.name);
  if (client.course == nullptr) { return question; }
  if (client.course->alias) { question.name = Name(rdata_name(Type::CNAME, client.course->alias->first_rdata())); }
  if (client.course->set_aside) { question.type = Type::A; }
  return question;
}

Resolutions::Outcome Resolutions::wait_for(const Inquiry& inquiry, NameView name, const SocketAddress& client,
                                           ReplyRoom& room, std::unique_ptr<PolicyCourse> course) {
  if (door_->take_loss()) { give_up_the_lost(); }
  const QuestionKey question = key_of(inquiry, name);
  const bool udp = inquiry.protocol == ClientProtocol::udp;
  const std::uint64_t fingerprint = udp ? fingerprint_of(client, inquiry.id, question) : 0;
  if (udp && fingerprints_.contains(fingerprint)) { return Outcome::dropped; }
  if (waiting_.size() >= parts_.options.max_in_flight) { return Outcome::overloaded; }
  const std::uint64_t prefix = client_prefix_hash(client.ip(), parts_.options.rates);
  const bool is_fair =
      !parts_.options.rates.fair || places_.may_take(prefix, waiting_.size(), parts_.options.max_in_flight);
  if (!is_fair) { return Outcome::overloaded; }

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
  waiting = {inquiry, Name(name),  client.ip(), parts_.clock.monotonic(), std::move(reply), std::move(place),
             nullptr, fingerprint, prefix,      std::move(course)};
  try {
    places_.take(prefix);
    enter(id, waiting, awaited_by(waiting));
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
  // One that fails is not begun again for each client that comes by.
  if (!parts_.refreshes.begin(question, parts_.clock.monotonic())) { return; }
  if (parts_.in_flight.lead(question)) { start(question, past_cache); }
}

void Resolutions::let_rest(const Inquiry& inquiry, NameView name) {
  (void)parts_.rechecks.begin(key_of(inquiry, name), parts_.clock.monotonic());  // on already: it is not made longer
}

bool Resolutions::is_resting(const Inquiry& inquiry, NameView name) const {
  return parts_.rechecks.is_on(key_of(inquiry, name), parts_.clock.monotonic());
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
  // What failed validation is no outage: expired data does not stand in for it.
  if (answer.rcode != Rcode::server_failure || answer.verdict.is_bogus()) {
    parts_.rechecks.end(lead.question());
    parts_.refreshes.end(lead.question());
  }
  lead.finish(std::move(answer));
}

void Resolutions::deliver(std::span<const ClientId> clients, const Answer& answer) {
  for (const ClientId id : clients) {
    const auto client = waiting_.find(id);
    if (client == waiting_.end()) { continue; }  // had its answer: a stale one
    try {
      if (!reply_to(id, client->second, answer)) { continue; }
    } catch (...) {  // one client's misfortune is not the others'
      parts_.recorder.front().internal_errors.add();
    }
    const auto left = waiting_.find(id);  // again: what failed may have answered him on its way out
    if (left != waiting_.end()) { forget(left); }
  }
}

// Whose question is under way no more, and who was told nothing (WorkerDoor::note_loss).
void Resolutions::give_up_the_lost() {
  for (auto client = waiting_.begin(); client != waiting_.end();) {
    const auto here = client++;
    Client& lost = here->second;
    if (parts_.in_flight.is_under_way(awaited_by(lost))) { continue; }
    try {
      const NameView name = lost.name;
      AnswerWriter writer(scratch_, lost.inquiry, &name, parts_.options);
      const Reply reply = write(writer, lost, *Lead::given_up());
      lost.reply->send({scratch_.data(), reply.size});
    } catch (...) { parts_.recorder.front().internal_errors.add(); }
    forget(here);
  }
}

// False: the client waits on, for the answer to another question.
bool Resolutions::reply_to(ClientId id, Client& client, const Answer& answer) {
  const NameView name = client.name;
  AnswerWriter writer(scratch_, client.inquiry, &name, parts_.options);
  const Reply reply = client.course ? write_by_policy(writer, id, client, answer) : write(writer, client, answer);
  if (reply.goes_on) { return false; }  // maybe it was answered meanwhile, and is no more
  parts_.recorder.front().by_recursion.add(parts_.clock.monotonic() - client.since);
  if (reply.size != 0) {
    client.reply->send({scratch_.data(), reply.size});
  } else {
    parts_.recorder.front().dropped.add();
  }
  return true;
}

Resolutions::Reply Resolutions::write(AnswerWriter& writer, const Client& client, const Answer& answer) {
  // Data that fails validation is no outage: what expired does not come back for it.
  const bool failed = answer.rcode == Rcode::server_failure && !answer.verdict.is_bogus();
  if (failed && parts_.options.stale.enabled) {
    if (const std::size_t size = write_stale(writer, client, StaleCause::failure)) {
      let_rest(client.inquiry, client.name);
      return {size};
    }
  }
  const std::size_t size =
      write_answer(writer, client.name, answer, parts_.options, ++rotation_, parts_.recorder.front());
  record(client, answer);
  return {size};
}

Resolutions::Reply Resolutions::write_by_policy(AnswerWriter& writer, ClientId id, Client& client,
                                                const Answer& answer) {
  PolicyCourse& course = *client.course;
  if (course.alias) { return write_behind_alias(writer, client, answer); }
  const bool has_rules = course.state.has_rules_left();
  const CheckedAnswer checked_answer = checked(answer, course.state, client.name, parts_.caches, parts_.clock.ttl());
  const Answer& left = checked_answer.left ? *checked_answer.left : answer;
  if (has_rules && course.state.ruling) {
    if (const auto reply = carry_out(writer, id, client)) { return *reply; }
  }
  if (course.set_aside) { return write_synthesised(writer, client, left); }
  if (course.state.dns64 != nullptr && !checked_answer.has_ipv6 && lacks_addresses(left)) {
    course.set_aside = std::make_unique<const Answer>(left);
    ask_instead(id, awaited_by(client));
    return {.goes_on = true};
  }
  if (checked_answer.has_lost_addresses) {
    writer.error(Ede::blocked, kLostAddressesText);
    parts_.recorder.policy().addresses_left_out.add();
  }
  return write(writer, client, left);
}

// What the client's ruling makes of it; nothing: no more than was resolved.
std::optional<Resolutions::Reply> Resolutions::carry_out(AnswerWriter& writer, ClientId id, Client& client) {
  PolicyCourse& course = *client.course;
  const Ruling& ruling = *course.state.ruling;
  Execution execution = execution_of(ruling, client.inquiry);
  if (execution == Execution::alias) {
    course.alias = alias_of(ruling, client.name);
    if (course.alias) {
      ask_instead(id, awaited_by(client));
      return Reply{.goes_on = true};
    }
    execution = Execution::written;  // that it cannot be said
  }
  if (execution == Execution::written) {
    return Reply{write_ruling(writer, client.name, ruling, *course.policy, parts_.recorder)};
  }
  count_ruling(ruling, *course.policy, parts_.recorder);
  return execution == Execution::silence ? std::optional(Reply{}) : std::nullopt;
}

// Policy's alias, and what its target resolves to. What is made up is as genuine as its maker.
Resolutions::Reply Resolutions::write_behind_alias(AnswerWriter& writer, const Client& client, const Answer& answer) {
  const PolicyCourse& course = *client.course;
  std::optional<RulingText> text;  // none: the alias is DNS64's
  if (const auto& ruling = course.state.ruling) {
    text.emplace(*ruling, *course.policy);
    if (ruling->ede) { writer.error(*ruling->ede, text->text()); }
    count_ruling(*ruling, *course.policy, parts_.recorder);
  }
  Answer whole = answer;
  whole.answer.insert(whole.answer.begin(), {course.alias, course.alias->ttl()});
  if (whole.verdict.is_secure()) { whole.verdict = Verdict::insecure(Reason::none, NameView()); }
  const RRset* const additional = course.state.ruling ? course.state.ruling->additional : nullptr;
  const std::size_t size =
      write_answer(writer, client.name, whole, parts_.options, ++rotation_, parts_.recorder.front(), additional);
  record(client, whole);
  return {size};
}

// RFC 6147 section 5.1: the addresses of IPv4, each behind the translator's prefix. When there are none, the client is
// told what it asked for: that there is no AAAA.
Resolutions::Reply Resolutions::write_synthesised(AnswerWriter& writer, const Client& client, const Answer& ipv4) {
  const PolicyCourse& course = *client.course;
  const Answer& none = *course.set_aside;
  // Section 5.1.7: no longer than the word that there is no AAAA holds.
  const std::uint32_t most = negative_ttl_of(none).value_or(Dns64::kTtlWithoutSoa);
  Answer made;
  made.rcode = Rcode::no_error;
  bool has_addresses = false;
  const bool is_usable = ipv4.rcode == Rcode::no_error && (client.inquiry.cd || !ipv4.verdict.is_bogus());
  for (const AnswerPart& part : is_usable ? ipv4.answer : std::vector<AnswerPart>{}) {
    if (part.rrset->type() != Type::A) {
      made.answer.push_back(part);
      continue;
    }
    const std::uint32_t ttl = std::min(part.ttl, most);
    if (RRsetPtr aaaa = course.state.dns64->synthesise(*part.rrset, ttl)) {
      made.answer.push_back({std::move(aaaa), ttl});
      has_addresses = true;
    }
  }
  if (!has_addresses) { return write(writer, client, none); }
  // No AD: nobody can check what is made up here, but by believing us.
  made.verdict = none.rcode == Rcode::no_error ? weaker(none.verdict, ipv4.verdict) : ipv4.verdict;
  if (made.verdict.is_secure()) { made.verdict = Verdict::insecure(Reason::none, NameView()); }
  made.server = ipv4.server;
  made.ede = Ede::synthesized;
  made.ede_text = "DNS64";
  parts_.recorder.policy().dns64_answers.add();
  return write(writer, client, made);
}

// A client that has waited for one question waits for another. It may be answered, and gone, before this returns.
void Resolutions::ask_instead(ClientId id, const QuestionKey& question) {
  if (parts_.in_flight.join(question, door_, id) == InFlight::Role::leads) { start(question, false); }
}

void Resolutions::record(const Client& client, const Answer& answer) {
  const Verdict& verdict = answer.verdict;
  // What could not be resolved at all has been judged by nobody.
  const bool is_judged = answer.rcode != Rcode::server_failure || verdict.is_bogus();
  parts_.recorder.record(
      {.source = answer.synthesised ? AnswerSource::synthesised : AnswerSource::recursion,
       .standing = is_judged ? standing_of(verdict.security(), verdict.reason()) : Standing::unchecked,
       .name = client.name,
       .rcode = answer.rcode,
       .type = client.inquiry.type,
       .reason = verdict.reason(),
       .zone = verdict.zone(),
       .took = parts_.clock.monotonic() - client.since});
  if (!verdict.is_bogus() || client.inquiry.cd) { return; }
  tell_of_failure(parts_.recorder, client.inquiry, client.name, verdict.reason(), verdict.zone(), client.address,
                  !parts_.options.withhold_bogus, parts_.clock.wall());
}

std::size_t Resolutions::write_stale(AnswerWriter& writer, const Client& client, StaleCause cause) {
  const StaleSource source{parts_.cache, parts_.caches, parts_.options, parts_.clock.ttl(), cause};
  return write_stale_answer(writer, client.name, source, client.course ? client.course->state : PolicyState{},
                            parts_.recorder);
}

void Resolutions::forget(Waiting::iterator client) {
  if (client->second.fingerprint != 0) { fingerprints_.erase(client->second.fingerprint); }
  places_.give_back(client->second.prefix);
  waiting_.erase(client);
}

// RFC 8767 section 5, the client response timer: better something old than nothing, after a while.
void Resolutions::arm_stale_timer(ClientId id, Client& client) {
  const StaleOptions& stale = parts_.options.stale;
  if (!stale.enabled || stale.client_timeout_ms == 0) { return; }
  if (client.course && client.course->alias) { return; }  // what expired is the name's own, and not wanted
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
  const std::size_t size = write_stale(writer, client->second, StaleCause::timeout);
  if (size == 0) { return; }  // evicted meanwhile: wait on
  let_rest(client->second.inquiry, name);
  client->second.reply->send({scratch_.data(), size});
  forget(client);  // the resolution goes on, for the cache and for the next one
}

std::size_t write_stale_answer(AnswerWriter& writer, NameView name, const StaleSource& source, PolicyState by_policy,
                               Recorder& recorder) {
  const Staleness staleness{source.options.stale.max_stale, source.options.stale.answer_ttl};
  const bool is_checked = by_policy.looks_at_answers();
  AnswerCheck check(by_policy, name, source.caches, source.now);
  const CachedAnswer found = source.cache.write(writer, name, source.now, staleness, 0, is_checked ? &check : nullptr);
  if (!found.complete) {
    writer.drop_records();
    return 0;
  }
  if (by_policy.ruling && by_policy.ruling->action != PolicyAction::pass_on) {
    writer.drop_records();
    // For silence, and where it is no more than an alias, what comes of it is seen to when the resolution ends.
    if (execution_of(*by_policy.ruling, writer.inquiry()) != Execution::written) { return 0; }
    return write_ruling(writer, name, *by_policy.ruling, *by_policy.policy, recorder);
  }
  if (found.stale) {
    writer.error(found.rcode == Rcode::name_error ? Ede::stale_nxdomain : Ede::stale_answer);
    recorder.front().stale[static_cast<std::size_t>(source.cause)].add();
  }
  recorder.record({.source = found.stale ? AnswerSource::stale : AnswerSource::cache,
                   .standing = standing_of(found.security, found.reason),
                   .name = name,
                   .rcode = found.rcode,
                   .type = writer.inquiry().type,
                   .reason = found.reason,
                   .zone = found.zone});
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
