#include "resolver/zones/transfer.h"

#include <gmock/gmock.h>

#include "tests/scenarios/simulation.h"
#include "tests/unit/zones/scripted_primary.h"

namespace vouch {
namespace {

using namespace zones_testing;
using simulation::SeededRandom;
using simulation::VirtualClock;
using simulation::VirtualExecutor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string soa(std::uint32_t serial) {
  return "example. 3600 IN SOA ns.example. admin.example. " + std::to_string(serial) + " 7200 900 604800 300";
}
const std::string kNs = "example. 60 IN NS ns.example.";
const std::string kA = "a.example. 60 IN A 192.0.2.1";
const std::string kB = "b.example. 60 IN A 192.0.2.2";
const std::string kC = "c.example. 60 IN A 192.0.2.3";
const Buffer kSecret = {1, 2, 3, 4, 5, 6, 7, 8};

class TransferOf : public ::testing::Test {
 protected:
  using Script = ScriptedDialer::Script;

  TransferResult run(TransferOrder order) {
    std::optional<TransferResult> result;
    const auto fetch = [&]() -> Task<void> {
      TransferResult came = co_await transfer(order, {dialer, clock, random});
      result.emplace(std::move(came));
    };
    Task<void> task = fetch();
    task.start();
    executor.run_until([&] { return result.has_value(); }, 1h);
    EXPECT_TRUE(result.has_value());
    EXPECT_EQ(dialer.open, 0U) << "a connection is left";
    if (!result) { return std::unexpected(TransferError{TransferFault::timeout, "never ended"}); }
    return std::move(*result);
  }
  TransferOrder order(ZonePtr base = nullptr) {
    TransferOrder it;
    it.zone = Name::of("example.");
    it.primary.address = server("192.0.2.53");
    it.base = std::move(base);
    return it;
  }
  // The primary answers every request with these records.
  TransferResult fetch(const Records& records, std::size_t in_each = 100) {
    dialer.script = [=](const SocketAddress&, const Request& request) {
      return Act::send(stream_of(request, records, in_each));
    };
    return run(order());
  }
  // A primary that has serial 12 and, for IXFR, sends these.
  TransferResult changes(const Records& records, const ZonePtr& base) {
    dialer.script = [=](const SocketAddress&, const Request& request) {
      if (request.type == Type::SOA) { return Act::send(message_of(request, {soa(12)})); }
      if (request.type == Type::IXFR) { return Act::send(stream_of(request, records, 2)); }
      return Act::send(stream_of(request, {soa(12), kNs, kC, soa(12)}, 2));
    };
    return run(order(base));
  }
  std::vector<Type> asked() const {
    std::vector<Type> types;
    for (const Request& request : dialer.asked) { types.push_back(request.type); }
    return types;
  }
  static std::string told(const TransferResult& result) {
    return result ? "good" : std::string(transfer_fault_id(result.error().fault)) + ": " + result.error().text;
  }

