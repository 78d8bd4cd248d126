#include "resolver/dnssec/verified_memo.h"

#include <type_traits>

namespace vouch {

namespace {

// Two independent keys out of the process's own, so that together they make 128 bits.
SipKey derived_key(Octet which) noexcept {
  const Octet low[] = {which, 0}, high[] = {which, 1};
  return {siphash24(process_hash_key(), low), siphash24(process_hash_key(), high)};
}

std::uint64_t half(const SipKey& by, std::uint64_t key, Bytes data, Bytes signature) noexcept {
  SipState state(by);
  state.absorb<2>(key);
  state.absorb<2>(siphash24(by, data));
  state.absorb<2>(siphash24(by, signature));
  return state.finish<4>();
}

}  // namespace

VerifiedMemo::Tag VerifiedMemo::tag_of(std::uint64_t key, Bytes data, Bytes signature) noexcept {
  static const SipKey first = derived_key(1), second = derived_key(2);
  return {half(first, key, data, signature), half(second, key, data, signature)};
}

VerifiedMemo& verified_memo() noexcept {
  thread_local VerifiedMemo memo;
  static_assert(std::is_trivially_destructible_v<VerifiedMemo>);  // else it would take memory: resolver/base/thread_end.h
  return memo;
}

}  // namespace vouch
