// The commands on caches, workers and figures that the test has filled.
#include "resolver/daemon/control/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <semaphore>

#include "resolver/base/lack_of_memory.h"
#include "resolver/daemon/control/answer_feed.h"
#include "resolver/daemon/control/busiest.h"
#include "resolver/daemon/control/control_server.h"
#include "resolver/daemon/reloader.h"
#include "resolver/wire/message_writer.h"
#include "tests/unit/daemon/control_kit.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr TtlTime kNow = 1'700'000'000;

struct StillClock final : Clock {
  Instant monotonic() const override { return now; }
  UnixTime wall() const override { return kNow; }
  TtlTime ttl() const override { return kNow; }
  Instant now{1h};
};

RRsetPtr rrset(std::string_view line) {
  const auto record = parse_record(line);
  const Bytes rdata[] = {record->rdata};
  return RRset::make(record->owner, record->type, record->ttl, rdata);
}

RRsetPtr signed_rrset(std::string_view line) {
  const auto record = parse_record(line);
  const auto signature =
      parse_record("example. 300 IN RRSIG " + type_text(record->type) +
                   " 13 2 300 1700086400 1699913600 4711 example. "
                   "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==");
  const Bytes rdata[] = {record->rdata};
  const Bytes signatures[] = {signature->rdata};
  return RRset::make(record->owner, record->type, record->ttl, rdata, signatures);
}

ZoneTrustPtr trust(std::string_view zone, Verdict verdict) {
  return std::make_shared<const ZoneTrust>(
      ZoneTrust{.zone = Name::of(zone), .verdict = std::move(verdict), .keys = {}});
}

class Commands : public testing::Test {
 protected:
  Commands() : caches_(CacheOptions{.size = 8 << 20}), trust_(caches_.share_of_trust()), recorder_(counters_) {
    figures_.taken = kNow;
    figures_.counters = std::make_shared<WorkerCounters>();
    add_flush_commands(registry_, parts());
    add_cache_commands(registry_, parts());
    add_stats_commands(registry_, parts());
    add_lookup_command(registry_, parts());
  }
  ControlParts parts() {
    return {.clock = clock_,
            .caches = caches_,
            .trust = trust_,
            .take_figures = [this](const ControlParts::WithFigures& work) { work(figures_, status_); },
            .ask =
                [this](Buffer query, const IpAddress& client, const std::function<void(const Buffer&)>& done) {
                  asked_ = std::move(query);
                  client_ = client;
                  done(reply_);
                },
            .recorders = {&recorder_},
            .forget_shared =
                [this](NameView name, Forgotten::Scope scope, Type type) {
                  // Before anything goes from this node, or it could come back in between.
                  EXPECT_EQ(caches_.rrsets.generation(), generation_.value_or(caches_.rrsets.generation()));
                  forgotten_.push_back(name.text() + (scope == Forgotten::Scope::below ? " below " : " ") +
                                       type_text(type));
                }};
  }
  void put(std::string_view line, Security security = Security::secure, Flaw flaw = {}) {
    ASSERT_TRUE(caches_.rrsets.put(rrset(line), Credibility::answer_authoritative, security, kNow, nullptr, flaw));
  }
  // A little of everything, at and below example.
  void fill() {
    put("example. 3600 IN NS ns.example.");
    put("www.example. 300 IN A 192.0.2.1");
    put("www.example. 300 IN AAAA 2001:db8::1");
    put("ns.example. 300 IN A 192.0.2.53");
    put("other. 300 IN A 192.0.2.2", Security::insecure);
    put("bad.other. 300 IN A 192.0.2.3", Security::bogus, Flaw(Reason::rrsig_expired, 1));
    caches_.delegations.put(Delegation::make(Name::of("example."), {{Name::of("ns.example."), {}}}, 3600), kNow);
    caches_.failures.put(Name::of("gone.example."), Type::A, Ede::other, "why", kNow);
    caches_.failures.put(Name::of("bad.other."), Type::MX, Ede::dnssec_bogus, "why", kNow, Reason::rrsig_expired,
                         Name::of("other."));
    trust_.put(trust("example.", Verdict::secure()), 3600, kNow);
    trust_.put(trust("other.", Verdict::bogus(Reason::rrsig_expired, Name::of("other."))), 3600, kNow);
    caches_.servers.on_timeout(*IpAddress::parse("192.0.2.53"), Instant{});
    caches_.servers.on_lame(*IpAddress::parse("192.0.2.53"), Name::of("example."), 60s, Instant{});
  }
  const Json& ask(const std::string& command, const std::string& arguments = "{}") {
    heard_.is_ended = false;
    registry_.run(
        std::make_shared<Call>(ControlRequest{.command = command, .arguments = Json::parse(arguments)}, heard_));
    return heard_.last();
  }
  bool knows(std::string_view name, Type type) { return caches_.rrsets.find(Name::of(name), type, kNow).has_value(); }

