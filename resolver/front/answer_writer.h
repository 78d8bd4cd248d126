// Writes one answer for one inquiry: header, question in the client's case, records, EDNS, and what happens when it
// does not fit. Allocates nothing. Lives for one answer.
#pragma once

#include <array>

#include "resolver/front/front_options.h"
#include "resolver/front/inquiry.h"
#include "resolver/wire/answer.h"
#include "resolver/wire/message_writer.h"
#include "telemetry/counters.h"

namespace vouch {

class AnswerWriter {
 public:
  // `out` holds at least 512 octets; all arguments must outlive the writer. `name` null: an answer without a question.
  AnswerWriter(MutableBytes out, const Inquiry& inquiry, const NameView* name, const FrontOptions& options);

  const Inquiry& inquiry() const noexcept { return inquiry_; }
  // Each with its signatures when the client said DO. What does not fit makes the answer truncated.
  void answer(const RRset& rrset, std::uint32_t ttl, std::uint16_t rotate = 0);
  void authority(const RRset& rrset, std::uint32_t ttl);
  void answer_signatures(const RRset& rrset, std::uint32_t ttl);  // a question for RRSIG
  void answer_record(NameView owner, Type type, std::uint32_t ttl, Bytes rdata);
  void authority_record(NameView owner, Type type, std::uint32_t ttl, Bytes rdata);
  void additional(const RRset& rrset, std::uint32_t ttl);                             // left out when it does not fit
  void additional_record(NameView owner, Type type, std::uint32_t ttl, Bytes rdata);  // likewise
  // RFC 8914; at most kMaxErrors, the first ones count. `text` must live until finish().
  void error(Ede code, std::string_view text = {}) noexcept;
  // Beside the cause: that keys could not be had is a failure of validation, too (EDE 6).
  void validation_error(Reason reason) noexcept;
  void truncate() noexcept { overflow_ = true; }                // over UDP: whatever there is goes over TCP
  void set_authoritative() noexcept { authoritative_ = true; }  // AA: what is said is this server's own
  void drop_records() noexcept;                                 // and errors: the answer becomes another

  // The octets written. `authentic`: everything in answer and authority is secure.
  std::size_t finish(Rcode rcode, bool authentic, FrontCounters& counters);

 private:
  static constexpr std::size_t kMaxErrors = 3;  // the cause, what it means, and that it was remembered or is stale
  struct Error {
    Ede code;
    std::string_view text;
  };
  std::size_t edns_room() const noexcept;
  void write_edns() noexcept;

  const Inquiry& inquiry_;
  const FrontOptions& options_;
  MessageWriter writer_;
  std::array<Error, kMaxErrors> errors_{};
  std::uint8_t error_count_ = 0;
  bool overflow_ = false;
  bool authoritative_ = false;
};

// The answer of a resolution, as this client may see it. `additional` for the section of that name, unless it fails;
// null: none.
std::size_t write_answer(AnswerWriter& writer, NameView name, const Answer& answer, const FrontOptions& options,
                         std::uint16_t rotate, FrontCounters& counters, const RRset* additional = nullptr);

// Only the header: for a message whose body cannot be trusted. `query` has at least twelve octets, `out` too.
std::size_t write_header_only(MutableBytes out, Bytes query, Rcode rcode, FrontCounters& counters);

// A question for ANY, where one RRset says enough (RFC 8482 section 4.2).
void write_any_refusal(AnswerWriter& writer, NameView name);

}  // namespace vouch
