#include "transports/http/frame_meter.h"

#include <algorithm>

namespace vouch {

namespace {

// RFC 9113 section 6. PUSH_PROMISE and ALTSVC from a client are errors, which nghttp2 finds; here they cost what any
// frame costs.
constexpr std::uint8_t kData = 0x0;
constexpr std::uint8_t kHeaders = 0x1;
constexpr std::uint8_t kResetStream = 0x3;
constexpr std::uint8_t kContinuation = 0x9;
constexpr std::uint8_t kEndHeaders = 0x4;
constexpr std::uint8_t kPadded = 0x8;

}  // namespace

bool TokenBucket::take(int tokens, Instant now) noexcept {
  if (left_ < most_) {
    const auto earned = (now - counted_until_) / interval_;
    if (earned >= most_) {
      left_ = most_;
      counted_until_ = now;
    } else if (earned > 0) {
      give(static_cast<int>(earned));
      counted_until_ += interval_ * earned;
    }
  } else {
    counted_until_ = now;
  }
  if (left_ < tokens) { return false; }
  left_ -= tokens;
  return true;
}

std::size_t FrameMeter::pass(Bytes octets, Instant now) noexcept {
  std::size_t at = 0;
  while (!is_exhausted_ && at < octets.size()) {
    if (payload_left_ != 0) {
      const std::size_t skipped = std::min(payload_left_, octets.size() - at);
      payload_left_ -= skipped;
      at += skipped;
      continue;
    }
    const Octet* head = octets.data() + at;
    std::size_t taken = std::min(kFrameHead - head_size_, octets.size() - at);
    if (taken != kFrameHead) {
      std::copy_n(head, taken, head_.begin() + static_cast<std::ptrdiff_t>(head_size_));
      head_size_ += taken;
      if (head_size_ < kFrameHead) { return octets.size(); }
      head = head_.data();
      head_size_ = 0;
    }
    if (!afford(head, now)) {
      is_exhausted_ = true;
      return at;
    }
    at += taken;
    payload_left_ = std::size_t{head[0]} << 16 | load16(head + 1);
  }
  return at;
}

bool FrameMeter::afford(const Octet* head, Instant now) noexcept {
  const std::size_t length = std::size_t{head[0]} << 16 | load16(head + 1);
  const std::uint8_t type = head[3];
  const std::uint8_t flags = head[4];
  switch (type) {
    case kData:
      return (length >= kTinyData && (flags & kPadded) == 0) || frames_.take(1, now);
    case kHeaders:
      return afford_block(length, flags, true) && frames_.take(1, now);
    case kContinuation:
      return afford_block(length, flags, false) && frames_.take(1, now);
    case kResetStream:
      return resets_.take(1, now);
    default:
      return frames_.take(1, now);
  }
}

bool FrameMeter::afford_block(std::size_t length, std::uint8_t flags, bool is_first) noexcept {
  block_octets_ = is_first ? length : block_octets_ + length;
  continuations_ = is_first ? 0 : continuations_ + 1;
  is_in_block_ = (flags & kEndHeaders) == 0;
  return block_octets_ <= kMaxHeaderBlock && continuations_ <= kMaxContinuations;
}

void FrameMeter::note_reset_sent(Instant now) noexcept { is_exhausted_ = !resets_.take(1, now) || is_exhausted_; }

}  // namespace vouch