  StillClock clock_;
  Caches caches_;
  TrustCache trust_;
  WorkerCounters counters_;
  Recorder recorder_;
  Figures figures_;
  StatusFigures status_;
  ControlRegistry registry_;
  std::vector<std::string> forgotten_;       // what the fleet's cache is not to give back
  std::optional<std::uint64_t> generation_;  // of the RRset cache, before a flush
  HeardReplies heard_;
  Buffer asked_, reply_;
  IpAddress client_;
};

TEST_F(Commands, FlushingANameForgetsItAndNothingBelowOrBeside) {
  fill();
  const std::uint64_t generation = caches_.rrsets.generation();
  EXPECT_EQ(ask("flush name", R"({"name": "WWW.Example"})").at("removed").at("rrsets"), 2);
  EXPECT_GT(caches_.rrsets.generation(), generation);  // finished answers go with it
  EXPECT_FALSE(knows("www.example.", Type::A));
  EXPECT_TRUE(knows("ns.example.", Type::A));
  const Json& apex = ask("flush name", R"({"name": "example."})");
  EXPECT_EQ(apex.at("removed").at("delegations"), 1);
  EXPECT_EQ(apex.at("removed").at("zones_of_trust"), 1);
  EXPECT_EQ(apex.at("removed").at("rrsets"), 1);
  EXPECT_EQ(apex.at("total"), 3);
  EXPECT_TRUE(knows("ns.example.", Type::A));
  EXPECT_EQ(ask("flush name", R"({"name": "gone.example."})").at("removed").at("failures"), 1);
  EXPECT_EQ(ask("flush name", R"({"name": "gone.example."})").at("total"), 0);
}

TEST_F(Commands, FlushingOneTypeOfANameLeavesTheOthers) {
  fill();
  EXPECT_EQ(ask("flush name", R"({"name": "www.example.", "type": "AAAA"})").at("total"), 1);
  EXPECT_FALSE(knows("www.example.", Type::AAAA));
  EXPECT_TRUE(knows("www.example.", Type::A));
  EXPECT_EQ(ask("flush name", R"({"name": "example.", "type": "NS"})").at("removed").at("delegations"), 1);
  EXPECT_EQ(ask("flush name", R"({"name": "example.", "type": "DNSKEY"})").at("removed").at("zones_of_trust"), 1);
}

TEST_F(Commands, FlushingAZoneForgetsAllBelowAndThatItsServersWereLame) {
  fill();
  const Json removed = ask("flush zone", R"({"zone": "example."})").at("removed");
  EXPECT_EQ(removed.at("rrsets"), 4);
  EXPECT_EQ(removed.at("delegations"), 1);
  EXPECT_EQ(removed.at("failures"), 1);
  EXPECT_EQ(removed.at("zones_of_trust"), 1);
  EXPECT_EQ(removed.at("servers"), 2);
  EXPECT_FALSE(caches_.servers.is_lame(*IpAddress::parse("192.0.2.53"), Name::of("example."), Instant{}));
  EXPECT_FALSE(caches_.servers.find(*IpAddress::parse("192.0.2.53"), Instant{}).known);
  EXPECT_TRUE(knows("other.", Type::A));
}

