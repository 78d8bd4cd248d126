#include "resolver/front/front.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "resolver/front/answer_cache.h"
#include "resolver/front/client_limits.h"
#include "resolver/front/policy_answer.h"
#include "resolver/front/query_check.h"
#include "resolver/front/resolutions.h"
#include "resolver/policy/access_list.h"

namespace vouch {

struct FrontShared::Impl {
  InFlight in_flight;
  WaitingShares shares;
  Pauses rechecks;
  Pauses refreshes;

  // One for all workers, made by the first: a client's next query may come to another.
  ClientRates& rates(const FrontOptions& options) {
    std::call_once(rates_made_, [&] { rates_.emplace(options.rates); });
    return *rates_;
  }

 private:
  std::once_flag rates_made_;
  std::optional<ClientRates> rates_;
};

FrontShared::FrontShared() : impl_(std::make_unique<Impl>()) {}
FrontShared::~FrontShared() = default;

struct Front::Impl {
  explicit Impl(const FrontParts& from)
      : parts(from),
        counters(from.recorder.front()),
        answers(from.answer_octets),
        access(from.options.allow),
        limits(from.options.rates, from.shared.impl().rates(from.options), from.clock, counters),
        cache(from.options, from.caches),
        resolutions({from.options, from.shared.impl().in_flight, from.shared.impl().shares, from.shared.impl().rechecks,
                     from.shared.impl().refreshes, cache, from.caches, from.resolver, from.executor, from.clock,
                     from.recorder}) {
    if (from.options.cookies && from.options.cookie_secret.size() == FrontOptions::kCookieSecret) {
      cookies.emplace(from.options.cookie_secret);
    }
  }

  std::size_t answer(const ClientQuery& query, ReplyRoom& room);
  std::size_t answer_beyond_rate(AnswerWriter& writer, NameView name);
  std::size_t answer_without_question(const ClientQuery& query, MutableBytes out);
  std::size_t answer_question(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer, NameView name);
  std::size_t answer_early(AnswerWriter& writer, const EarlyReply& early);
  std::size_t answer_header_only(MutableBytes out, Bytes query, Rcode rcode);
  // Why an answer is not secure, where there is more to say than "unsigned", and the zone at fault.
  struct AtFault {
    Reason reason = Reason::none;
    NameView zone = {};
  };
  std::size_t finish(AnswerWriter& writer, NameView name, Rcode rcode, bool authentic, AnswerSource source,
                     Standing standing, AtFault at_fault);
  std::size_t answer_locally(AnswerWriter& writer, NameView name, const LocalAnswer& local);
  std::optional<std::size_t> answer_own_names(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer,
                                              NameView name);
  std::optional<std::size_t> answer_by_policy(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer,
                                              NameView name);
  std::optional<std::size_t> answer_from_cache(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer,
                                               NameView name, TtlTime now);
  std::size_t refer(AnswerWriter& writer, NameView name, TtlTime now);
  std::optional<std::size_t> answer_failure(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer,
                                            NameView name, TtlTime now);
  std::size_t resolve(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer, NameView name,
                      RRsetPtr alias = nullptr);
  // Only cookies want the time, and only EDNS carries cookies: the clock is a tenth of a cached answer's cost.
  QueryContext context(const ClientQuery& query, bool has_edns) const {
    return {parts.options, cookies ? &*cookies : nullptr, query.client.ip(), query.protocol,
            has_edns ? parts.clock.wall() : 0};
  }
  std::size_t drop() {
    counters.dropped.add();
    return 0;
  }

  std::size_t answer_again(const ClientQuery& query, MutableBytes out);
  // Of everything that a kept answer hangs on beside the time.
  std::uint64_t generation() const noexcept { return parts.caches.rrsets.generation() + policy_changes; }
  std::uint8_t view_number() const noexcept { return by_policy.view == nullptr ? 0 : by_policy.view->number; }

