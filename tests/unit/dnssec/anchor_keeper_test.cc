// A zone that rolls its keys and a keeper that watches it, for months of virtual time.
#include "resolver/dnssec/anchor_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "resolver/base/log.h"
#include "resolver/dnssec/anchor_memory.h"
#include "resolver/dnssec/key_set.h"
#include "tests/dnssec_kit/signer.h"
#include "tests/scenarios/simulation.h"

namespace vouch {
namespace {

using dnssec_kit::SigningKey;
using simulation::VirtualClock;
using simulation::VirtualExecutor;
using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr UnixTime kStart = VirtualClock::kStart;
constexpr UnixTime kDay = 86400;
constexpr std::uint32_t kTtl = 172800;
constexpr std::uint16_t kKsk = 0x0101, kRevokedKsk = 0x0181;

// A zone at its authoritative servers: what it publishes, who signs it, who asked.
class ScriptedZone final : public Fetch {
 public:
  explicit ScriptedZone(VirtualClock& clock) : clock_(clock) {}

  Task<Answer> fetch(Question, Budget&) override {
    ADD_FAILURE() << "from the cache there is nothing to learn";
    co_return Answer{};
  }
  Task<Answer> fetch_elsewhere(Question question, const std::vector<IpAddress>&, Budget&) override {
    if (question.type != Type::DNSKEY) {
      signals.push_back(question.name.text() + " " + type_text(question.type));
      co_return Answer{};
    }
    probes.push_back(clock_.wall());
    if (is_silent) { co_return Answer{}; }
    std::vector<Buffer> rdata, signatures;
    for (const SigningKey* key : keys) { rdata.push_back(key->dnskey()); }
    const RRsetPtr set = dnssec_kit::set_of(question.name, Type::DNSKEY, kTtl, rdata);
    dnssec_kit::SignOptions fresh;
    fresh.inception = clock_.wall() - kDay;
    fresh.expiration = clock_.wall() + 14 * kDay;
    for (const SigningKey* key : signers) { signatures.push_back(rrsig(*set, *key, question.name, fresh)); }
    Answer answer;
    answer.rcode = Rcode::no_error;
    answer.answer.push_back({.rrset = dnssec_kit::with_signatures(*set, signatures), .ttl = kTtl});
    co_return answer;
  }
  bool is_known_cut(NameView) const override { return false; }

  std::vector<const SigningKey*> keys, signers;
  bool is_silent = false;
  std::vector<UnixTime> probes;
  std::vector<std::string> signals;

 private:
  VirtualClock& clock_;
};

class MemoryStore final : public AnchorStore {
 public:
  std::expected<std::optional<std::string>, std::string> read() override { return text; }
  void set_aside() override { bad = std::exchange(text, std::nullopt); }
  void write(std::string what) override { text = std::move(what); }
  std::optional<std::string> text, bad;
};

class Keeping : public testing::Test {
 protected:
  Keeping() {
    options_.builtin_root_anchor = false;
    options_.rfc8145_signals = false;
    options_.trust_anchors = {{.owner = Name(), .type = Type::DS, .rdata = first_.ds(Name())}};
    zone_.keys = zone_.signers = {&first_};
    set_log_level(LogLevel::error);
  }
  ~Keeping() override { set_log_level(LogLevel::info); }

  void start() {
    task_ = {};
    keeper_.reset();
    anchors_ = std::make_unique<TrustAnchors>(anchors_from(options_, clock_.wall()));
    keeper_ = std::make_unique<AnchorKeeper>(AnchorKeeperParts{
        .options = options_, .anchors = *anchors_, .trust = trust_, .store = &store_, .clock = clock_});
    task_ = keeper_->run(zone_, executor_);
    task_.start();
  }
  void pass(Duration time) { executor_.run_for(time); }
  void pass_until(UnixTime time) { pass(std::chrono::seconds(time - clock_.wall())); }
  bool is_trusted(const SigningKey& key) const {
    const AnchorSet::Point* const point = anchors_->current()->closest(Name());
    return point != nullptr && std::ranges::find(point->dnskeys, key.dnskey()) != point->dnskeys.end();
  }