TEST_F(Commands, FlushingATypeABogusAndAll) {
  fill();
  EXPECT_EQ(ask("flush bogus").at("removed").dump(),
            R"({"rrsets":1,"delegations":0,"proofs":0,"failures":1,"zones_of_trust":1,"servers":0})");
  EXPECT_FALSE(knows("bad.other.", Type::A));
  EXPECT_EQ(ask("flush type", R"({"type": "A"})").at("removed").at("rrsets"), 3);
  EXPECT_TRUE(knows("www.example.", Type::AAAA));
  EXPECT_EQ(ask("flush type").at("code"), "bad_argument");
  EXPECT_EQ(caches_.delegations.entries(), 1U);
  EXPECT_EQ(trust_.entries(), 1U);
  EXPECT_GT(ask("flush all").at("total").get<int>(), 3);
  EXPECT_FALSE(knows("www.example.", Type::AAAA));
  EXPECT_EQ(caches_.delegations.entries() + caches_.failures.entries() + trust_.entries() + caches_.servers.entries(),
            0U);
}

TEST_F(Commands, WhatIsFlushedHereDoesNotComeBackFromTheFleet) {
  const auto flush = [&](const std::string& command, const std::string& arguments) {
    generation_ = caches_.rrsets.generation();
    ask(command, arguments);
  };
  flush("flush name", R"({"name": "www.example"})");
  flush("flush name", R"({"name": "www.example", "type": "AAAA"})");
  flush("flush zone", R"({"zone": "example"})");
  flush("flush type", R"({"type": "MX"})");
  flush("flush bogus", "{}");
  flush("flush all", "{}");
  EXPECT_EQ(forgotten_, (std::vector<std::string>{"www.example. " + type_text(Type::none), "www.example. AAAA",
                                                  "example. below " + type_text(Type::none), ". below MX",
                                                  ". below " + type_text(Type::none)}));
}

TEST_F(Commands, FlushingATypeTakesWhatSaysTheSameInOtherWords) {
  fill();
  const auto prove = [&] {
    caches_.denials.put(Name::of("example."), signed_rrset("a.example. 300 IN NSEC k.example. A RRSIG NSEC"), 300,
                        kNow);
    caches_.denials.put_soa(Name::of("example."),
                            signed_rrset("example. 300 IN SOA ns.example. host.example. 1 2 3 4 60"), 300, kNow);
  };
  prove();
  ASSERT_EQ(caches_.denials.entries(), 1U);
  EXPECT_EQ(ask("flush type", R"({"type": "NS"})").at("removed").dump(),
            R"({"rrsets":1,"delegations":1,"proofs":1,"failures":0,"zones_of_trust":0,"servers":0})");
  EXPECT_EQ(caches_.delegations.entries() + caches_.denials.entries(), 0U);
  prove();
  EXPECT_EQ(ask("flush type", R"({"type": "DS"})").at("removed").dump(),
            R"({"rrsets":0,"delegations":0,"proofs":1,"failures":0,"zones_of_trust":2,"servers":0})");
  fill();
  EXPECT_EQ(ask("flush type", R"({"type": "DNSKEY"})").at("removed").at("zones_of_trust"), 2);
  EXPECT_EQ(trust_.entries(), 0U);
  EXPECT_TRUE(knows("www.example.", Type::A));
}