  FrontParts parts;
  FrontCounters& counters;
  AnswerCache answers;
  AccessList access;
  ClientLimits limits;
  std::optional<ServerCookies> cookies;
  CacheReader cache;
  Resolutions resolutions;
  std::uint64_t policy_changes = 0;
  // Of the query at hand, whichever way it is answered.
  PolicyState by_policy;
  std::uint16_t rotation = 0;    // RRsets start at another record each time (RFC 1794): a plain way to spread load
  std::optional<Instant> timed;  // since when it is timed; mostly nothing
};

// telemetry/taxonomy.h counts clients' ways by number.
static_assert(static_cast<std::size_t>(ClientProtocol::tls) == kFirstEncryptedTransport);
static_assert(static_cast<std::size_t>(ClientProtocol::http3) == kTransports - 1);

namespace {

void count_wishes(bool dnssec_ok, bool ad, FrontCounters& counters) noexcept {
  if (dnssec_ok) {
    counters.queries_do.add();
  } else if (ad) {
    counters.queries_ad.add();
  }
}

}  // namespace

std::size_t Front::Impl::answer(const ClientQuery& query, ReplyRoom& room) {
  const bool admitted = access.admits(query.client.ip());
  parts.recorder.asked(static_cast<std::size_t>(query.protocol), query.client.ip(), admitted);
  // A response is never answered: two servers would keep each other busy for ever (RFC 1035 section 7.3 by implication;
  // RFC 8906).
  if (query.packet.size() < kHeaderSize || HeaderView(query.packet).qr()) { return drop(); }
  if (!admitted && query.protocol == ClientProtocol::udp) {  // its address may be forged: no reflection
    counters.refused.add();
    return drop();
  }

  const ClientLimits::Say say = limits.before(query);
  if (say == ClientLimits::Say::drop) { return drop(); }
  const bool must_prove = say == ClientLimits::Say::prove;

  ++rotation;
  timed.reset();
  if (parts.recorder.is_timed()) { timed = parts.clock.monotonic(); }
  const MutableBytes out = room.buffer();
  if (admitted && !must_prove) {
    by_policy.meet_client(parts.policy.get(), query.client.ip());
    if (const std::size_t size = answer_again(query, out)) { return size; }
  }
  const auto only_header = [&](Rcode rcode) {
    if (must_prove || !limits.may_tell_error(query)) { return drop(); }
    return answer_header_only(out, query.packet, admitted ? rcode : Rcode::refused);
  };
  const HeaderView header(query.packet);
  if (header.opcode() != Opcode::query) { return only_header(Rcode::not_implemented); }
  if (header.question_count() == 0 && admitted) {
    return limits.may_tell_error(query) ? answer_without_question(query, out) : drop();
  }
  const auto view = parse_query(query.packet);
  if (!view) {
    counters.malformed.add();
    return only_header(Rcode::format_error);
  }
  Inquiry inquiry;
  const auto early = check_query(*view, context(query, view->edns.has_value()), inquiry);
  count_wishes(inquiry.dnssec_ok, inquiry.ad, counters);
  const NameView name = view->name;
  AnswerWriter writer(out, inquiry, &name, parts.options);
  if (!admitted) { return answer_early(writer, {Rcode::refused, Ede::prohibited}); }
  if (must_prove && !inquiry.is_verified()) { return answer_beyond_rate(writer, name); }
  if (early) { return inquiry.is_verified() || limits.may_tell_error(query) ? answer_early(writer, *early) : drop(); }
  if (must_prove) { by_policy.meet_client(parts.policy.get(), query.client.ip()); }
  return answer_question(query, room, writer, name);
}

// What was asked with the same octets before, and is as true as then. The one path that a flood of hot queries takes.
std::size_t Front::Impl::answer_again(const ClientQuery& query, MutableBytes out) {
  if (by_policy.is_of_client) { return 0; }
  const AnswerCache::Hit hit =
      answers.find(query.packet, query.protocol, out, parts.clock.ttl(), generation(), rotation, view_number());
  if (hit.size == 0) { return 0; }
  count_wishes(hit.dnssec_ok, hit.ad, counters);
  counters.rcodes[rcode_class(hit.rcode)].add();
  parts.recorder.record({.source = AnswerSource::cache,
                         .standing = hit.standing,
                         .name = hit.name,
                         .rcode = hit.rcode,
                         .type = static_cast<Type>(load16(hit.name.data() + hit.name.length()))});
  if (timed) { counters.from_cache.add(parts.clock.monotonic() - *timed); }
  return hit.size;
}

// Its address may be forged, and enough was sent there. A client that is real comes again, over TCP.
std::size_t Front::Impl::answer_beyond_rate(AnswerWriter& writer, NameView name) {
  if (!limits.may_slip()) { return drop(); }
  writer.truncate();
  return finish(writer, name, Rcode::no_error, false, AnswerSource::local, Standing::unchecked, {});
}

std::size_t Front::Impl::answer_without_question(const ClientQuery& query, MutableBytes out) {
  const auto message = MessageView::parse(query.packet);
  if (!message) {
    counters.malformed.add();
    return answer_header_only(out, query.packet, Rcode::format_error);
  }
  Inquiry inquiry;
  const EarlyReply reply = check_cookie_query(*message, context(query, true), inquiry);
  AnswerWriter writer(out, inquiry, nullptr, parts.options);
  return answer_early(writer, reply);
}

std::size_t Front::Impl::answer_early(AnswerWriter& writer, const EarlyReply& early) {
  if (early.rcode == Rcode::format_error) { counters.malformed.add(); }
  if (early.rcode == Rcode::refused) { counters.refused.add(); }
  if (early.ede) { writer.error(*early.ede); }
  parts.recorder.record({.source = AnswerSource::local, .rcode = early.rcode});
  return writer.finish(early.rcode, false, counters);
}

std::size_t Front::Impl::answer_header_only(MutableBytes out, Bytes query, Rcode rcode) {
  parts.recorder.record({.source = AnswerSource::local, .rcode = rcode});
  return write_header_only(out, query, rcode, counters);
}

std::size_t Front::Impl::finish(AnswerWriter& writer, NameView name, Rcode rcode, bool authentic, AnswerSource source,
                                Standing standing, AtFault at_fault) {
  parts.recorder.record({.source = source,
                         .standing = standing,
                         .name = name,
                         .rcode = rcode,
                         .type = writer.inquiry().type,
                         .reason = at_fault.reason,
                         .zone = at_fault.zone});
  return writer.finish(rcode, authentic, counters);
}

// What leaves first is cheapest: our own names, what policy keeps from the client, the cache, what is known to fail;
// then the world is asked.
std::size_t Front::Impl::answer_question(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer,
                                         NameView name) {
  if (const auto size = answer_own_names(query, room, writer, name)) { return *size; }
  // To tell what is cached would tell what others asked (RFC 9076). EDE 20 is RFC 8914's word for it, section 4.21.
  const bool rd = writer.inquiry().rd;
  if (!rd && !parts.options.answer_without_rd) {
    if (!limits.may_tell_error(query)) { return drop(); }
    return answer_early(writer, {Rcode::refused, Ede::not_authoritative});
  }
  if (by_policy.view != nullptr && by_policy.meet_question(name, writer.inquiry())) {
    if (const auto size = answer_by_policy(query, room, writer, name)) { return *size; }
  }
  const TtlTime now = parts.clock.ttl();
  if (const auto size = answer_from_cache(query, room, writer, name, now)) { return *size; }
  writer.drop_records();
  if (!rd) { return refer(writer, name, now); }
  if (const auto size = answer_failure(query, room, writer, name, now)) { return *size; }
  return resolve(query, room, writer, name);
}

// The view's before everyone's.
std::optional<std::size_t> Front::Impl::answer_own_names(const ClientQuery& query, ReplyRoom& room,
                                                         AnswerWriter& writer, NameView name) {
  const Type type = writer.inquiry().type;
  if (const PolicyView* view = by_policy.view) {
    if (view->dns64 != nullptr) {
      if (const auto local = view->dns64->find(name, type)) { return answer_locally(writer, name, *local); }
      RRsetPtr alias = writer.inquiry().rd ? view->dns64->reverse_alias(name) : nullptr;
      if (alias) { return resolve(query, room, writer, name, std::move(alias)); }
    }
    if (view->local) {
      if (const auto local = view->local->find(name, type)) { return answer_locally(writer, name, *local); }
    }
  }
  if (const auto local = parts.local_zones.find(name, type)) { return answer_locally(writer, name, *local); }
  return std::nullopt;
}

std::size_t Front::Impl::answer_locally(AnswerWriter& writer, NameView name, const LocalAnswer& local) {
  if (local.is_silence) { return drop(); }
  if (local.rcode == Rcode::refused) { counters.refused.add(); }
  if (local.ede) { writer.error(*local.ede); }
  if (local.answer) { writer.answer(*local.answer, local.answer->ttl()); }
  if (local.authority) { writer.authority(*local.authority, local.authority->ttl()); }
  if (local.authoritative) { writer.set_authoritative(); }
  if (local.special) { counters.special_names[static_cast<std::size_t>(*local.special)].add(); }
  return finish(writer, name, local.rcode, false, AnswerSource::local, Standing::unchecked, {});
}

// A ruling that stands. Nothing: the query goes on as if there were none.
std::optional<std::size_t> Front::Impl::answer_by_policy(const ClientQuery& query, ReplyRoom& room,
                                                         AnswerWriter& writer, NameView name) {
  const Ruling& ruling = *by_policy.ruling;
  switch (execution_of(ruling, writer.inquiry())) {
    case Execution::none:
      count_ruling(ruling, *by_policy.policy, parts.recorder);
      return std::nullopt;
    case Execution::written:
      writer.drop_records();
      return write_ruling(writer, name, ruling, *by_policy.policy, parts.recorder);
    case Execution::alias:
      writer.drop_records();
      if (RRsetPtr alias = alias_of(ruling, name)) { return resolve(query, room, writer, name, std::move(alias)); }
      return write_ruling(writer, name, ruling, *by_policy.policy, parts.recorder);
    case Execution::silence:
      count_ruling(ruling, *by_policy.policy, parts.recorder);
      return drop();
  }
  return std::nullopt;
}

// Nothing: the cache does not know it all.
std::optional<std::size_t> Front::Impl::answer_from_cache(const ClientQuery& query, ReplyRoom& room,
                                                          AnswerWriter& writer, NameView name, TtlTime now) {
  // Before anything is read: what is forgotten while this goes on must not outlive it as a copy.
  const std::uint64_t as_of = generation();
  const bool is_checked = by_policy.looks_at_answers(), has_rules = by_policy.has_rules_left();
  AnswerCheck check(by_policy, name, parts.caches, now);
  const CachedAnswer found = cache.write(writer, name, now, {}, rotation, is_checked ? &check : nullptr);
  if (!found.complete) { return std::nullopt; }
  if (has_rules && by_policy.ruling) {
    if (const auto size = answer_by_policy(query, room, writer, name)) { return *size; }
  }
  if (by_policy.dns64 != nullptr && !check.has_ipv6() && found.rcode == Rcode::no_error) {
    writer.drop_records();
    return resolve(query, room, writer, name);
  }
  if (check.has_lost_addresses()) {
    writer.error(Ede::blocked, kLostAddressesText);
    parts.recorder.policy().addresses_left_out.add();
  }
  std::string text;  // empty for the most part: what is secure, or plainly unsigned, has nothing to tell
  if (const auto ede = ede_of(found.reason)) {
    text = Verdict::remembered(found.security, found.reason, found.zone).text();
    writer.error(*ede, text);
  }
  const Standing standing = standing_of(found.security, found.reason);
  // Only where nothing is enforced does what failed come out of the cache to somebody who did not say CD.
  if (standing == Standing::bogus && !writer.inquiry().cd) {
    tell_of_failure(parts.recorder, writer.inquiry(), name, found.reason, found.zone, query.client.ip(), true,
                    parts.clock.wall());
  }
  const std::size_t size =
      finish(writer, name, found.rcode, found.authentic, AnswerSource::cache, standing, {found.reason, found.zone});
  if (timed) { counters.from_cache.add(parts.clock.monotonic() - *timed); }
  const bool is_for_all = !by_policy.is_of_client && !check.has_changed();
  if (is_for_all) {
    answers.keep({.query = query.packet,
                  .answer = Bytes(room.buffer()).first(size),
                  .inquiry = writer.inquiry(),
                  .name = name,
                  .standing = standing,
                  .rcode = found.rcode,
                  .seconds = found.fresh_for,
                  .generation = as_of,
                  .rotate = rotation,
                  .view = view_number()},
                 now);
  }
  if (found.wants_refresh && parts.options.prefetch && writer.inquiry().rd) {
    resolutions.refresh(writer.inquiry(), name, true);
  }
  return size;
}

// Without recursion the best that is at hand is who might know more (RFC 1034 section 4.3.2 step 3b).
std::size_t Front::Impl::refer(AnswerWriter& writer, NameView name, TtlTime now) {
  constexpr std::uint32_t kReferralTtl = 0;  // for this one transaction: a delegation's own time is not handed on
  const DelegationPtr cut = parts.caches.delegations.closest_above(name, now);
  if (!cut) { return answer_early(writer, {Rcode::refused, Ede::not_authoritative}); }
  for (const Delegation::Server& server : cut->servers()) {
    writer.authority_record(cut->zone(), Type::NS, kReferralTtl, server.name.view().octets());
  }
  for (const Delegation::Server& server : cut->servers()) {
    for (const IpAddress& address : server.addresses) {
      const Type type = address.is_v4() ? Type::A : Type::AAAA;
      writer.additional_record(server.name, type, kReferralTtl, address.octets());
    }
  }
  return finish(writer, name, Rcode::no_error, false, AnswerSource::cache, Standing::unchecked, {});
}

// What failed a moment ago is not tried again (RFC 9520), and meanwhile, or always when told so, expired data is better
// (RFC 8767).
std::optional<std::size_t> Front::Impl::answer_failure(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer,
                                                       NameView name, TtlTime now) {
  const Inquiry& inquiry = writer.inquiry();
  auto failure = parts.caches.failures.find(name, type_to_resolve(inquiry.type, parts.options), now);
  const StaleOptions& stale = parts.options.stale;
  const bool is_judged = failure && failure->reason != Reason::none;
  // With CD the client judges for itself: that we failed to validate must not keep the data from it (RFC 4035
  // section 3.2.2).
  if (is_judged && inquiry.cd) { failure.reset(); }
  if (stale.enabled && !is_judged) {
    const bool is_in_vain = failure || resolutions.is_resting(inquiry, name);
    const StaleCause cause = is_in_vain ? StaleCause::recent_failure : StaleCause::at_once;
    const StaleSource source{cache, parts.caches, parts.options, now, cause};
    const bool is_due = is_in_vain || stale.client_timeout_ms == 0;
    const std::size_t size = is_due ? write_stale_answer(writer, name, source, by_policy, parts.recorder) : 0;
    if (failure && size != 0) { resolutions.let_rest(inquiry, name); }
    if (!is_in_vain && size != 0) { resolutions.refresh(inquiry, name, false); }
    if (size != 0) { return size; }
  }
  if (!failure) { return std::nullopt; }
  if (by_policy.dns64 != nullptr && !is_judged) { return std::nullopt; }  // there may be an address of IPv4
  if (by_policy.has_rules_left() && by_policy.ruling) {                   // nothing further on will overrule it
    if (const auto size = answer_by_policy(query, room, writer, name)) { return size; }
  }
  writer.error(failure->cause, failure->text);
  if (is_judged) { writer.validation_error(failure->reason); }
  writer.error(Ede::cached_error);
  if (is_judged) {
    tell_of_failure(parts.recorder, inquiry, name, failure->reason, failure->zone, query.client.ip(), false,
                    parts.clock.wall());
  }
  return finish(writer, name, Rcode::server_failure, false, AnswerSource::cache,
                is_judged ? Standing::bogus : Standing::unchecked, {failure->reason, failure->zone});
}

// `alias`: policy's; its target is looked up in place of the name.
std::size_t Front::Impl::resolve(const ClientQuery& query, ReplyRoom& room, AnswerWriter& writer, NameView name,
                                 RRsetPtr alias) {
  const Inquiry& inquiry = writer.inquiry();
  const bool under_load = resolutions.waiting() * kCookiePressure >= parts.options.max_in_flight;
  if (under_load && inquiry.has_cookie() && !inquiry.is_verified()) {
    return answer_early(writer, {Rcode::bad_cookie, {}});
  }
  std::unique_ptr<PolicyCourse> course;
  if (alias || by_policy.ruling || by_policy.looks_at_answers()) {
    course = std::make_unique<PolicyCourse>(PolicyCourse{parts.policy, by_policy, std::move(alias)});
  }
  switch (resolutions.wait_for(inquiry, name, query.client, room, std::move(course))) {
    case Resolutions::Outcome::waiting:
      return 0;
    case Resolutions::Outcome::dropped:
      return drop();
    case Resolutions::Outcome::overloaded:
      break;
  }
  if (inquiry.protocol == ClientProtocol::udp) { return drop(); }  // it will ask again, when there may be room
  writer.error(Ede::other, "too many questions in flight");
  return finish(writer, name, Rcode::server_failure, false, AnswerSource::local, Standing::unchecked, {});
}

Front::Front(FrontParts parts) : impl_(std::make_unique<Impl>(parts)) {}
Front::~Front() = default;
void Front::expect(Bytes packet) const noexcept { impl_->answers.expect(packet, ClientProtocol::udp); }
bool Front::admits(const IpAddress& client) const { return impl_->access.admits(client); }
std::size_t Front::in_flight() const { return impl_->resolutions.waiting(); }
void Front::forget_answers() noexcept { impl_->answers.forget_all(); }
void Front::use_policy(std::shared_ptr<const Policy> policy) {
  impl_->by_policy = {};
  impl_->parts.policy = std::move(policy);
  ++impl_->policy_changes;
}

std::size_t Front::answer(const ClientQuery& query, ReplyRoom& room) {
  try {
    return impl_->answer(query, room);
  } catch (...) {  // out of memory, mostly: this query fails, the next one may not
    impl_->counters.internal_errors.add();
    return impl_->answer_header_only(room.buffer(), query.packet, Rcode::server_failure);
  }
}

}  // namespace vouch
