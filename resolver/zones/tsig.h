// Transaction signatures (RFC 8945): a request that is signed with a shared secret, and the messages that answer it,
// each or every hundredth at least of which must be signed with the same.
//
// Policy: HMAC with SHA-256, SHA-384 or SHA-512. Truncated MACs are refused (section 5.2.2.1 leaves it to us): a
// primary answers with what it was asked with, and we ask with whole ones. A message may be as old as its own fudge
// says, and no older than kFudge.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "resolver/base/clock.h"
#include "resolver/dnssec/algorithms_mac.h"
#include "resolver/wire/message_view.h"

namespace vouch {

enum class TsigAlgorithm : std::uint8_t { hmac_sha256, hmac_sha384, hmac_sha512 };

// "hmac-sha256" and so on, in any case, as files of other servers have it; the same with a final dot.
std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text) noexcept;

// The secret never appears in a log or an error.
struct TsigKey {
  Name name;
  TsigAlgorithm algorithm = TsigAlgorithm::hmac_sha256;
  Buffer secret;  // octets, at least one
};
using TsigKeyPtr = std::shared_ptr<const TsigKey>;
// The secret of a key as files have it: base64, blanks allowed. Nothing when it is none, empty, or above 4 KiB.
std::optional<Buffer> parse_tsig_secret(std::string_view base64);

// One request and its answer. One use; one thread.
class TsigSession {
 public:
  static constexpr std::uint16_t kFudge = 300;     // seconds, what RFC 8945 section 10 recommends
  static constexpr std::size_t kMaxUnsigned = 99;  // between two signed messages (section 5.3.1)

  explicit TsigSession(TsigKeyPtr key) : key_(std::move(key)) {}

  // Appends the TSIG record to a whole message, which has none. Once, before verify(). False: the library failed.
  bool sign(Buffer& message, UnixTime now);

  // The next message of the answer, in order. True when it was signed; false for one between, whose octets will only be
  // vouched for by the next signed one. On failure half a sentence for the operator.
  std::expected<bool, std::string> verify(const MessageView& message, UnixTime now);

 private:
  struct Record;
  static std::expected<std::optional<Record>, std::string> find(const MessageView& message);
  std::expected<void, std::string> check_terms(const Record& record) const;
  std::expected<void, std::string> check_mac(const Record& record, const MessageView& message);
  std::expected<bool, std::string> take_unsigned(Bytes packet);
  void begin_next(Bytes previous_mac);

  TsigKeyPtr key_;
  std::optional<Hasher> running_;  // over what the next signature will have to cover
  bool is_first_ = true;
  std::size_t unsigned_ = 0;
};

}  // namespace vouch
