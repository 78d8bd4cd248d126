// A hostile server's reply, through everything that looks at it: the checks, classification, scrubbing, the caches.
// Oracle: whatever the octets, nothing is cached for a name outside the zone whose server was asked, and no zone cut
// above it or beside it.
#include "resolver/iterate/resolver.h"
#include "resolver/iterate/shared_exchanges.h"
#include "resolver/wire/message_view.h"
#include "tests/fuzz/fuzz_input.h"
#include "tests/unit/cache/living.h"

namespace vouch {
namespace {

// Time passes with every look, so that a query whose server talks rubbish comes to its deadline.
class PassingClock final : public Clock {
 public:
  Instant monotonic() const override { return now_ += std::chrono::milliseconds(5); }
  UnixTime wall() const override { return 1'800'000'000; }
  TtlTime ttl() const override { return 1'000'000; }

 private:
  mutable Instant now_{std::chrono::hours(1)};
};

class CountingRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (Octet& octet : out) { octet = u8(++count_ & 0xff); }
  }

 private:
  std::size_t count_ = 0;
};

// One worker, nothing in parallel: neither member is ever needed.
class NoExecutor final : public Executor {
 public:
  void post(std::move_only_function<void()>) override { must(false, "nothing is shared here"); }
  std::unique_ptr<Timer> after(Duration, std::move_only_function<void()>) override { return nullptr; }
};

// Answers every question with the fuzzer's octets, under the right id and, if the input wants so, the right question.
class HostileUpstream final : public Upstream {
 public:
  HostileUpstream(Bytes reply, bool right_question) : reply_(reply), right_question_(right_question) {}

  Task<UpstreamReply> ask(UpstreamQuestion question) override {
    UpstreamReply reply;
    reply.packet.assign(reply_.begin(), reply_.end());
    if (reply.packet.size() >= kHeaderSize) {
      std::copy_n(question.packet.begin(), 2, reply.packet.begin());
      reply.packet[2] |= 0x80;
      if (right_question_) { put_question(question.packet, reply.packet); }
    }
    switch ((*question.check)(reply.packet)) {
      case ReplyFit::accept:
        reply.status = UpstreamReply::Status::ok;
        break;
      case ReplyFit::forgery:
        reply.status = UpstreamReply::Status::forgery;
        break;
      case ReplyFit::ignore:
        reply.status = UpstreamReply::Status::timeout;
        break;
    }
    co_return reply;
  }

 private:
  // The name asked for may be another at each step (minimisation), so the question section is replaced, not patched.
  static void put_question(Bytes asked, Buffer& reply) {
    const auto ours = parse_name(asked, kHeaderSize);
    const auto theirs = parse_name(reply, kHeaderSize);
    if (!ours || !theirs || std::size_t{theirs->next} + 4 > reply.size()) { return; }
    const auto begin = reply.begin();
    reply.erase(begin + kHeaderSize, begin + theirs->next + 4);
    reply.insert(reply.begin() + kHeaderSize, asked.begin() + kHeaderSize, asked.begin() + ours->next + 4);
    store16(reply.data() + 4, 1);
  }
  Bytes reply_;
  bool right_question_;
};

struct Story {
  const char* zone;
  const char* name;
  Type type;
};
constexpr Story kStories[] = {
    {"example.com.", "www.example.com.", Type::A},  {"example.com.", "a.b.c.example.com.", Type::TXT},
    {"example.com.", "example.com.", Type::NS},     {"example.com.", "www.example.com.", Type::ANY},
    {"example.com.", "sub.example.com.", Type::DS}, {"example.com.", "www.example.com.", Type::CNAME},
    {"com.", "www.example.com.", Type::AAAA},       {"example.com.", "www.example.com.", Type::RRSIG},
};

void tell(const Story& story, bool forwarder, bool right_question, Bytes packet) {
  const Name zone = Name::of(story.zone);
  ResolverOptions options;
  options.priming = false;
  RootHint hint{Name::of("a.root.test."), {*IpAddress::parse("192.0.2.250")}};
  options.root_hints.push_back(hint);
  ConfiguredZone configured;
  configured.zone = zone;
  configured.servers.push_back(*SocketAddress::parse("192.0.2.1", 53));
  (forwarder ? options.forward_zones : options.stub_zones).push_back(configured);
  ConfiguredZone root = configured;  // aliases that lead out of the zone find nobody there
  root.zone = Name();
  root.servers.clear();
  options.stub_zones.push_back(root);

  CacheOptions cache_options;
  cache_options.size = std::size_t{1} << 20;
  Caches caches(cache_options);
  SharedExchanges exchanges;
  HostileUpstream upstream(packet, right_question);
  NoExecutor executor;
  PassingClock clock;
  CountingRandom random;
  ResolverCounters counters;
  Resolver resolver({options, caches, exchanges, upstream, executor, clock, random, counters});
  Budget budget(clock.monotonic());
  Task<Answer> task = resolver.resolve({Name::of(story.name), story.type}, budget);
  task.start();
  must(task.done(), "every resolution ends");
  const Answer answer = task.take();
  must(answer.answer.size() <= 200, "answers are bounded");
  must(budget.upstream_queries() <= Budget::kUpstreamQueries, "so is the work");

  for (const RRsetCache::Seen& seen : samples::living(caches.rrsets, clock.ttl())) {
    must(seen.name.view().is_at_or_below(zone), "nothing outside the zone is stored");
    must(!seen.entry.rrset || seen.entry.rrset->owner().is_at_or_below(zone), "nor an RRset of another owner");
  }
  // Any owner that the reply mentions might have been taken for a zone cut.
  const auto view = MessageView::parse(packet);
  if (!view) { return; }
  for (const RecordAt& record : view->records()) {
    const Name owner = view->owner(record);
    if (!owner.view().is_below(zone)) {
      must(!caches.delegations.find(owner, clock.ttl()), "no zone cut at, above or beside the zone");
    }
    must(!forwarder || !caches.delegations.find(owner, clock.ttl()), "a forwarder refers to nobody");
  }
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  if (size < 2 || size > 65536) { return 0; }
  const Story& story = kStories[data[0] % std::size(kStories)];
  tell(story, (data[1] & 1) != 0, (data[1] & 2) == 0, Bytes(data, size).subspan(2));
  return 0;
}
