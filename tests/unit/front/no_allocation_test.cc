// A cached answer costs no trip to the allocator, and where a trip is made in vain nothing stays taken. This program's
// operator new counts what one thread takes, and fails when it is told to; in sanitizer builds operator new is the
// sanitizer's, and these tests are skipped.
#include <cstdlib>
#include <new>

#include "resolver/front/front.h"
#include "resolver/front/in_flight.h"
#include "resolver/iterate/shared_exchanges.h"
#include "tests/scenarios/simulation.h"
#include "tests/unit/front/front_testing.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OPERATOR_NEW_IS_TAKEN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OPERATOR_NEW_IS_TAKEN
#endif
#endif

namespace {
thread_local std::size_t allocations = 0;
thread_local std::size_t until_failure = 0;  // 1: the next one fails; 0: none does
}  // namespace

#ifndef OPERATOR_NEW_IS_TAKEN
namespace {

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  if (until_failure != 0 && --until_failure == 0) { throw std::bad_alloc(); }
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(size)
                           : std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  if (memory == nullptr) { throw std::bad_alloc(); }
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size == 0 ? 1 : size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
#endif

namespace vouch {
namespace {

using namespace front_testing;

struct Room final : ReplyRoom {
  MutableBytes buffer() override { return octets; }
  std::unique_ptr<ReplyHandle> keep() override { return nullptr; }
  Buffer octets = Buffer(kMaxMessage);
};

class HotPath : public testing::Test {
 protected:
  HotPath() {
    options.allow = {*Prefix::parse("10.0.0.0/8")};
    const TtlTime now = clock.ttl();
    const auto put = [&](const RRsetPtr& rrset) {
      EXPECT_TRUE(caches.rrsets.put(rrset, Credibility::answer_authoritative, Security::secure, now));
    };
    put(rrset_of({"www.example.com. 300 IN A 192.0.2.1", "www.example.com. 300 IN A 192.0.2.2"},
                 {signature_text("www.example.com.", "A")}));
    put(rrset_of({"alias.example.com. 300 IN CNAME www.example.com."}));
    put(rrset_of({"example.com. 300 IN MX 10 www.example.com."}));
    const auto proof = rrset_of({"a.example.com. 300 IN NSEC z.example.com. A RRSIG NSEC"},
                                {signature_text("a.example.com.", "NSEC")});
    EXPECT_TRUE(caches.rrsets.put_negative(Name::of("gone.example.com."), Type::A, EntryKind::name_error,
                                           rrset_of({"example.com. 300 IN SOA a. b. 1 2 3 4 60"}),
                                           Credibility::answer_authoritative, Security::secure, now,
                                           ProofList::make({proof})));
    front.emplace(
        FrontParts{options, zones, shared, caches, *resolver, executor, clock, recorder, caches.share_of_answers()});
  }
  void SetUp() override {
#ifdef OPERATOR_NEW_IS_TAKEN
    GTEST_SKIP() << "a sanitizer owns operator new";
#endif
  }
  // How many allocations the second of two equal queries takes, and that it is answered with `rcode`.
  std::size_t cost(const Message& message, Rcode rcode, ClientProtocol protocol = ClientProtocol::udp) {
    const Buffer packet = message.encode();
    ClientQuery query;
    query.packet = packet;
    query.client = SocketAddress(*IpAddress::parse("10.0.0.1"), 4000);
    query.protocol = protocol;
    front->answer(query, room);
    const std::size_t before = allocations;
    const std::size_t size = front->answer(query, room);
    const std::size_t taken = allocations - before;
    EXPECT_EQ(Message::decode(Bytes(room.octets).first(size))->rcode, rcode);
    return taken;
  }
  static Message query(std::string_view name, Type type) {
    Message message = Message::query(Name::of(name), type);
    message.rd = true;
    message.edns.emplace().dnssec_ok = true;
    message.edns->options = {{OptionCode::cookie, {1, 2, 3, 4, 5, 6, 7, 8}}, {OptionCode::nsid, {}}};
    return message;
  }

  VirtualClock clock;
  VirtualExecutor executor{clock};
  SeededRandom random;
  ScriptedUpstream upstream{executor, clock, [](const Asked&) { return Scripted::silence(); }};
  CacheOptions cache_options;
  Caches caches{cache_options};
  SharedExchanges exchanges;
  ResolverOptions resolver_options;
  ResolverCounters resolver_counters;
  std::unique_ptr<Resolver> resolver = std::make_unique<Resolver>(
      ResolverParts{resolver_options, caches, exchanges, upstream, executor, clock, random, resolver_counters});
  FrontOptions options;
  LocalZones zones = std::move(*LocalZones::build({}));
  FrontShared shared;
  ZoneLedger ledger{{}, {}, random, clock.wall()};
  ExpiryWatch expiry;
  const RecordedTogether together{ledger, expiry};
  WorkerCounters counters;
  Recorder recorder{counters, &together};
  std::optional<Front> front;
  Room room;
};

TEST_F(HotPath, TheCounterCounts) {
  const std::size_t before = allocations;
  ::operator delete(::operator new(1));
  EXPECT_EQ(allocations, before + 1);
}

TEST_F(HotPath, AnswersWithoutTheAllocator) {
  EXPECT_EQ(cost(query("www.example.com.", Type::A), Rcode::no_error), 0U);
  EXPECT_EQ(cost(query("alias.example.com.", Type::A), Rcode::no_error), 0U);
  EXPECT_EQ(cost(query("gone.example.com.", Type::A), Rcode::name_error), 0U);
  EXPECT_EQ(cost(query("www.example.com.", Type::ANY), Rcode::no_error), 0U);
  EXPECT_EQ(cost(query("nas.home.arpa.", Type::A), Rcode::name_error), 0U);
  EXPECT_EQ(cost(query("www.example.com.", Type::A), Rcode::no_error, ClientProtocol::tls), 0U);
}

TEST_F(HotPath, TurnsAwayWithoutTheAllocator) {
  EXPECT_EQ(cost(query("www.example.com.", Type::AXFR), Rcode::refused), 0U);
  Message odd = query("www.example.com.", Type::A);
  odd.edns->version = 1;
  EXPECT_EQ(cost(odd, Rcode::bad_version), 0U);
  Message status = query("www.example.com.", Type::A);
  status.opcode = Opcode::status;
  EXPECT_EQ(cost(status, Rcode::not_implemented), 0U);
}

TEST_F(HotPath, AdditionalRecordsToo) {
  options.minimal_answers = false;
  EXPECT_EQ(cost(query("example.com.", Type::MX), Rcode::no_error), 0U);
}

// A place that nobody gives back would be lost for good: its client would be refused whatever has to be resolved.
TEST(WaitingShares, WhereMemoryRunsOutNothingStaysTaken) {
#ifdef OPERATOR_NEW_IS_TAKEN
  GTEST_SKIP() << "operator new is the sanitizer's";
#endif
  const IpAddress client = *IpAddress::parse("10.0.0.1");
  const QuestionKey question{Name::of("example."), Type::A, false};
  std::size_t failures = 0;
  for (bool has_failed = true; has_failed; ++failures) {
    WaitingShares shares;
    has_failed = false;
    until_failure = failures + 1;
    try {
      EXPECT_TRUE(shares.take(client, question, {1, 1}));
    } catch (const std::bad_alloc&) { has_failed = true; }
    until_failure = 0;
    EXPECT_TRUE(shares.take(client, question, {1, 1})) << "after failure " << failures + 1;
  }
  EXPECT_GT(failures, 2U);  // for the client, and for the question
}

}  // namespace
}  // namespace vouch
