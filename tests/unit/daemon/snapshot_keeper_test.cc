#include "resolver/daemon/snapshot_keeper.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <new>
#include <string>

#include "resolver/wire/rrset.h"

namespace vouch {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vouch-keeper-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

class Keeping : public testing::Test {
 protected:
  SnapshotKeeper::Parts parts() {
    return {.caches = caches,
            .clock = clock,
            .options =
                [this] {
                  if (has_no_options) { throw std::bad_alloc(); }
                  return options;
                },
            .terms =
                [this] {
                  ++asked;
                  if (is_out_of_memory) { throw std::bad_alloc(); }
                  SnapshotKeeper::Terms terms;
                  terms.options = options;
                  return terms;
                }};
  }
  // What the next one comes to.
  SnapshotKeeper::Outcome saved(SnapshotKeeper& keeper) {
    const auto promise = std::make_shared<std::promise<SnapshotKeeper::Outcome>>();
    auto future = promise->get_future();
    keeper.save_now([promise](const SnapshotKeeper::Outcome& outcome) { promise->set_value(outcome); });
    return future.get();
  }
  bool has_file() const { return std::filesystem::exists(folder.path() + "/cache-snapshot"); }

  Folder folder;
  SnapshotOptions options{.enabled = true, .state_directory = folder.path()};
  Caches caches{CacheOptions{.size = 1 << 20}};
  SystemClock clock{TtlClock::monotonic};
  std::atomic<bool> is_out_of_memory = false, has_no_options = false;
  std::atomic<int> asked = 0;
};

TEST_F(Keeping, LackOfMemoryCostsASnapshotAndNotTheProcess) {
  is_out_of_memory = true;
  SnapshotKeeper keeper(parts());
  keeper.prepare();
  keeper.start();
  const auto outcome = saved(keeper);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error(), "out of memory");
  is_out_of_memory = false;
  EXPECT_TRUE(saved(keeper)) << "there is memory again";
  EXPECT_TRUE(has_file());
}

TEST_F(Keeping, LackOfMemoryForTheOptionsAloneIsNotTheEnd) {
  has_no_options = true;
  SnapshotKeeper keeper(parts());
  keeper.prepare();
  keeper.start();
  EXPECT_EQ(saved(keeper).error(), "out of memory");
  has_no_options = false;
  EXPECT_TRUE(saved(keeper));
}

TEST_F(Keeping, LackOfMemoryWhereTheOutcomeIsToldIsNotTheEnd) {
  SnapshotKeeper keeper(parts());
  keeper.prepare();
  keeper.start();
  keeper.save_now([](const SnapshotKeeper::Outcome&) { throw std::bad_alloc(); });
  EXPECT_TRUE(saved(keeper));
}

TEST_F(Keeping, NobodyReckonsGroundsWhereNothingIsKept) {
  options.enabled = false;
  SnapshotKeeper keeper(parts());
  keeper.prepare();
  keeper.start();
  EXPECT_EQ(saved(keeper).error(), "cache.snapshot.enabled is false");
  keeper.finish(std::chrono::seconds(30));
  EXPECT_EQ(asked, 0);
  EXPECT_FALSE(has_file());
}

TEST_F(Keeping, WhatWasFlushedBeforeItWasTakenUpDoesNotComeBack) {
  const auto record = parse_record("www.example. 3000 IN A 192.0.2.1");
  const Bytes rdata[] = {record->rdata};
  const RRsetPtr data = RRset::make(record->owner, record->type, record->ttl, rdata);
  const auto find = [&](Caches& in) { return in.rrsets.find(record->owner, Type::A, clock.ttl()); };
  ASSERT_TRUE(caches.rrsets.put(data, Credibility::answer_authoritative, Security::unchecked, clock.ttl()));
  {
    SnapshotKeeper keeper(parts());
    keeper.prepare();
    keeper.start();
    const auto outcome = saved(keeper);
    ASSERT_TRUE(outcome) << outcome.error();
    ASSERT_EQ(outcome->rrsets, 1U);
  }
  const auto start_with = [&](bool flushes) {
    auto fresh = std::make_unique<Caches>(CacheOptions{.size = 1 << 20});
    auto its = parts();
    SnapshotKeeper keeper(SnapshotKeeper::Parts{*fresh, clock, std::move(its.options), std::move(its.terms)});
    keeper.prepare();
    if (flushes) { fresh->rrsets.remove_name(record->owner); }
    keeper.start();
    (void)saved(keeper);  // when the last one has been taken up
    return fresh;
  };
  EXPECT_TRUE(find(*start_with(false)));
  EXPECT_FALSE(find(*start_with(true)));
}

}  // namespace
}  // namespace vouch
