#include "resolver/iterate/exchange.h"

#include <algorithm>

#include "resolver/dnssec/trace.h"
#include "resolver/wire/message_writer.h"

namespace vouch {

namespace {

constexpr std::size_t kClientCookie = 8;  // octets, RFC 7873 section 4

// RFC 5452 meets draft-vixie-dnsext-dns0x20: each letter carries a bit that a forger must guess.
void randomise_case(Name& name, Random& random) {
  std::uint64_t bits = 0;
  int left = 0;
  for (Octet& octet : name.mutable_octets()) {
    const Octet lower = octet | 0x20;
    if (lower < 'a' || lower > 'z') { continue; }  // a length octet is at most 63 and so never a letter
    if (left == 0) {
      bits = random.next64();
      left = 64;
    }
    octet = (bits & 1) != 0 ? u8(lower & 0xdf) : lower;
    bits >>= 1;
    --left;
  }
}

// RFC 6891 section 7. BADVERS to version 0, the only one there is, comes from a server that has not understood EDNS
// either; some send our own OPT back with their FORMERR.
bool speaks_no_edns(const MessageView& reply) {
  const Rcode rcode = reply.rcode();
  return rcode == Rcode::bad_version || rcode == Rcode::format_error || rcode == Rcode::not_implemented;
}

bool is_complaint(const ExchangeResult& result) {
  const std::uint8_t rcode = HeaderView(*result.packet).low_rcode();
  return rcode == static_cast<std::uint8_t>(Rcode::format_error) ||
         rcode == static_cast<std::uint8_t>(Rcode::not_implemented);
}

// What was lost once is waited for longer: a first guess from the round-trip time is right for most, a loss on a busy
// path takes a while to pass (RFC 8085 section 3.1.1). The last try waits as long as any may: one answer may take a
// second from a server that is otherwise quick, above all from a resolver, which has to ask others first.
Duration patience_for(const ServerState& server, const ExchangeRequest& request) {
  constexpr Duration kRecursion = std::chrono::milliseconds(1000);
  Duration at_least = ServerCache::kMinTimeout * (1 << (2 * request.earlier_tries));
  if (request.recursion_desired) { at_least = std::max(at_least, kRecursion); }
  if (request.is_last_try) { at_least = ServerCache::kMaxTimeout; }
  return std::min(std::max(server.timeout(), at_least), ServerCache::kMaxTimeout);
}

}  // namespace

// How the next query is to be sent.
struct Exchanger::Try {
  UpstreamProtocol protocol = UpstreamProtocol::udp;
  bool edns = true;
  bool random_case = true;
  bool case_differed = false;  // in an earlier try
  ServerCookie cookie;         // the server's, empty when none is known
};

// What went out, and so what must come back.
struct Exchanger::Sent {
  std::array<Octet, 512> octets;
  std::size_t size = 0;
  std::uint16_t id = 0;
  Name name;
  Type type = Type::none;
  UpstreamProtocol protocol = UpstreamProtocol::udp;
  bool edns = false;
  bool with_cookie = false;
  bool expects_cookie = false;  // the server is known to send one
  std::array<Octet, kClientCookie> client_cookie{};
  // What was seen on the way.
  bool case_differed = false;
  bool malformed = false;
  bool forged = false;
  bool curt_error = false;  // an error reply of a header alone, which a forger could send as well
};

// What is left of a reply when it has been read, for whoever explains.
struct Exchanger::ReplyFacts {
  Instant began;
  Instant ended;
  UpstreamReply::Status status;
  std::size_t octets;
  std::optional<Rcode> rcode;  // of one that can be read
  bool is_authoritative = false;
  bool is_truncated = false;
  bool is_final = false;  // else it is tried once more
};

Exchanger::Exchanger(const ResolverOptions& options, ServerCache& servers, Upstream& upstream, const Clock& clock,
                     Random& random, ResolverCounters& counters)
    : options_(options),
      servers_(servers),
      upstream_(upstream),
      clock_(clock),
      random_(random),
      counters_(counters),
      cookie_secret_{siphash24(process_hash_key(), bytes_of("client cookie, first")),
                     siphash24(process_hash_key(), bytes_of("client cookie, second"))} {}

Exchanger::Sent Exchanger::compose(const ExchangeRequest& request, const Try& how) {
  Sent sent;
  sent.id = random_.next16();
  sent.name = request.name;
  sent.type = request.type;
  sent.protocol = how.protocol;
  sent.edns = how.edns;
  if (how.random_case) { randomise_case(sent.name, random_); }

  MessageWriter writer(sent.octets, sent.octets.size());
  HeaderFlags flags;
  flags.rd = request.recursion_desired;
  flags.cd = request.checking_disabled;
  writer.header(sent.id, flags);
  writer.question(sent.name, request.type, Class::IN);
  if (how.edns) {
    // DO always: signatures are stored beside what they cover, for clients that want them (RFC 4035 section 3.2.1).
    writer.begin_edns(options_.edns_size, true);
    // Over TLS a cookie proves nothing that is not proven, and would tie one connection to the next.
    const bool over_tls = how.protocol == UpstreamProtocol::tls;
    if (options_.cookies && !over_tls) {
      // One client cookie per server address (RFC 7873 section 6), so that servers cannot compare notes.
      const std::uint64_t own = siphash24(cookie_secret_, request.server.ip().octets());
      std::memcpy(sent.client_cookie.data(), &own, kClientCookie);
      std::array<Octet, kClientCookie + 32> cookie{};
      std::copy(sent.client_cookie.begin(), sent.client_cookie.end(), cookie.begin());
      std::copy_n(how.cookie.octets.begin(), how.cookie.length, cookie.begin() + kClientCookie);
      sent.with_cookie = writer.option(OptionCode::cookie, {cookie.data(), kClientCookie + how.cookie.length});
      sent.expects_cookie = how.cookie.length > 0;
    }
    if (over_tls) { writer.pad_to(kPaddedTo); }
    writer.end_edns();
  }
  sent.size = writer.finish().size();
  return sent;
}

ReplyFit Exchanger::check_cookie(const MessageView& reply, const Sent& sent) {
  if (!sent.with_cookie) { return ReplyFit::accept; }
  OptionReader options(reply.option_octets());
  while (const auto option = options.next()) {
    if (option->code != OptionCode::cookie) { continue; }
    const bool ours = option->data.size() >= kClientCookie &&
                      std::equal(sent.client_cookie.begin(), sent.client_cookie.end(), option->data.begin());
    return ours ? ReplyFit::accept : ReplyFit::forgery;
  }
  // A server that has sent cookies goes on sending them (RFC 7873 section 5.3); over TCP the handshake has proven the
  // address.
  const bool must_be_there = sent.expects_cookie && sent.protocol == UpstreamProtocol::udp;
  return must_be_there ? ReplyFit::forgery : ReplyFit::accept;
}

// Is this the reply? Runs for every datagram from the server's address. One that is damaged must not end the wait,
// because the right one may be right behind it (TuDoor); one that looks like a guess must, because the next guess may
// be right.
ReplyFit Exchanger::check(Bytes packet, Sent& sent) {
  if (packet.size() < kHeaderSize || !HeaderView(packet).qr() || HeaderView(packet).opcode() != Opcode::query) {
    counters_.replies_rejected_malformed.add();
    sent.malformed = true;
    return ReplyFit::ignore;
  }
  const HeaderView header(packet);
  if (header.id() != sent.id) {
    // On a connection other questions' replies pass by; a datagram with a wrong id is a guess.
    if (sent.protocol != UpstreamProtocol::udp) { return ReplyFit::ignore; }
    counters_.replies_rejected_id.add();
    sent.forged = true;
    return ReplyFit::forgery;
  }
  if (header.question_count() == 0) {
    counters_.replies_rejected_malformed.add();
    sent.curt_error |= header.low_rcode() != 0;
    sent.malformed = true;
    return ReplyFit::ignore;
  }
  const auto name = parse_name(packet, kHeaderSize);
  if (!name || std::size_t{name->next} + 4 > packet.size()) {
    counters_.replies_rejected_malformed.add();
    sent.malformed = true;
    return ReplyFit::ignore;
  }
  const bool same_type = load16(packet.data() + name->next) == static_cast<std::uint16_t>(sent.type) &&
                         load16(packet.data() + name->next + 2) == static_cast<std::uint16_t>(Class::IN);
  if (!same_type || !equals_name(packet, *name, sent.name)) {
    counters_.replies_rejected_question.add();
    sent.forged = true;
    return sent.protocol == UpstreamProtocol::udp ? ReplyFit::forgery : ReplyFit::ignore;
  }
  if (!equals_name_with_case(packet, *name, sent.name)) {
    counters_.replies_rejected_case.add();
    sent.case_differed = true;
    if (sent.protocol == UpstreamProtocol::udp) { return ReplyFit::forgery; }
  }
  if (header.tc() && sent.protocol == UpstreamProtocol::udp) { return ReplyFit::accept; }  // nothing else of it is used
  const auto reply = MessageView::parse(packet);
  if (!reply) {
    counters_.replies_rejected_malformed.add();
    sent.malformed = true;
    return ReplyFit::ignore;
  }
  const ReplyFit fit = check_cookie(*reply, sent);
  if (fit != ReplyFit::accept) {
    counters_.replies_rejected_cookie.add();
    sent.forged = true;
  }
  return fit;
}

// It folds case, as the reply over UDP said, and serves no TCP over which that could be believed. What is left is a
// plain question under a new id from a new port. Never final.
bool Exchanger::try_without_case(Try& how) {
  how.protocol = UpstreamProtocol::udp;
  how.random_case = false;
  return false;
}

// The server's cookie, for this question's next try and for later ones (RFC 7873 section 5.3).
void Exchanger::learn_cookie(const IpAddress& server, const MessageView& reply, const Sent& sent, Try& how) {
  OptionReader options(reply.option_octets());
  bool sent_cookie = false;
  while (const auto option = options.next()) {
    const std::size_t size = option->data.size();
    sent_cookie = sent_cookie || option->code == OptionCode::cookie;
    if (option->code != OptionCode::cookie || size < kClientCookie + 8 || size > kClientCookie + 32) { continue; }
    how.cookie.length = u8(size - kClientCookie);
    std::copy(option->data.begin() + kClientCookie, option->data.end(), how.cookie.octets.begin());
    servers_.on_cookie(server, how.cookie, clock_.monotonic());
  }
  // Over TCP it is the server itself that speaks: it has given cookies up.
  if (sent.expects_cookie && !sent_cookie && sent.protocol != UpstreamProtocol::udp) {
    how.cookie = {};
    servers_.on_cookie(server, how.cookie, clock_.monotonic());
  }
}

// Nothing came that could be the reply. True: `result` is final. False: try again as `how` now says.
bool Exchanger::read_failure(const IpAddress& server, const Sent& sent, UpstreamReply::Status status, Try& how,
                             ExchangeResult& result) {
  using Status = ExchangeResult::Status;
  const Instant now = clock_.monotonic();
  const bool over_udp = sent.protocol == UpstreamProtocol::udp;
  switch (status) {
    case UpstreamReply::Status::no_room:
      result.status = Status::no_room;
      return true;
    case UpstreamReply::Status::unreachable:
      counters_.upstream_unreachable.add();
      if (how.case_differed && !over_udp) { return try_without_case(how); }
      if (over_udp) { servers_.on_timeout(server, now); }
      result.status = over_udp ? Status::unreachable : Status::broken;
      return true;
    case UpstreamReply::Status::forgery:
      counters_.tcp_after_forgery.add();
      how.case_differed = sent.case_differed;
      if (!sent.case_differed) { servers_.on_forgery_suspected(server, now); }
      how.protocol = UpstreamProtocol::tcp;
      return !over_udp;
    case UpstreamReply::Status::timeout:
      counters_.upstream_timeouts.add();
      if (sent.curt_error && sent.edns) {  // it spoke, if only to say that it did not understand
        servers_.on_edns_broken(server, now);
        how.edns = false;
        return false;
      }
      if (sent.malformed && over_udp) {  // it speaks, but nothing usable came over UDP
        how.protocol = UpstreamProtocol::tcp;
        return false;
      }
      if (how.case_differed && !over_udp) { return try_without_case(how); }
      // It was told to come over TCP and is not served there: to begin again over UDP would lead here again.
      if (over_udp) { servers_.on_timeout(server, now); }
      result.status = over_udp ? Status::timeout : Status::broken;
      return true;
    case UpstreamReply::Status::untrusted:  // of TLS alone
    case UpstreamReply::Status::ok:
      break;
  }
  return true;  // a reply came: read() looks at it
}

// Over TLS there is one way to ask and no other is tried: that it failed may be somebody's doing. Whoever failed counts
// as silent, so that the next question goes to another forwarder first.
void Exchanger::read_failure_over_tls(const IpAddress& server, UpstreamReply& reply, ExchangeResult& result) {
  using Status = ExchangeResult::Status;
  switch (reply.status) {
    case UpstreamReply::Status::no_room:
      result.status = Status::no_room;
      return;
    case UpstreamReply::Status::timeout:
      counters_.upstream_timeouts.add();
      result.status = Status::timeout;
      break;
    case UpstreamReply::Status::unreachable:
      counters_.upstream_unreachable.add();
      result.status = Status::unreachable;
      break;
    case UpstreamReply::Status::untrusted:
      counters_.upstream_untrusted.add();
      result.status = Status::untrusted;
      result.why = std::move(reply.why);
      break;
    case UpstreamReply::Status::forgery:
    case UpstreamReply::Status::ok:
      result.status = Status::broken;
      return;
  }
  servers_.on_timeout(server, clock_.monotonic());
}

// Looks at how a try ended. True: `result` is final. False: try again as `how` now says.
bool Exchanger::read(const ExchangeRequest& request, const Sent& sent, UpstreamReply& reply, Try& how,
                     ExchangeResult& result) {
  using Status = ExchangeResult::Status;
  const IpAddress& server = request.server.ip();
  if (reply.status != UpstreamReply::Status::ok && request.tls) {
    read_failure_over_tls(server, reply, result);
    return true;
  }
  if (reply.status != UpstreamReply::Status::ok) { return read_failure(server, sent, reply.status, how, result); }
  const Instant now = clock_.monotonic();
  const bool over_udp = sent.protocol == UpstreamProtocol::udp;
  servers_.on_reply(server, reply.rtt, now);
  counters_.round_trip.add(reply.rtt);
  if (sent.case_differed || (how.case_differed && over_udp)) { servers_.on_case_broken(server, now); }
  if (over_udp && HeaderView(reply.packet).tc()) {
    counters_.tcp_after_truncation.add();
    how.protocol = UpstreamProtocol::tcp;
    return false;
  }
  // Truncated where nothing needs to be: half an RRset is none (RFC 2181 section 9).
  if (HeaderView(reply.packet).tc()) {
    result.status = Status::broken;
    return true;
  }
  const auto view = MessageView::parse(reply.packet);
  if (!view) {
    result.status = Status::broken;
    return true;
  }
  if (sent.with_cookie) { learn_cookie(server, *view, sent, how); }
  if (view->rcode() == Rcode::bad_cookie && sent.with_cookie) {
    if (sent.expects_cookie) { how.protocol = UpstreamProtocol::tcp; }
    return false;
  }
  if (sent.edns && speaks_no_edns(*view)) {
    how.edns = false;
    return false;
  }
  result.status = Status::ok;
  result.packet = std::make_shared<const Buffer>(std::move(reply.packet));
  return true;
}

Exchanger::ReplyFacts Exchanger::facts_of(const UpstreamReply& reply, Instant began, Instant ended) {
  ReplyFacts facts{
      .began = began, .ended = ended, .status = reply.status, .octets = reply.packet.size(), .rcode = std::nullopt};
  if (reply.status != UpstreamReply::Status::ok) { return facts; }
  facts.is_truncated = HeaderView(reply.packet).tc();
  if (const auto view = MessageView::parse(reply.packet)) {
    facts.rcode = view->rcode();
    facts.is_authoritative = HeaderView(reply.packet).aa();
  }
  return facts;
}

// What was wrong with it; mirrors read() and what it calls.
void Exchanger::tell(const ExchangeRequest& request, const Sent& sent, const ReplyFacts& reply, Trace& trace) {
  using Status = UpstreamReply::Status;
  ReplyProblem problem = ReplyProblem::none;
  switch (reply.status) {
    case Status::timeout:
      problem = sent.malformed ? ReplyProblem::malformed : ReplyProblem::timeout;
      break;
    case Status::unreachable:
      problem = ReplyProblem::unreachable;
      break;
    case Status::forgery:
      problem = sent.case_differed ? ReplyProblem::folded_case : ReplyProblem::mismatch;
      break;
    case Status::no_room:
      problem = ReplyProblem::no_room;
      break;
    case Status::untrusted:
      problem = ReplyProblem::untrusted;
      break;
    case Status::ok:
      if (reply.is_truncated) {
        problem = ReplyProblem::truncated;
      } else if (!reply.rcode) {
        problem = ReplyProblem::malformed;
      } else if (!reply.is_final) {
        problem = *reply.rcode == Rcode::bad_cookie ? ReplyProblem::bad_cookie : ReplyProblem::no_edns;
      }
      break;
  }
  const TraceTransport transport = sent.protocol == UpstreamProtocol::udp   ? TraceTransport::udp
                                   : sent.protocol == UpstreamProtocol::tcp ? TraceTransport::tcp
                                                                            : TraceTransport::tls;
  trace.add(ExchangeEvent{.began = reply.began,
                          .took = reply.ended - reply.began,
                          .server = request.server,
                          .zone = Name(request.zone),
                          .question = {request.name, request.type},
                          .transport = transport,
                          .problem = problem,
                          .rcode = reply.rcode,
                          .is_authoritative = reply.is_authoritative,
                          .octets = reply.octets});
}

Task<ExchangeResult> Exchanger::exchange(const ExchangeRequest& request, Budget& budget) {
  ExchangeResult result;
  result.server = request.server;
  const ServerState known = servers_.find(request.server.ip(), clock_.monotonic());
  Try how;
  if (request.tls) {  // nobody can guess or listen there, and what the address is known for was learnt without it
    how.protocol = UpstreamProtocol::tls;
    how.random_case = false;
  } else {
    how.edns = !known.edns_broken;
    how.random_case = options_.case_randomisation && !known.case_broken;
    how.cookie = known.cookie;
    if (known.tcp_only) { how.protocol = UpstreamProtocol::tcp; }
  }

  bool without_edns_failed = false;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const Instant now = clock_.monotonic();
    if (now >= budget.deadline() || !budget.take_upstream_query()) {
      counters_.budget_spent.add();
      result.status = ExchangeResult::Status::no_budget;
      break;
    }
    Sent sent = compose(request, how);
    const std::function<ReplyFit(Bytes)> fits = [this, &sent](Bytes packet) { return check(packet, sent); };
    UpstreamQuestion question;
    question.server = request.server;
    question.protocol = how.protocol;
    question.packet = Bytes(sent.octets).first(sent.size);
    question.tls_name = request.tls_name;
    question.tls_pins = request.tls_pins;
    question.check = &fits;
    const bool over_udp = how.protocol == UpstreamProtocol::udp;
    const Duration patience = over_udp ? patience_for(known, request) : request.tls ? kTlsTimeout : kTcpTimeout;
    question.deadline = std::min(now + patience, budget.deadline());
    (over_udp ? counters_.upstream_udp : request.tls ? counters_.upstream_tls : counters_.upstream_tcp).add();
    UpstreamReply reply = co_await upstream_.ask(question);
    if (!budget.take_upstream_octets(reply.packet.size())) {
      result.status = ExchangeResult::Status::no_budget;
      break;
    }
    if (reply.status == UpstreamReply::Status::no_room) { budget.note_shortage(); }
    Trace* const trace = budget.trace();
    std::optional<ReplyFacts> facts;
    if (trace != nullptr) { facts = facts_of(reply, now, clock_.monotonic()); }
    const bool final = read(request, sent, reply, how, result);
    if (facts) {
      facts->is_final = final;
      tell(request, sent, *facts, *trace);
    }
    if (final) {
      if (without_edns_failed && result.status == ExchangeResult::Status::ok && !sent.edns && !is_complaint(result)) {
        // Only now is it known: the same question without EDNS got a reply that is no complaint about form.
        servers_.on_edns_broken(request.server.ip(), clock_.monotonic());
      }
      break;
    }
    without_edns_failed = without_edns_failed || (sent.edns && !how.edns);
    result.status = ExchangeResult::Status::broken;
  }
  co_return result;
}

}  // namespace vouch
