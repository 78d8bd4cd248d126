#include "telemetry/web/access.h"

#include <algorithm>
#include <array>

#include "telemetry/web/web_request.h"

namespace vouch {
namespace {

// Subscribers have a /64 each, or more; to rotate within it costs nothing.
IpAddress source_of(const IpAddress& client) {
  constexpr std::uint8_t kSubscriberBits = 64;
  return client.is_v4() ? client : Prefix(client, kSubscriberBits).address();
}

std::optional<std::uint32_t> base64_digit(char c) noexcept {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = kAlphabet.find(c);
  if (at == std::string_view::npos) { return std::nullopt; }
  return static_cast<std::uint32_t>(at);
}

// RFC 4648 section 4, padded or not.
std::optional<std::string> base64_decoded(std::string_view text) {
  while (text.ends_with('=')) { text.remove_suffix(1); }
  if (text.size() % 4 == 1) { return std::nullopt; }
  std::string decoded;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) { return std::nullopt; }
    bits = (bits << 6 | *digit) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      decoded.push_back(static_cast<char>(bits >> held & 0xff));
    }
  }
  return decoded;
}

}  // namespace

bool same_secret(std::string_view given, std::string_view secret) noexcept {
  if (secret.empty()) { return false; }
  unsigned differs = given.size() == secret.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    differs |= static_cast<unsigned>(static_cast<unsigned char>(given[i]) ^
                                     static_cast<unsigned char>(secret[i % secret.size()]));
  }
  return differs == 0;
}

std::optional<std::string> token_in(std::string_view authorization) {
  const std::size_t space = authorization.find(' ');
  if (space == std::string_view::npos) { return std::nullopt; }
  const std::string_view scheme = authorization.substr(0, space);
  std::string_view rest = authorization.substr(space);
  while (rest.starts_with(' ')) { rest.remove_prefix(1); }
  if (same_ignoring_case(scheme, "bearer")) { return std::string(rest); }
  if (!same_ignoring_case(scheme, "basic")) { return std::nullopt; }
  const auto pair = base64_decoded(rest);
  if (!pair) { return std::nullopt; }
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos) { return std::nullopt; }
  return pair->substr(colon + 1);
}

Access::Access(std::string token, bool all_loopback)
    : token_(std::move(token)), is_open_(token_.empty() && all_loopback) {}

Access::Judgement Access::judge(std::optional<std::string_view> authorization, const IpAddress& source, Instant now) {
  if (is_open_) { return {Grant::resolver_operator}; }
  if (!authorization) { return {Grant::none}; }
  const IpAddress key = source_of(source);
  const auto known = failures_.find(key);
  if (known != failures_.end() && now < known->second.free_from) {
    // The right token waits, too: else each guess would tell whether it was right.
    const auto wait = std::chrono::ceil<std::chrono::seconds>(known->second.free_from - now);
    return {Grant::wait, static_cast<std::uint32_t>(wait.count())};
  }
  const auto token = token_in(*authorization);
  if (token && same_secret(*token, token_)) {
    failures_.erase(key);
    return {Grant::resolver_operator};
  }
  note_failure(key, now);
  return {Grant::wrong};
}

void Access::note_failure(const IpAddress& source, Instant now) {
  if (!failures_.contains(source) && failures_.size() >= kMaxSources) {
    failures_.erase(std::ranges::min_element(failures_, {}, [](const auto& entry) { return entry.second.last; }));
  }
  Failures& entry = failures_[source];
  if (now - entry.last > kForgotten) { entry.count = 0; }
  entry.last = now;
  ++entry.count;
  if (entry.count < kFreeFailures) { return; }
  constexpr unsigned kMaxDoublings = 5;  // 32 s, beyond kLongestWait
  const unsigned doublings = std::min(entry.count - kFreeFailures, kMaxDoublings);
  entry.free_from = now + std::min(kFirstWait * (1U << doublings), kLongestWait);
}

}  // namespace vouch