TEST_F(Commands, ADumpIsPresentationFormWithVerdictsAndOnlyOfTheZoneAskedFor) {
  fill();
  const auto soa = rrset("example. 60 IN SOA ns.example. host.example. 1 2 3 4 60");
  caches_.rrsets.put_negative(Name::of("no.example."), Type::none, EntryKind::name_error, soa,
                              Credibility::answer_authoritative, Security::secure, kNow);
  EXPECT_EQ(ask("cache dump", R"({"zone": "other."})").at("entries"), 2);
  std::map<std::string, Json> by_name;
  for (const Json& line : heard_.lines) {
    if (line.contains("name")) { by_name[line.at("name")] = line; }
  }
  ASSERT_EQ(by_name.size(), 2U);
  EXPECT_EQ(by_name["other."].at("records").dump(), R"(["other. 300 IN A 192.0.2.2"])");
  EXPECT_EQ(by_name["other."].at("verdict"), "insecure");
  EXPECT_EQ(by_name["bad.other."].at("verdict"), "bogus");
  EXPECT_EQ(by_name["bad.other."].at("reason"), "rrsig_expired");
  EXPECT_EQ(by_name["bad.other."].at("zone"), "other.");

  heard_.lines.clear();
  ask("cache dump", R"({"zone": "no.example."})");
  ASSERT_EQ(heard_.lines.size(), 2U);
  EXPECT_EQ(heard_.lines[0].at("kind"), "name_error");
  EXPECT_FALSE(heard_.lines[0].contains("records"));
}

