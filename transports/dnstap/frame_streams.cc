#include "transports/dnstap/frame_streams.h"

namespace vouch {

namespace {

constexpr std::uint32_t kContentType = 1;  // the only field of a control frame

void put32(Buffer& out, std::size_t value) {
  out.resize(out.size() + 4);
  store32(out.data() + out.size() - 4, u32(value));
}

}  // namespace

Buffer control_frame(FrameControl control) {
  constexpr std::size_t kType = 4, kField = 8;
  const bool names_content = control != FrameControl::stop && control != FrameControl::finish;
  Buffer out;
  put32(out, 0);
  put32(out, kType + (names_content ? kField + kDnstapContent.size() : 0));
  put32(out, static_cast<std::size_t>(control));
  if (names_content) {
    put32(out, kContentType);
    put32(out, kDnstapContent.size());
    const Bytes content = bytes_of(kDnstapContent);
    out.insert(out.end(), content.begin(), content.end());
  }
  return out;
}

std::size_t control_length(Bytes head) noexcept {
  ByteReader reader(head);
  const std::uint32_t escape = reader.read32(), length = reader.read32();
  return reader.failed() || escape != 0 || length > kMaxControl ? 0 : length;
}

bool is_control(Bytes frame, FrameControl control) noexcept {
  ByteReader reader(frame);
  if (reader.read32() != static_cast<std::uint32_t>(control)) { return false; }
  bool names_another = false, names_ours = false;
  while (reader.left() != 0 && !reader.failed()) {
    const std::uint32_t field = reader.read32();
    const Bytes value = reader.read(reader.read32());
    if (field != kContentType) { continue; }
    (text_of(value) == kDnstapContent ? names_ours : names_another) = true;
  }
  return !reader.failed() && (names_ours || !names_another);
}

}  // namespace vouch
