// Frame Streams, the framing under dnstap (https://farsightsec.github.io/fstrm): the control frames with which a sender
// and a collector agree on what is sent, and part. Pure.
//
// The sender says READY and hears ACCEPT, says START and sends its data frames, says STOP and hears FINISH.
#pragma once

#include <string_view>

#include "resolver/base/bytes.h"

namespace vouch {

enum class FrameControl : std::uint8_t { accept = 1, start = 2, stop = 3, ready = 4, finish = 5 };

inline constexpr std::string_view kDnstapContent = "protobuf:dnstap.Dnstap";

// What stands before a control frame: an escape, which is a data frame of no octets, and the length of what follows.
inline constexpr std::size_t kControlHead = 8;
inline constexpr std::size_t kMaxControl = 512;  // octets behind the head, by the specification

// The whole frame with its head; of kDnstapContent where it names a content.
Buffer control_frame(FrameControl control);

// The octets that follow `head`; 0: this is no control frame, or one that is too long.
std::size_t control_length(Bytes head) noexcept;
// Whether what follows the head is this control, for our content: one that names none will do, as it takes any.
bool is_control(Bytes frame, FrameControl control) noexcept;

}  // namespace vouch
