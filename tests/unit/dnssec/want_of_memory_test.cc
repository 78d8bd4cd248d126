// Where OpenSSL has no memory, the answer is std::bad_alloc, and never that a key, a signature or an algorithm is bad.
// All that it allocates goes through this file's functions, which fail when a test says so.
#include <gtest/gtest.h>
#include <openssl/crypto.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <new>
#include <optional>
#include <utility>

#include "resolver/dnssec/algorithms.h"
#include "resolver/dnssec/algorithms_library.h"
#include "tests/dnssec_kit/signer.h"

// A sanitizer, too, refuses what is too much, instead of ending the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }  // NOLINT: its name
extern "C" const char* __tsan_default_options() { return "allocator_may_return_null=1"; }  // NOLINT: its name

namespace vouch {
namespace {

using dnssec_kit::SigningKey;

constexpr std::array<std::uint8_t, 8> kAll = {5, 7, 8, 10, 13, 14, 15, 16};
thread_local std::size_t allocations = 0;
thread_local std::size_t until_failure = 0;  // 1: the next one fails; 0: none does

bool must_fail() noexcept {
  ++allocations;
  return until_failure != 0 && --until_failure == 0;
}
CRYPTO_malloc_fn take_ours = nullptr;
CRYPTO_realloc_fn take_again_ours = nullptr;
CRYPTO_free_fn give_back_ours = nullptr;

// More than there is, so that what fails is the product's.
constexpr std::size_t kTooMuch = std::size_t{1} << 60;
void* take(std::size_t size, const char* file, int line) {
  return take_ours(must_fail() ? kTooMuch : size, file, line);
}
void* take_again(void* memory, std::size_t size, const char* file, int line) {
  return take_again_ours(memory, must_fail() ? kTooMuch : size, file, line);
}
void give_back(void* memory, const char* file, int line) { give_back_ours(memory, file, line); }

const bool kIsOurs = [] {  // before the library's first allocation
  const bool is_counted = openssl::count_failed_allocations();
  CRYPTO_get_mem_functions(&take_ours, &take_again_ours, &give_back_ours);
  return is_counted && CRYPTO_set_mem_functions(take, take_again, give_back) == 1;
}();

// Each of the allocations of `work` fails in its turn: it throws, or says what it says when none fails.
void expect_no_verdict(const std::function<bool()>& work) {
  ASSERT_TRUE(kIsOurs);
  ASSERT_TRUE(work());  // and what is made once is there
  std::size_t failures = 0;
  for (bool was_reached = true; was_reached; ++failures) {
    until_failure = failures + 1;
    std::optional<bool> said;
    try {
      said = work();
    } catch (const std::bad_alloc&) {}
    was_reached = until_failure == 0;
    until_failure = 0;
    ASSERT_TRUE(said.value_or(true)) << "allocation " << failures + 1;
    ASSERT_LT(failures, 10'000U);
  }
  EXPECT_GT(failures, 1U) << "nothing was allocated";
  EXPECT_TRUE(work());
}

class WantOfMemory : public testing::TestWithParam<std::uint8_t> {};
INSTANTIATE_TEST_SUITE_P(Algorithms, WantOfMemory, testing::ValuesIn(kAll),
                         [](const auto& number) { return "Number" + std::to_string(number.param); });

TEST_P(WantOfMemory, IsNoVerdictOnAKey) {
  const SigningKey signer({.algorithm = GetParam()});
  expect_no_verdict([&] { return PublicKey::make(GetParam(), signer.public_key()).has_value(); });
}

TEST_P(WantOfMemory, IsNoVerdictOnASignature) {
  const SigningKey signer({.algorithm = GetParam()});
  const auto key = PublicKey::make(GetParam(), signer.public_key());
  ASSERT_TRUE(key);
  std::uint8_t round = 0;
  Buffer data(100, 0), signature;
  expect_no_verdict([&] {
    const std::size_t failing = std::exchange(until_failure, 0);
    data[0] = ++round;  // what was verified is remembered
    data[1] = u8(data[1] + (round == 0 ? 1 : 0));
    signature = signer.sign(data);
    until_failure = failing;
    return key->verifies(data, signature);
  });
}

TEST(WantOfMemoryForHashes, IsNoUnknownDigest) {
  const Buffer data(100, 0);
  for (const std::uint8_t type : std::array<std::uint8_t, 3>{1, 2, 4}) {
    expect_no_verdict([&] { return digest_of(type, data, data).has_value(); });
  }
  expect_no_verdict([&] { return nsec3_hash(data, data, 3).has_value(); });
}

TEST(KeysOfChance, AreGoodOrBadAndNeverWantOfMemory) {
  std::uint64_t state = 1;
  for (const std::uint8_t algorithm : kAll) {
    constexpr std::size_t kRsa = 260;
    const std::size_t size = algorithm == 13   ? 64U
                             : algorithm == 14 ? 96U
                             : algorithm == 15 ? 32U
                             : algorithm == 16 ? 57U
                                               : kRsa;
    for (std::size_t round = 0; round < 500; ++round) {
      Buffer key(size);
      for (Octet& octet : key) {
        state = state * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
        octet = round < 2 ? u8(round * 255) : u8((state >> 56) & 255);
      }
      if (size == kRsa) { key[0] = 3; }  // the exponent's length
      EXPECT_NO_THROW({
        const auto made = PublicKey::make(algorithm, key);
        const Buffer signature(algorithm == 14 ? 96U : algorithm == 16 ? 114U : size == kRsa ? 256U : 64U, 0x11);
        if (made) { EXPECT_FALSE(made->verifies(key, signature)); }
      }) << int{algorithm};
    }
  }
}

// What is tried out at the start holds for as long as the process lives: an algorithm that memory was lacking for must
// not count as unknown, and its zones as unsigned. None at all is an answer: vouchd does not start then.
TEST(WantOfMemoryAtTheStart, LeavesNoAlgorithmOut) {
  if (allocations != 0) { GTEST_SKIP() << "others have begun to use the library: run it alone, as ctest does"; }
  const auto tried_out = [](std::size_t failing) -> int {
    const pid_t child = ::fork();
    if (child == 0) {
      until_failure = failing;
      const auto supported = std::ranges::count_if(
          kAll, [](std::uint8_t number) { return is_supported_algorithm(number, Sha1Policy::validate); });
      const bool is_reached = failing != 0 && until_failure == 0;
      until_failure = 0;
      const bool is_all =
          supported == kAll.size() && is_supported_digest(1) && is_supported_digest(2) && is_supported_digest(4);
      ::_exit((is_all ? 0 : supported == 0 ? 1 : 2) + (is_reached ? 0 : 4));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;  // the library takes locks that it could not make
  };
  ASSERT_EQ(tried_out(0), 4);
  std::size_t none = 0;
  for (std::size_t failing = 1;; failing += failing < 400 ? 1 : 23) {
    const int found = tried_out(failing);
    ASSERT_NE(found & 2, found < 0 ? 0 : 2) << "allocation " << failing;
    none += found == 1 ? 1 : 0;
    if (found >= 4) { break; }
    ASSERT_LT(failing, 200'000U);
  }
  EXPECT_GT(none, 0U);
}

}  // namespace
}  // namespace vouch
