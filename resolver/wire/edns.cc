// EDNS options (RFC 6891 section 6.1.2).
#include "resolver/wire/message_view.h"

namespace vouch {

std::optional<Option> OptionReader::next() noexcept {
  if (failed_ || reader_.left() == 0) { return std::nullopt; }
  const std::uint16_t code = reader_.read16();
  const std::uint16_t length = reader_.read16();
  const Bytes data = reader_.read(length);
  failed_ = reader_.failed() || ++seen_ > kMaxOptions;
  if (failed_) { return std::nullopt; }
  return Option{static_cast<OptionCode>(code), data};
}

}  // namespace vouch
