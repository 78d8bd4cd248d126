// Messages in a stream, each behind its length in two octets (RFC 1035 section 4.2.2, RFC 7766 section 8). Shared by
// TCP and TLS, by clients' connections and servers'. Knows no socket.
//
//   framer.add(octets_just_read);
//   while (auto message = framer.next()) { ... }
//   framer.settle();
//
// What is whole within the octets just read is not copied; only what is left over is. Memory follows the octets that
// came, not the length that was announced. Limit: whoever reads no more while has_whole_message() holds at most one
// incomplete message and one read.
#pragma once

#include <algorithm>
#include <optional>

#include "resolver/base/bytes.h"

namespace vouch {

class LengthFramer {
 public:
  static constexpr std::size_t kPrefix = 2;
  static constexpr std::size_t kMaxMessage = 65535;

  // `fresh` must stay as it is until settle(). Nothing fresh is fine: next() goes on with what was left.
  void add(Bytes fresh) {
    if (held_.empty()) {
      left_ = fresh;
      return;
    }
    held_.insert(held_.end(), fresh.begin(), fresh.end());
    left_ = held_;
  }

  // The next whole message, without its length; valid until settle(). May be empty: a length of zero.
  std::optional<Bytes> next() noexcept {
    if (!is_whole(left_)) { return std::nullopt; }
    const Bytes message = left_.subspan(kPrefix, load16(left_.data()));
    left_ = left_.subspan(kPrefix + message.size());
    return message;
  }

  void settle() {
    if (held_.empty()) {
      held_.assign(left_.begin(), left_.end());
    } else {
      held_.erase(held_.begin(), held_.end() - static_cast<std::ptrdiff_t>(left_.size()));
    }
    left_ = {};
    if (held_.empty() && held_.capacity() != 0) { held_ = Buffer(); }  // an idle connection holds nothing
  }

  // As of the last settle():
  bool has_whole_message() const noexcept { return is_whole(held_); }
  bool is_mid_message() const noexcept { return !held_.empty() && !has_whole_message(); }

 private:
  static bool is_whole(Bytes octets) noexcept {
    return octets.size() >= kPrefix && octets.size() - kPrefix >= load16(octets.data());
  }
  Buffer held_;  // from one add() to the next
  Bytes left_;   // not yet handed out: the end of held_, or of what was added
};

// Appends `message` and its length. The message is at most kMaxMessage octets.
inline void append_frame(Buffer& out, Bytes message) {
  const std::size_t at = out.size();
  out.resize(at + LengthFramer::kPrefix + message.size());
  store16(out.data() + at, u16(message.size()));
  std::copy(message.begin(), message.end(), out.data() + at + LengthFramer::kPrefix);
}

}  // namespace vouch
