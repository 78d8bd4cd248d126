// Reads the messages that answer a request for a zone: AXFR (RFC 5936) and IXFR (RFC 1995). Pure: messages in, a zone
// or its differences out. Everything in them is hostile: each record must lie in the zone and be one that a zone can
// hold, or it is left out and counted (a primary that sends others' data is not believed for it); what does not fit the
// sequence that the RFCs lay down ends the transfer.
#pragma once

#include <optional>
#include <vector>

#include "resolver/zones/tsig.h"
#include "resolver/zones/zone.h"

namespace vouch {

// Of one transfer. The defaults hold the root zone (1.3 MB, 25,000 records) tenfold at least.
struct TransferLimits {
  // Of all messages; and, apart from them, of the records as memory holds them, whose names are not compressed: a short
  // message can make a hundred times as much of itself. What differences lead to is bounded by it, too.
  std::size_t octets = std::size_t{64} * 1024 * 1024;
  std::size_t records = 1'000'000;
  std::size_t messages = 200'000;  // some servers send one record in each
};

enum class TransferFault : std::uint8_t {
  unreachable,   // no connection, or the server ended it
  timeout,       // a message, or the whole, took too long
  refused,       // an error code instead of a zone
  tsig,          // a signature is missing or does not hold
  malformed,     // no DNS message, or none that answers the request
  out_of_order,  // not the sequence of records that the RFCs lay down
  too_large,     // a limit was passed
  unfitting,     // differences that do not fit our zone; or what came is no zone
  behind,        // the primary's serial is older than ours
};
std::string_view transfer_fault_id(TransferFault fault) noexcept;  // "too_large": stable, for metrics and logs

struct TransferError {
  TransferFault fault;
  std::string text;  // half a sentence for the operator: what, and where; never a secret
};

struct Transfer {
  enum class Kind : std::uint8_t { up_to_date, whole, incremental };
  Kind kind = Kind::up_to_date;
  ZonePtr zone;                             // the new one; null when up to date
  std::vector<ZoneDifference> differences;  // incremental: how it came from the old one
  std::size_t octets = 0, records = 0, messages = 0;
  std::size_t foreign = 0;  // records that were left out
};

class TransferReader {
 public:
  // `base`: the zone that IXFR was asked for with; null: AXFR was asked. `id` of the request. `signing`: of the
  // request, null when it was not signed. Both must outlive this.
  TransferReader(NameView zone, const Zone* base, std::uint16_t id, const TransferLimits& limits, TsigSession* signing);

  // The next message; `now` in wall-clock time, for TSIG. True: it was the last, finish() has the result. After an
  // error nothing more may be given.
  std::expected<bool, TransferError> take(Bytes message, UnixTime now);
  // Once, after take() has returned true. May take a second for a million records.
  std::expected<Transfer, TransferError> finish();

 private:
  enum class State : std::uint8_t {
    start,      // the first record is the new SOA
    second,     // the record after it tells whether differences follow
    whole,      // until the SOA comes again
    deletions,  // of a difference, after its old SOA
    additions,  // after its new SOA
    over,
  };
  std::expected<void, TransferError> check_message(const MessageView& message);
  std::expected<bool, TransferError> check_signature(const MessageView& message, UnixTime now);
  std::expected<void, TransferError> take_record(const MessageView& message, const RecordAt& record);
  std::expected<void, TransferError> take_soa(const ZoneRecord& soa);
  std::expected<void, TransferError> take_data(const ZoneRecord& record);
  std::expected<void, TransferError> take_first(const ZoneRecord& soa);
  std::expected<void, TransferError> take_soa_of_difference(const ZoneRecord& soa);
  std::expected<void, TransferError> begin_difference(const ZoneRecord& soa, std::uint32_t serial);
  std::expected<void, TransferError> keep(RecordList& list, const ZoneRecord& record);

  const Name zone_;
  const Zone* const base_;
  const std::uint16_t id_;
  const TransferLimits limits_;
  TsigSession* const signing_;
  State state_ = State::start;
  bool is_up_to_date_ = false;
  Transfer transfer_;
  Buffer new_soa_;  // RDATA
  std::uint32_t new_serial_ = 0;
  std::uint32_t soa_ttl_ = 0;
  RecordList records_;    // of the whole zone
  std::size_t held_ = 0;  // octets: of records_ and transfer_.differences
  Buffer rdata_;          // scratch
};

}  // namespace vouch
