// What an HTTP/2 client's frames cost us, counted before anything else looks at them. Each frame that asks for work and
// brings no request nearer its end takes from an allowance that grows slowly with time and with every answer; each
// stream that is reset, by whichever side, takes from a smaller one. A client that only asks questions meets neither.
//
// This is what stops, whatever the version of nghttp2 beneath: rapid reset (CVE-2023-44487), resets that the client
// makes the server send (CVE-2025-8671), endless CONTINUATION (CVE-2024-28182), and floods of SETTINGS, PING, PRIORITY,
// WINDOW_UPDATE, of empty, tiny and padded DATA, and of frames that nobody knows (CVE-2019-9511 to 9518).
//
// Pure: knows frame headers (RFC 9113 section 4.1), no stream and no clock. Memory: this object.
#pragma once

#include <array>

#include "resolver/base/bytes.h"
#include "resolver/base/clock.h"

namespace vouch {

// Tokens that come back with time, up to where they began.
class TokenBucket {
 public:
  TokenBucket(int most, int per_second, Instant now) noexcept
      : most_(most), interval_(Duration(std::chrono::seconds(1)) / per_second), left_(most), counted_until_(now) {}
  // False: there are not enough, and none is taken.
  bool take(int tokens, Instant now) noexcept;
  void give(int tokens) noexcept { left_ = left_ < most_ - tokens ? left_ + tokens : most_; }

 private:
  int most_;
  Duration interval_;
  int left_;
  Instant counted_until_;
};

class FrameMeter {
 public:
  // Browsers, proxies and load generators stay below a tenth of these. Frames that cost, at once and per second, and
  // what an answer gives: a POST in three frames, its WINDOW_UPDATE and a PRIORITY_UPDATE leave something over.
  static constexpr int kFrames = 500;
  static constexpr int kFramesPerSecond = 50;
  static constexpr int kFramesPerAnswer = 8;
  // Streams reset: a browser that leaves a page may cancel a hundred look-ups at a time.
  static constexpr int kResets = 200;
  static constexpr int kResetsPerSecond = 33;
  // DATA frames below this size cost as much to handle as to carry.
  static constexpr std::size_t kTinyData = 256;
  // One header block as it is sent. What nghttp2 decodes, a URI of 64 KiB, still gets its own status; more is an
  // attack.
  static constexpr std::size_t kMaxHeaderBlock = 72 * 1024;
  static constexpr int kMaxContinuations =
      7;  // nghttp2, where it counts them, gives up at 8 without a word to the client

  explicit FrameMeter(Instant now) noexcept
      : frames_(kFrames, kFramesPerSecond, now), resets_(kResets, kResetsPerSecond, now) {}

  // Goes over what came next, after the connection preface. How much of it may be handled: all, or what stands before
  // the frame that was one too many; from then on nothing may.
  std::size_t pass(Bytes octets, Instant now) noexcept;
  // Of DNS: a refusal earns nothing, and whoever asks for nothing else is not heard for long.
  void note_answer() noexcept { frames_.give(kFramesPerAnswer); }
  void note_reset_sent(Instant now) noexcept;
  bool is_exhausted() const noexcept { return is_exhausted_; }
  bool is_mid_frame() const noexcept { return head_size_ != 0 || payload_left_ != 0 || is_in_block_; }

 private:
  static constexpr std::size_t kFrameHead = 9;
  bool afford(const Octet* head, Instant now) noexcept;
  bool afford_block(std::size_t length, std::uint8_t flags, bool is_first) noexcept;

  TokenBucket frames_;
  TokenBucket resets_;
  std::array<Octet, kFrameHead> head_{};  // of a frame whose header has not come whole
  std::size_t head_size_ = 0;
  std::size_t payload_left_ = 0;
  std::size_t block_octets_ = 0;  // of the header block that is being sent
  int continuations_ = 0;
  bool is_in_block_ = false;
  bool is_exhausted_ = false;
};

}  // namespace vouch