  VirtualClock clock;
  VirtualExecutor executor{clock};
  SeededRandom random;
  ScriptedDialer dialer{executor, clock, [](const SocketAddress&, const Request&) { return Act::stall(); }};
};

// ---------------------------------------------------------------------------------------------------------------- AXFR

TEST_F(TransferOf, AWholeZone) {
  for (const std::size_t in_each : {1U, 2U, 3U, 100U}) {
    const TransferResult result = fetch({soa(10), kNs, kB, kA, soa(10)}, in_each);
    ASSERT_TRUE(result) << told(result);
    EXPECT_EQ(result->kind, Transfer::Kind::whole);
    EXPECT_THAT(texts_of(*result->zone), ElementsAre(kNs, soa(10), kA, kB)) << in_each;
    EXPECT_EQ(result->records, 5U);
    EXPECT_EQ(result->foreign, 0U);
  }
  EXPECT_THAT(asked(), ElementsAre(Type::AXFR, Type::AXFR, Type::AXFR, Type::AXFR));
}

TEST_F(TransferOf, ForeignRecordsAreLeftOutAndCounted) {
  const TransferResult result = fetch({soa(10), "www.bank.test. 60 IN A 192.0.2.66", kA, "META a.example.",
                                       "sub.example. 60 IN SOA ns.example. admin.example. 99 7200 900 604800 300",
                                       "test. 60 IN SOA ns.example. admin.example. 99 7200 900 604800 300", soa(10)});
  ASSERT_TRUE(result) << told(result);
  EXPECT_THAT(texts_of(*result->zone), ElementsAre(soa(10), kA));
  EXPECT_EQ(result->foreign, 4U);
}

TEST_F(TransferOf, TheZoneBeginsAndEndsWithItsSoa) {
  EXPECT_THAT(told(fetch({kA, soa(10), soa(10)})), HasSubstr("out_of_order: the first record"));
  EXPECT_THAT(told(fetch({"test. 60 IN SOA ns.example. admin.example. 9 7200 900 604800 300", soa(10)})),
              HasSubstr("out_of_order: the first record"));
  EXPECT_THAT(told(fetch({soa(10), kA, soa(11)})), HasSubstr("out_of_order: the zone ends with another SOA"));
  EXPECT_THAT(told(fetch({soa(10), kA, soa(10), kB})), HasSubstr("out_of_order: records after"));
  EXPECT_THAT(told(fetch({soa(10), soa(10)})), HasSubstr("out_of_order"));
  EXPECT_THAT(told(fetch({soa(10), kA})), HasSubstr("timeout")) << "a stream that ends too early";
}

TEST_F(TransferOf, WhatIsNoAnswerEndsIt) {
  const auto with = [&](std::function<Buffer(const Request&)> make) {
    dialer.script = [make](const SocketAddress&, const Request& request) { return Act::send(make(request)); };
    return told(run(order()));
  };
  EXPECT_THAT(with([](const Request& r) { return message_of(r, {}, {.rcode = Rcode::refused}); }),
              HasSubstr("refused: the server says REFUSED"));
  EXPECT_THAT(with([](const Request& r) {
                auto other = r;
                other.id = u16(r.id ^ 1U);
                return message_of(other, {soa(1)});
              }),
              HasSubstr("malformed"));
  EXPECT_THAT(with([](const Request& r) {
                auto other = r;
                other.name = Name::of("test.");
                return message_of(other, {soa(1)});
              }),
              HasSubstr("malformed: the answer to another question"));
  EXPECT_THAT(with([](const Request& r) { return message_of(r, {soa(1)}, {.tc = true}); }), HasSubstr("truncated"));
  EXPECT_THAT(with([](const Request& r) { return message_of(r, {soa(1)}, {.with_question = false}); }),
              HasSubstr("no question"));
  EXPECT_THAT(with([](const Request&) { return Buffer{1, 2, 3}; }), HasSubstr("malformed: no DNS message"));
  EXPECT_THAT(with([](const Request& r) {
                Buffer cut = message_of(r, {soa(1), kA});
                cut.resize(cut.size() - 3);
                return cut;
              }),
              HasSubstr("malformed"));
}

TEST_F(TransferOf, DeadAndStallingPrimariesAreGivenUp) {
  dialer.script = [](const SocketAddress&, const Request&) { return Act::dead(); };
  EXPECT_THAT(told(run(order())), HasSubstr("unreachable"));
  dialer.script = [](const SocketAddress&, const Request&) { return Act::close(); };
  EXPECT_THAT(told(run(order())), HasSubstr("closed the connection"));
  // It stalls after any number of messages.
  const Records records = {soa(10), kNs, kA, kB, soa(10)};
  for (std::size_t count = 0; count < records.size(); ++count) {
    const Instant begin = clock.monotonic();
    dialer.script = [&](const SocketAddress&, const Request& request) {
      auto messages = stream_of(request, records, 1);
      messages.resize(count);
      return Act::send(std::move(messages));
    };
    EXPECT_THAT(told(run(order())), HasSubstr("timeout")) << count;
    EXPECT_LE(clock.monotonic() - begin, 16s);
  }
}

TEST_F(TransferOf, ATrickleEndsWithTheTimeForTheWhole) {
  dialer.script = [](const SocketAddress&, const Request& request) {
    Records records = {soa(10)};
    for (int i = 0; i < 100; ++i) { records.push_back("n" + std::to_string(i) + ".example. 60 IN A 192.0.2.1"); }
    Act act = Act::send(stream_of(request, records, 1));
    act.each = 14s;
    return act;
  };
  const Instant begin = clock.monotonic();
  EXPECT_THAT(told(run(order())), HasSubstr("timeout"));
  EXPECT_EQ(clock.monotonic() - begin, TransferPatience().whole);
}

TEST_F(TransferOf, LimitsHold) {
  Records records = {soa(10)};
  for (int i = 0; i < 1000; ++i) { records.push_back("n" + std::to_string(i) + ".example. 60 IN A 192.0.2.1"); }
  records.push_back(soa(10));
  dialer.script = [&](const SocketAddress&, const Request& request) {
    return Act::send(stream_of(request, records, 10));
  };
  TransferOrder limited = order();
  EXPECT_TRUE(run(limited));
  limited.limits = {.octets = 2000};
  EXPECT_THAT(told(run(limited)), HasSubstr("too_large: more than 2000 octets"));
  limited.limits = {.records = 100};
  EXPECT_THAT(told(run(limited)), HasSubstr("too_large: more than 100 records"));
  limited.limits = {.messages = 20};
  EXPECT_THAT(told(run(limited)), HasSubstr("too_large: more than 20 messages"));
}

// ---------------------------------------------------------------------------------------------------------------- IXFR

TEST_F(TransferOf, NothingIsFetchedThatIsThere) {
  const ZonePtr base = zone_of("example.", {soa(12), kA});
  dialer.script = [](const SocketAddress&, const Request& request) {
    return Act::send(message_of(request, {soa(12)}));
  };
  const TransferResult result = run(order(base));
  ASSERT_TRUE(result) << told(result);
  EXPECT_EQ(result->kind, Transfer::Kind::up_to_date);
  EXPECT_EQ(result->zone, nullptr);
  EXPECT_THAT(asked(), ElementsAre(Type::SOA));
}

TEST_F(TransferOf, ASerialThatGoesBackwardsIsTold) {
  const ZonePtr base = zone_of("example.", {soa(13), kA});
  EXPECT_THAT(told(changes({}, base)), HasSubstr("behind: serial 12 is older than ours, 13"));
  EXPECT_THAT(asked(), ElementsAre(Type::SOA));
  // Only between the two questions.
  dialer.script = [](const SocketAddress&, const Request& request) {
    return Act::send(message_of(request, {soa(request.type == Type::SOA ? 14 : 9)}));
  };
  EXPECT_THAT(told(run(order(base))), HasSubstr("behind: serial 9"));
}

TEST_F(TransferOf, Differences) {
  const ZonePtr base = zone_of("example.", {soa(10), kNs, kA});
  const TransferResult result = changes({soa(12), soa(10), kA, soa(11), kB, soa(11), soa(12), kC, soa(12)}, base);
  ASSERT_TRUE(result) << told(result);
  EXPECT_EQ(result->kind, Transfer::Kind::incremental);
  EXPECT_THAT(texts_of(*result->zone), ElementsAre(kNs, soa(12), kB, kC));
  EXPECT_THAT(result->differences, SizeIs(2));
  EXPECT_THAT(asked(), ElementsAre(Type::SOA, Type::IXFR));
  EXPECT_EQ(dialer.asked.back().serial, 10U);
  EXPECT_EQ(dialer.dialled, 1U);
}

TEST_F(TransferOf, AWholeZoneMayAnswerIxfr) {
  const ZonePtr base = zone_of("example.", {soa(10), kNs, kA});
  const TransferResult result = changes({soa(12), kNs, kB, soa(12)}, base);
  ASSERT_TRUE(result) << told(result);
  EXPECT_EQ(result->kind, Transfer::Kind::whole);
  EXPECT_THAT(texts_of(*result->zone), ElementsAre(kNs, soa(12), kB));
}

TEST_F(TransferOf, DifferencesThatDoNotFitLeadToTheWholeZone) {
  const ZonePtr base = zone_of("example.", {soa(10), kNs, kA});
  const std::vector<Records> misfits = {
      {soa(12), soa(10), kB, soa(12), kC, soa(12)},                       // deletes what is not there
      {soa(12), soa(9), kA, soa(12), kC, soa(12)},                        // does not begin where we stand
      {soa(12), soa(10), kA, soa(9), kC, soa(12)},                        // goes backwards
      {soa(12), soa(10), kA, soa(11), kC, soa(13), soa(12)},              // leaves a gap
      {soa(12), soa(10), kA, soa(12), kC, soa(11)},                       // ends elsewhere
      {soa(12), soa(10), kA, soa(12), soa(12), kA},                       // goes on behind its end
      {soa(12), "example. 9 IN SOA x. y. 10 1 1 1 1", soa(12), soa(12)},  // deletes an SOA that is not ours
  };
  for (const Records& records : misfits) {
    dialer.asked.clear();
    const TransferResult result = changes(records, base);
    ASSERT_TRUE(result) << told(result);
    EXPECT_EQ(result->kind, Transfer::Kind::whole);
    EXPECT_THAT(texts_of(*result->zone), ElementsAre(kNs, soa(12), kC));
    EXPECT_THAT(asked(), ElementsAre(Type::SOA, Type::IXFR, Type::AXFR));
  }
}

TEST_F(TransferOf, APrimaryWithoutIxfrIsAskedForTheWhole) {
  const ZonePtr base = zone_of("example.", {soa(10), kNs, kA});
  for (const Rcode rcode : {Rcode::format_error, Rcode::not_implemented, Rcode::refused}) {
    dialer.script = [=](const SocketAddress&, const Request& request) {
      if (request.type == Type::IXFR) { return Act::send(message_of(request, {}, {.rcode = rcode})); }
      if (request.type == Type::SOA) { return Act::send(message_of(request, {soa(12)})); }
      return Act::send(message_of(request, {soa(12), kC, soa(12)}));
    };
    const TransferResult result = run(order(base));
    ASSERT_TRUE(result) << told(result);
    EXPECT_EQ(result->kind, Transfer::Kind::whole);
  }
  dialer.asked.clear();
  TransferOrder plain = order(base);
  plain.primary.incremental = false;
  EXPECT_TRUE(run(plain));
  EXPECT_THAT(asked(), ElementsAre(Type::SOA, Type::AXFR));
}

TEST_F(TransferOf, AStallIsNotAskedAgain) {
  const ZonePtr base = zone_of("example.", {soa(10), kNs, kA});
  dialer.script = [=](const SocketAddress&, const Request& request) {
    return request.type == Type::SOA ? Act::send(message_of(request, {soa(12)})) : Act::stall();
  };
  EXPECT_THAT(told(run(order(base))), HasSubstr("timeout"));
  EXPECT_THAT(asked(), ElementsAre(Type::SOA, Type::IXFR));
}

// Compression makes two octets of a name that takes 255 in memory: what counts is what has to be held, too.
class Swelling : public TransferOf {
 protected:
  static Records swollen(const Records& before, const Records& after) {
    const std::string label = std::string(60, 'x') + ".";
    const std::string below =
        "." + label + label + label + "example. 60 IN NS ns." + label + label + label + "example.";
    Records records = before;
    for (int i = 0; i < 200; ++i) { records.push_back((i % 2 == 0 ? "a" : "b") + std::to_string(i) + below); }
    records.insert(records.end(), after.begin(), after.end());
    return records;
  }
  static constexpr std::size_t kLimit =
      30'000;  // octets; the messages have a quarter of it, the records more than twice as much
};

TEST_F(Swelling, AWholeZoneIsBoundedByWhatItTakesInMemory) {
  const Records records = swollen({soa(12)}, {soa(12)});
  dialer.script = [=](const SocketAddress&, const Request& request) {
    return Act::send(stream_of(request, records, 1000));
  };
  const TransferResult whole = run(order());
  ASSERT_TRUE(whole) << told(whole);
  EXPECT_LT(whole->octets, kLimit);
  EXPECT_GT(whole->zone->memory(), 2 * kLimit);
  TransferOrder bounded = order();
  bounded.limits.octets = kLimit;
  EXPECT_THAT(told(run(bounded)), HasSubstr("too_large: more than 30000 octets in memory"));
}

TEST_F(Swelling, SoAreDifferences) {
  for (const bool deletes : {false, true}) {
    const Records records =
        deletes ? swollen({soa(12), soa(10)}, {soa(12), soa(12)}) : swollen({soa(12), soa(10), soa(12)}, {soa(12)});
    dialer.script = [=](const SocketAddress&, const Request& request) {
      if (request.type == Type::SOA) { return Act::send(message_of(request, {soa(12)})); }
      return Act::send(stream_of(request, request.type == Type::IXFR ? records : Records{soa(12), kA, soa(12)}, 1000));
    };
    TransferOrder bounded = order(zone_of("example.", {soa(10), kNs, kA}));
    bounded.limits.octets = kLimit;
    const TransferResult result = run(bounded);
    ASSERT_TRUE(result) << told(result);
    EXPECT_EQ(result->kind, Transfer::Kind::whole) << "the differences were too large";
  }
}

// Each difference may be small where what they lead to is not.
TEST_F(Swelling, SoIsWhatDifferencesLeadTo) {
  const ZonePtr base = zone_of("example.", swollen({soa(10)}, {}));
  dialer.script = [=](const SocketAddress&, const Request& request) {
    if (request.type == Type::SOA) { return Act::send(message_of(request, {soa(12)})); }
    if (request.type == Type::AXFR) { return Act::send(message_of(request, {}, {.rcode = Rcode::refused})); }
    return Act::send(stream_of(request, {soa(12), soa(10), soa(12), kA, soa(12)}, 1000));
  };
  TransferOrder bounded = order(base);
  EXPECT_TRUE(run(bounded));
  dialer.asked.clear();
  bounded.limits.octets = kLimit;
  EXPECT_THAT(told(run(bounded)), HasSubstr("refused"));
  EXPECT_THAT(asked(), ElementsAre(Type::SOA, Type::IXFR, Type::AXFR));
}

// ---------------------------------------------------------------------------------------------------------------- TSIG

class SignedTransfer : public TransferOf {
 protected:
  SignedTransfer() {
    signed_order = order();
    signed_order.primary.key =
        std::make_shared<TsigKey>(TsigKey{Name::of("k.example."), TsigAlgorithm::hmac_sha256, kSecret});
  }
  // Signs the messages whose number is in the list.
  void answer_signed(std::vector<std::size_t> signed_ones, Buffer secret = kSecret) {
    dialer.script = [=, this](const SocketAddress&, const Request& request) {
      if (!request.is_signed) { return Act::send(message_of(request, {}, {.rcode = Rcode::refused})); }
      ServerSigner signer("k.example.", "hmac-sha256.", secret);
      signer.begin(request);
      std::vector<Buffer> messages = stream_of(request, {soa(10), kNs, kA, kB, soa(10)}, 1);
      for (std::size_t i = 0; i < messages.size(); ++i) {
        if (std::ranges::find(signed_ones, i) != signed_ones.end()) {
          signer.sign(messages[i], clock.wall());
        } else {
          signer.pass(messages[i]);
        }
      }
      return Act::send(std::move(messages));
    };
  }
  TransferOrder signed_order;
};

TEST_F(SignedTransfer, Holds) {
  answer_signed({0, 1, 2, 3, 4});
  EXPECT_EQ(told(run(signed_order)), "good");
  answer_signed({0, 4});
  EXPECT_EQ(told(run(signed_order)), "good");
}

TEST_F(SignedTransfer, TheFirstAndTheLastAreSigned) {
  answer_signed({1, 2, 3, 4});
  EXPECT_THAT(told(run(signed_order)), HasSubstr("tsig: the first message is not signed"));
  answer_signed({0, 1, 2, 3});
  EXPECT_THAT(told(run(signed_order)), HasSubstr("tsig: the last message is not signed"));
}

TEST_F(SignedTransfer, AnotherSecretIsNotBelieved) {
  answer_signed({0, 1, 2, 3, 4}, {1});
  EXPECT_THAT(told(run(signed_order)), HasSubstr("tsig:"));
  dialer.script = [](const SocketAddress&, const Request& request) {
    return Act::send(message_of(request, {}, {.rcode = Rcode::refused}));
  };
  EXPECT_THAT(told(run(signed_order)), HasSubstr("REFUSED")) << "who refuses without a signature is quoted";
}

TEST_F(SignedTransfer, TheSerialIsSignedToo) {
  signed_order.base = zone_of("example.", {soa(10), kA});
  dialer.script = [](const SocketAddress&, const Request& request) {
    return Act::send(message_of(request, {soa(10)}));
  };
  EXPECT_THAT(told(run(signed_order)), HasSubstr("tsig: the first message is not signed"));
}

}  // namespace
}  // namespace vouch