  const SigningKey first_{{.flags = kKsk, .seed = "first"}};
  const SigningKey second_{{.flags = kKsk, .seed = "second"}};
  const SigningKey third_{{.flags = kKsk, .seed = "third"}};
  const SigningKey revoked_first_ = first_.with_flags(kRevokedKsk);
  DnssecOptions options_;
  VirtualClock clock_;
  VirtualExecutor executor_{clock_};
  ScriptedZone zone_{clock_};
  MemoryStore store_;
  TrustCache trust_{1 << 20};
  std::unique_ptr<TrustAnchors> anchors_;
  std::unique_ptr<AnchorKeeper> keeper_;
  Task<void> task_;
};

TEST_F(Keeping, ANewKeyIsTrustedAfterThirtyDaysAndNotASecondBefore) {
  start();
  pass_until(kStart + 10 * kDay + 1);
  zone_.keys = {&first_, &second_};
  pass_until(kStart + 11 * kDay);  // half of the TTL is a day: now the key has been seen
  pass_until(kStart + 41 * kDay - 1);
  EXPECT_FALSE(is_trusted(second_));
  pass_until(kStart + 41 * kDay);
  EXPECT_TRUE(is_trusted(second_));
  EXPECT_TRUE(is_trusted(first_));
}

TEST_F(Keeping, ARevokedKeyGoesAtTheNextLook) {
  options_.trust_anchors.push_back({.owner = Name(), .type = Type::DS, .rdata = second_.ds(Name())});
  zone_.keys = {&first_, &second_};
  start();
  pass(1h);
  ASSERT_TRUE(is_trusted(first_));
  zone_.keys = {&revoked_first_, &second_};
  zone_.signers = {&revoked_first_, &second_};
  pass_until(kStart + kDay);
  EXPECT_FALSE(is_trusted(first_));
  EXPECT_TRUE(is_trusted(second_));
  EXPECT_THAT(anchors_->current()->closest(Name())->ds, IsEmpty()) << "nor does its DS count";
}

TEST_F(Keeping, WhatWasBuiltOnARevokedKeyIsForgottenEvenWhatWasJustBeingBuilt) {
  const auto remember = [&](const char* zone) {
    const Name name = Name::of(zone);
    trust_.put(std::make_shared<const ZoneTrust>(name, Verdict::insecure(Reason::none, name), nullptr), 86400,
               clock_.ttl());
  };
  options_.trust_anchors.push_back({.owner = Name(), .type = Type::DS, .rdata = second_.ds(Name())});
  zone_.keys = {&first_, &second_};
  start();
  pass(1h);
  remember("example.");
  zone_.keys = {&revoked_first_, &second_};
  zone_.signers = {&revoked_first_, &second_};
  pass_until(kStart + kDay);
  EXPECT_EQ(trust_.find(Name::of("example."), clock_.ttl()), nullptr);
  remember("late.example.");
  pass(AnchorKeeper::kForgetAgain);
  EXPECT_EQ(trust_.find(Name::of("late.example."), clock_.ttl()), nullptr);
  remember("example.");
  pass(10h);
  EXPECT_NE(trust_.find(Name::of("example."), clock_.ttl()), nullptr) << "and then no more";
}

TEST_F(Keeping, AKeyThatVanishesDuringTheHoldDownBeginsAnew) {
  zone_.keys = {&first_, &second_};
  start();
  pass_until(kStart + 20 * kDay + 1);
  zone_.keys = {&first_};
  pass_until(kStart + 21 * kDay + 1);
  zone_.keys = {&first_, &second_};
  pass_until(kStart + 22 * kDay);
  pass_until(kStart + 52 * kDay - 1);
  EXPECT_FALSE(is_trusted(second_));
  pass_until(kStart + 52 * kDay);
  EXPECT_TRUE(is_trusted(second_));
}

TEST_F(Keeping, AWholeRollLeavesTheNewKeyAlone) {
  zone_.keys = {&first_, &second_};
  start();
  pass_until(kStart + 31 * kDay);
  zone_.keys = {&revoked_first_, &second_};
  zone_.signers = {&revoked_first_, &second_};
  pass_until(kStart + 40 * kDay);
  zone_.keys = zone_.signers = {&second_};
  pass_until(kStart + 80 * kDay);
  const AnchorSet::Point* const root = anchors_->current()->closest(Name());
  EXPECT_THAT(root->dnskeys, ElementsAre(second_.dnskey()));
  EXPECT_THAT(root->ds, IsEmpty());
}

TEST_F(Keeping, ASetThatTheTrustedKeysDidNotSignChangesNothing) {
  start();
  pass(1h);
  zone_.keys = {&second_, &third_};
  zone_.signers = {&second_, &third_};
  pass_until(kStart + 90 * kDay);
  EXPECT_TRUE(is_trusted(first_));
  EXPECT_FALSE(is_trusted(second_));
  EXPECT_THAT(keeper_->points().at(0).memory().keys, SizeIs(1));
}

TEST_F(Keeping, WhileServersAreSilentTheTrustStaysAndTheRetriesAreSpaced) {
  start();
  pass(1h);
  zone_.probes.clear();
  zone_.is_silent = true;
  pass_until(kStart + 10 * kDay);
  EXPECT_TRUE(is_trusted(first_));
  ASSERT_THAT(zone_.probes, SizeIs(AllOf(Ge(20), Le(60))));
  EXPECT_EQ(zone_.probes[2] - zone_.probes[1], kTtl / 10);
}

TEST_F(Keeping, WhenEveryKeyIsRevokedTheZoneHasNoAnchorAndIsLeftInPeace) {
  zone_.keys = zone_.signers = {&revoked_first_};
  start();
  pass(1h);
  EXPECT_THAT(anchors_->current()->points(), IsEmpty());
  const std::size_t before = zone_.probes.size();
  pass(240h);
  EXPECT_THAT(zone_.probes, SizeIs(before));
}

TEST_F(Keeping, ARestartDoesNotInterruptTheHoldDown) {
  zone_.keys = {&first_, &second_};
  start();
  pass_until(kStart + 20 * kDay);
  start();
  EXPECT_THAT(keeper_->points().at(0).memory().keys, SizeIs(2));
  pass_until(kStart + 30 * kDay - 1);
  EXPECT_FALSE(is_trusted(second_));
  pass_until(kStart + 30 * kDay);
  EXPECT_TRUE(is_trusted(second_));
}

TEST_F(Keeping, ARestartAfterTheRollKnowsTheNewKeyBeforeItAsksAnybody) {
  zone_.keys = {&first_, &second_};
  start();
  pass_until(kStart + 31 * kDay);
  zone_.is_silent = true;
  start();
  EXPECT_TRUE(is_trusted(second_));
}

TEST_F(Keeping, ADamagedMemoryIsSetAsideAndTheConfiguredAnchorsServe) {
  zone_.keys = {&first_, &second_};
  start();
  pass_until(kStart + 31 * kDay);
  ASSERT_TRUE(store_.text);
  store_.text->pop_back();
  const auto damaged = store_.text;
  zone_.is_silent = true;
  set_log_level(LogLevel::error);
  start();
  EXPECT_FALSE(is_trusted(second_));
  EXPECT_THAT(anchors_->current()->closest(Name())->ds, ElementsAre(first_.ds(Name())));
  EXPECT_EQ(store_.bad, damaged);
}

TEST_F(Keeping, AClockInThePastMovesNoKey) {
  zone_.keys = {&first_, &second_};
  start();
  pass_until(kStart + 20 * kDay);
  const TrustPointMemory before = keeper_->points().at(0).memory();
  clock_.set_wall(0);  // the battery is empty
  zone_.keys = {&first_};
  pass(200h);
  EXPECT_EQ(keeper_->points().at(0).memory().keys, before.keys);
  clock_.set_wall(kStart + 25 * kDay);
  zone_.keys = {&first_, &second_};
  pass_until(kStart + 30 * kDay - 1);
  EXPECT_FALSE(is_trusted(second_));
  pass(2h);
  EXPECT_TRUE(is_trusted(second_));
}

TEST_F(Keeping, SwitchedOffItLeavesTheAnchorsAsTheyAre) {
  options_.rfc5011 = false;
  zone_.keys = {&first_, &second_};
  start();
  pass_until(kStart + 40 * kDay);
  EXPECT_THAT(zone_.probes, IsEmpty());
  EXPECT_THAT(anchors_->current()->closest(Name())->ds, ElementsAre(first_.ds(Name())));
  EXPECT_FALSE(store_.text);
}

TEST_F(Keeping, EachAnchoredZoneHearsOnceADayWhatIsTrusted) {
  options_.rfc8145_signals = true;
  options_.trust_anchors.push_back(
      {.owner = Name::of("corp.example."), .type = Type::DS, .rdata = Buffer{0x12, 0x34, 8, 2, 1, 2, 3}});
  start();
  ASSERT_THAT(zone_.signals, SizeIs(2));
  EXPECT_EQ(zone_.signals[0], "_ta-1234.corp.example. NULL");
  EXPECT_TRUE(zone_.signals[1].starts_with("_ta-")) << zone_.signals[1];
  pass(24h - 1s);
  EXPECT_THAT(zone_.signals, SizeIs(2));
  pass(72h);
  EXPECT_THAT(zone_.signals, SizeIs(8));
}

TEST_F(Keeping, ANegativeAnchorEndsAtItsTime) {
  options_.negative_trust_anchors = {NegativeAnchor(Name::of("broken.example."), "", kStart + 5000),
                                     Name::of("always.example.")};
  start();
  pass_until(kStart + 4999);
  EXPECT_NE(anchors_->current()->negative(Name::of("www.broken.example.")), nullptr);
  pass_until(kStart + 5000);
  EXPECT_EQ(anchors_->current()->negative(Name::of("www.broken.example.")), nullptr);
  EXPECT_NE(anchors_->current()->negative(Name::of("always.example.")), nullptr);
}

// A reload makes another keeper on the anchors that are shared: its own options hold from then on.
TEST_F(Keeping, TheNegativeAnchorsOfAReloadHoldAtOnce) {
  const auto is_off = [this](std::string_view name) {
    return anchors_->current()->negative(Name::of(name)) != nullptr;
  };
  options_.negative_trust_anchors = {NegativeAnchor(Name::of("former.example.")),
                                     NegativeAnchor(Name::of("kept.example."))};
  start();
  anchors_->replace_temporary_negatives({Name::of("temporary.example.")});
  DnssecOptions changed = options_;
  changed.negative_trust_anchors = {NegativeAnchor(Name::of("kept.example.")),
                                    NegativeAnchor(Name::of("fresh.example."), "", kStart + 5000)};
  task_ = {};
  keeper_ = std::make_unique<AnchorKeeper>(
      AnchorKeeperParts{.options = changed, .anchors = *anchors_, .trust = trust_, .store = &store_, .clock = clock_});
  EXPECT_FALSE(is_off("www.former.example."));
  EXPECT_TRUE(is_off("www.kept.example."));
  EXPECT_TRUE(is_off("www.fresh.example."));
  EXPECT_TRUE(is_off("www.temporary.example."));  // the operator's word at run time stands beside it
  task_ = keeper_->run(zone_, executor_);
  task_.start();
  pass_until(kStart + 5000);
  EXPECT_FALSE(is_off("www.fresh.example."));
  EXPECT_TRUE(is_off("www.kept.example."));
  task_ = {};  // before the options that it leans on
  keeper_.reset();
}

TEST_F(Keeping, NoZoneIsAskedMoreOftenThanOnceAnHour) {
  options_.trust_anchors.push_back({.owner = Name::of("b."), .type = Type::DS, .rdata = second_.ds(Name::of("b."))});
  start();
  pass(240h);
  ASSERT_THAT(zone_.probes, SizeIs(Ge(20)));
  for (std::size_t i = 2; i < zone_.probes.size(); ++i) { EXPECT_GE(zone_.probes[i] - zone_.probes[i - 2], 3600); }
}

}  // namespace
}  // namespace vouch