TEST_F(Commands, ADumpWaitsForItsReaderAndTellsEachSetOnce) {
  constexpr int kSets = 3000;
  for (int i = 0; i < kSets; ++i) { put("n" + std::to_string(i) + ".example. 300 IN A 192.0.2.1"); }
  heard_.take(10);
  heard_.is_ended = false;
  registry_.run(std::make_shared<Call>(ControlRequest{.command = "cache dump", .arguments = Json::object()}, heard_));
  EXPECT_EQ(heard_.lines.size(), 10U);  // and not one further
  EXPECT_FALSE(heard_.is_ended);
  for (int turns = 0; turns < 10'000 && !heard_.is_ended; ++turns) { heard_.take(100); }
  ASSERT_TRUE(heard_.is_ended);
  EXPECT_EQ(heard_.last().at("entries"), kSets);
  std::set<std::string> names;
  for (const Json& line : heard_.lines) {
    if (line.contains("name")) { EXPECT_TRUE(names.insert(line.at("name")).second) << line.dump(); }
  }
  EXPECT_EQ(names.size(), std::size_t{kSets});
}

TEST_F(Commands, ZonesComeFromTheLedgerThoseThatFailAlone) {
  for (const ZoneState state : {ZoneState::failing, ZoneState::recovered}) {
    ZoneFigures zone;
    zone.zone = state == ZoneState::failing ? "broken." : "mended.";
    zone.state = state;
    zone.causes.emplace_back().reason = Reason::rrsig_expired;
    figures_.zones.push_back(zone);
  }
  EXPECT_EQ(ask("zones", R"({"failing": true})").at("zones"), 1);
  EXPECT_EQ(heard_.lines.front().at("zone"), "broken.");
  EXPECT_EQ(heard_.lines.front().at("causes").at(0).at("reason"), "rrsig_expired");
  EXPECT_EQ(ask("zones").at("zones"), 2);
}

TEST_F(Commands, AnchorsAndCachesComeFromTheStatus) {
  status_.anchors.push_back({"example.", 4711, 13, "add_pending"});
  status_.negative_anchors.push_back({.zone = "broken.", .reason = "until they mend it", .until = 1'800'000'000});
  status_.caches.push_back({.cache = "rrset", .entries = 7, .octets = 700, .capacity = 7000, .hits = 3, .misses = 4});
  const Json anchors = ask("anchors");
  EXPECT_EQ(anchors.at("anchors").dump(),
            R"([{"zone":"example.","key_tag":4711,"algorithm":13,"state":"add_pending"}])");
  EXPECT_EQ(anchors.at("negative_anchors").at(0).at("until"), 1'800'000'000);
  status_.negative_anchors[0].until = 0;  // until the operator takes it out: no time, as in the API
  EXPECT_TRUE(ask("anchors").at("negative_anchors").at(0).at("until").is_null());
  EXPECT_EQ(ask("cache stats").at("caches").at(0).at("entries"), 7);
}

TEST_F(Commands, StatsAddUpWhatTheWorkersCount) {
  auto counters = std::make_shared<WorkerCounters>();
  counters->front.queries[1][0].add(3);
  counters->front.queries[1][1].add(4);
  counters->front.answers[static_cast<std::size_t>(Standing::bogus)][static_cast<std::size_t>(AnswerSource::cache)].add(
      5);
  counters->validation.failures[static_cast<std::size_t>(Reason::rrsig_expired)].add(2);
  figures_.counters = counters;
  figures_.policy.actions[1] = 6;
  figures_.policy.sources = {{"ads", 4}, {"_other", 2}};
  figures_.policy.stripped = 8;
  figures_.policy.dns64 = 9;
  const Json stats = ask("stats");
  EXPECT_EQ(stats.at("policy").at("actions").at("nxdomain"), 6);
  EXPECT_EQ(stats.at("policy").at("sources").dump(), R"({"ads":4,"_other":2})");
  EXPECT_EQ(stats.at("policy").at("stripped"), 8);
  EXPECT_EQ(stats.at("policy").at("dns64"), 9);
  EXPECT_EQ(stats.at("queries").at("tcp"), 7);
  EXPECT_EQ(stats.at("answers").at("by_verdict").at("bogus"), 5);
  EXPECT_EQ(stats.at("answers").at("by_source").at("cache"), 5);
  EXPECT_EQ(stats.at("validation").at("failures").dump(), R"({"rrsig_expired":2})");
}

TEST_F(Commands, StatsLeaveNoCounterOut) {
  auto counters = std::make_shared<WorkerCounters>();
  figures_.counters = counters;
  auto* const all = reinterpret_cast<Counter*>(&*counters);
  // Told as a mean of microseconds, or in milliseconds.
  const std::set<const Counter*> nanoseconds{
      &counters->front.from_cache.nanoseconds, &counters->front.by_recursion.nanoseconds,
      &counters->resolver.round_trip.nanoseconds, &counters->validation.nanoseconds,
      &counters->shared_cache.waited.nanoseconds};
  status_.shared_cache.emplace();  // told where there is one
  std::string before = ask("stats").dump();
  for (std::size_t i = 0; i < sizeof *counters / sizeof(Counter); ++i) {
    all[i].add(nanoseconds.contains(&all[i]) ? 1'000'000'000 : 1);
    const std::string after = ask("stats").dump();
    EXPECT_NE(after, before) << "counter number " << i << " of telemetry/counters.h is not told";
    before = after;
  }
}

TEST_F(Commands, ALookupAsksWhatIsWishedAndTakesTheReplyApart) {
  Buffer room(512);
  MessageWriter writer(room, room.size());
  writer.header(0, {.qr = true, .rd = true, .ra = true, .ad = true});
  writer.question(Name::of("www.example."), Type::TXT, Class::IN);
  writer.rrset(Section::answer, *rrset("www.example. 300 IN TXT \"two words\" \"a\\\"b\""), 17, false);
  writer.begin_edns(1232, true);
  writer.extended_error(Ede::stale_answer, "old\x1b[2J");
  writer.end_edns();
  const Bytes written = writer.finish();
  reply_ = Buffer(written.begin(), written.end());

  const Json answer = ask("lookup", R"({"name": "www.example", "type": "TXT", "dnssec": true, "cd": true,
                                        "client": "2001:db8::7"})");
  EXPECT_EQ(client_.text(), "2001:db8::7");
  const auto query = MessageView::parse(asked_);
  ASSERT_TRUE(query.has_value());
  EXPECT_TRUE(query->header().rd() && query->header().cd() && query->edns()->dnssec_ok);
  EXPECT_EQ(query->question()->type, Type::TXT);
  EXPECT_EQ(answer.at("rcode"), "NOERROR");
  EXPECT_EQ(answer.at("flags").dump(), R"(["qr","rd","ra","ad"])");
  EXPECT_EQ(answer.at("answer").at(0).dump(),
            R"({"owner":"www.example.","ttl":17,"type":"TXT","data":"\"two words\" \"a\\\"b\""})");
  EXPECT_EQ(answer.at("extended_errors").at(0).at("code"), 3);
  EXPECT_EQ(answer.at("extended_errors").at(0).at("name"), "Stale Answer");

  EXPECT_EQ(ask("lookup", R"({"name": "a.", "client": "nobody"})").at("code"), "bad_argument");
  reply_.clear();
  EXPECT_EQ(ask("lookup", R"({"name": "a."})").at("code"), "failed");
}

// --- Those who look at answers.

// One timer at a time, which the test lets go off.
struct HandExecutor final : Executor {
  struct Handle final : Timer {
    explicit Handle(HandExecutor& home) : home_(home), number_(++home.last) {}
    ~Handle() override {
      EXPECT_NE(home_.running, number_) << "destroyed inside its own work";
      if (home_.armed == number_) { home_.armed = 0; }
    }
    HandExecutor& home_;
    const int number_;
  };
  void post(std::move_only_function<void()> work) override { work(); }
  std::unique_ptr<Timer> after(Duration, std::move_only_function<void()> work) override {
    EXPECT_EQ(armed, 0);
    auto handle = std::make_unique<Handle>(*this);
    due = std::move(work);
    armed = handle->number_;
    return handle;
  }
  bool go_off() {
    if (armed == 0) { return false; }
    running = std::exchange(armed, 0);
    auto work = std::move(due);
    survive_lack_of_memory(work);  // as an event loop does
    running = 0;
    return true;
  }
  std::move_only_function<void()> due;
  int last = 0, armed = 0, running = 0;
};

AnswerEvent event(NameView name) {
  return {.source = AnswerSource::recursion, .standing = Standing::secure, .name = name, .type = Type::A};
}

TEST(Watching, NothingIsKeptWhileNobodyLooks) {
  WorkerCounters counters;
  Recorder recorder(counters);
  const Name name = Name::of("www.example.");
  recorder.record(event(name));
  HandExecutor executor;
  AnswerFeed feed({&recorder}, executor);
  std::vector<std::string> seen;
  const std::uint64_t number = feed.begin([&](std::span<const WatchedAnswer> answers, std::uint64_t) {
    for (const WatchedAnswer& answer : answers) { seen.push_back(answer.name.text()); }
  });
  recorder.record(event(Name::of("a.example.")));
  ASSERT_TRUE(executor.go_off());
  EXPECT_THAT(seen, ElementsAre("a.example."));
  feed.end(number);
  EXPECT_FALSE(recorder.watch().is_on());
  recorder.record(event(name));
  EXPECT_FALSE(executor.go_off());
  AnswerWatch::Taken taken;
  recorder.watch().take(taken);
  EXPECT_TRUE(taken.answers.empty());
}

TEST(Watching, WhatComesTooFastIsDroppedAndCounted) {
  WorkerCounters counters;
  Recorder recorder(counters);
  HandExecutor executor;
  AnswerFeed feed({&recorder}, executor);
  std::size_t seen = 0;
  std::uint64_t dropped = 0;
  feed.begin([&](std::span<const WatchedAnswer> answers, std::uint64_t more) {
    seen += answers.size();
    dropped += more;
  });
  const Name name = Name::of("www.example.");
  for (std::size_t i = 0; i < AnswerWatch::kCapacity + 100; ++i) { recorder.record(event(name)); }
  ASSERT_TRUE(executor.go_off());
  EXPECT_EQ(seen, AnswerWatch::kCapacity);
  EXPECT_EQ(dropped, 100U);
  recorder.record(event(name));  // and on it goes
  ASSERT_TRUE(executor.go_off());
  EXPECT_EQ(seen, AnswerWatch::kCapacity + 1);
  EXPECT_EQ(dropped, 100U);
}

TEST(Watching, OneMayStopWithinHisLookAndTheOthersGoOn) {
  WorkerCounters counters;
  Recorder recorder(counters);
  HandExecutor executor;
  AnswerFeed feed({&recorder}, executor);
  int first = 0, second = 0;
  std::uint64_t number = 0;
  number = feed.begin([&](std::span<const WatchedAnswer>, std::uint64_t) {
    ++first;
    feed.end(number);
  });
  feed.begin([&](std::span<const WatchedAnswer>, std::uint64_t) { ++second; });
  ASSERT_TRUE(executor.go_off());
  ASSERT_TRUE(executor.go_off());
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
}

TEST(Watching, GoesOnAfterMemoryHasRunOutForATurn) {
  WorkerCounters counters;
  Recorder recorder(counters);
  HandExecutor executor;
  AnswerFeed feed({&recorder}, executor);
  int turns = 0;
  feed.begin([&](std::span<const WatchedAnswer>, std::uint64_t) {
    if (++turns == 1) { throw std::bad_alloc(); }
  });
  ASSERT_TRUE(executor.go_off());
  ASSERT_TRUE(executor.go_off());
  EXPECT_EQ(turns, 2);
}

TEST_F(Commands, WhoLooksLeavesWhenHisCallIsOverThoughHeHasNotHungUp) {
  HandExecutor executor;
  ControlRegistry registry;  // goes before the executor, as a server's does
  add_watch_commands(registry, executor, parts());
  const auto call = std::make_shared<Call>(ControlRequest{.command = "trace", .arguments = Json::object()}, heard_);
  registry.run(call);
  EXPECT_TRUE(recorder_.watch().is_on());
  call->fail(control_code::kFailed, "it failed within, after it had begun");
  ASSERT_TRUE(executor.go_off());
  EXPECT_FALSE(recorder_.watch().is_on());
  EXPECT_FALSE(executor.go_off());
}

// --- Reload.

struct LastLine final : CallReplies {
  explicit LastLine(EventLoop& given) : loop(given) {}
  void put(std::string line, bool) override {
    said = Json::parse(line);
    loop.stop();
  }
  bool is_full() const override { return false; }
  void when_drained(std::function<void()>) override {}
  EventLoop& loop;
  Json said;
};

TEST(Reloading, IsPossibleAgainHoweverTheOneBeforeEnded) {
  const auto server = ControlServer::create();
  ASSERT_NE(server, nullptr);
  auto& loop = dynamic_cast<EventLoop&>(server->executor());  // run here, in the place of the server's thread
  const auto hang = loop.after(20s, [&loop] { loop.stop(); });
  int turn = 0;
  std::binary_semaphore go(0);
  add_reload_command(*server, [&]() -> ReloadReport {
    go.acquire();
    if (++turn == 1) { throw std::bad_alloc(); }
    if (turn == 2) { throw std::runtime_error("a fault"); }
    return {.errors = {}, .changed = {"cache.ttl_max"}, .need_restart = {}};
  });
  const auto ask = [&](CallReplies& replies) {
    server->registry().run(
        std::make_shared<Call>(ControlRequest{.command = "reload", .arguments = Json::object()}, replies));
  };
  for (const char* const told : {R"("code":"failed")", R"("code":"failed")", R"("changed":["cache.ttl_max"])"}) {
    LastLine first(loop);
    ask(first);
    HeardReplies second;
    ask(second);
    EXPECT_EQ(second.last().at("code"), "busy");
    go.release();
    loop.run();
    EXPECT_THAT(first.said.dump(), testing::HasSubstr(told));
  }
}

TEST(BusiestNames, AreFoundAmongManyThatComeOnce) {
  Busiest busiest;
  const auto numbered = [](std::string_view stem, int i) {
    return Name::of(std::string(stem) + std::to_string(i) + ".");
  };
  for (int i = 0; i < 20'000; ++i) {
    busiest.add(numbered("once", i));
    if (i % 10 == 0) { busiest.add(numbered("BUSY", 0)); }
    if (i % 20 == 0) { busiest.add(numbered("busy", 1)); }
  }
  const auto rows = busiest.most(2);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_TRUE(rows[0].name == Name::of("busy0."));
  EXPECT_TRUE(rows[1].name == Name::of("busy1."));
  constexpr std::uint64_t kAll = 23'000;
  EXPECT_LE(rows[0].count, 2000U);
  EXPECT_GE(rows[0].count, 2000U - kAll / Busiest::kCounters);
  EXPECT_TRUE(Busiest().most(10).empty());
}

}  // namespace
}  // namespace vouch
