#include "resolver/zones/transfer_reader.h"

#include <algorithm>
#include <array>

#include "resolver/zones/serial.h"

namespace vouch {

namespace {

std::unexpected<TransferError> fail(TransferFault fault, std::string text) {
  return std::unexpected(TransferError{fault, std::move(text)});
}

std::string number(std::size_t value) { return std::to_string(value); }

bool is_same(Bytes a, Bytes b) noexcept { return std::ranges::equal(a, b); }

}  // namespace

std::string_view transfer_fault_id(TransferFault fault) noexcept {
  constexpr std::array<std::string_view, 9> kIds = {"unreachable",  "timeout",   "refused",   "tsig",  "malformed",
                                                    "out_of_order", "too_large", "unfitting", "behind"};
  return kIds[static_cast<std::size_t>(fault)];
}

TransferReader::TransferReader(NameView zone, const Zone* base, std::uint16_t id, const TransferLimits& limits,
                               TsigSession* signing)
    : zone_(zone), base_(base), id_(id), limits_(limits), signing_(signing) {}

std::expected<bool, TransferError> TransferReader::take(Bytes message, UnixTime now) {
  transfer_.octets += message.size();
  ++transfer_.messages;
  if (transfer_.octets > limits_.octets) {
    return fail(TransferFault::too_large, "more than " + number(limits_.octets) + " octets");
  }
  if (transfer_.messages > limits_.messages) {
    return fail(TransferFault::too_large, "more than " + number(limits_.messages) + " messages");
  }
  const auto view = MessageView::parse(message);
  if (!view) { return fail(TransferFault::malformed, "no DNS message, message " + number(transfer_.messages)); }
  const auto is_signed = check_signature(*view, now);
  if (!is_signed) { return std::unexpected(is_signed.error()); }
  if (auto checked = check_message(*view); !checked) { return std::unexpected(std::move(checked.error())); }
  for (const RecordAt& record : view->records()) {
    if (record.section != Section::answer) { continue; }  // RFC 5936 section 2.2: nothing else of it is the zone
    if (auto taken = take_record(*view, record); !taken) { return std::unexpected(std::move(taken.error())); }
  }
  // Alone in its message the SOA says that nothing is newer (RFC 1995 section 2), where it is what we have.
  if (state_ == State::second && base_ != nullptr && new_serial_ == base_->serial()) {
    is_up_to_date_ = true;
    state_ = State::over;
  }
  if (state_ != State::over) { return false; }
  if (signing_ != nullptr && !*is_signed) { return fail(TransferFault::tsig, "the last message is not signed"); }
  return true;
}

std::expected<bool, TransferError> TransferReader::check_signature(const MessageView& message, UnixTime now) {
  if (signing_ == nullptr) { return true; }
  auto verified = signing_->verify(message, now);
  if (verified) { return *verified; }
  std::string text = std::move(verified.error());
  // Many servers refuse without a signature. Anybody could have said so, but it may help the operator.
  if (message.rcode() != Rcode::no_error) { text += "; the reply says " + std::string(rcode_text(message.rcode())); }
  return fail(TransferFault::tsig, std::move(text));
}

std::expected<void, TransferError> TransferReader::check_message(const MessageView& message) {
  const HeaderView header = message.header();
  if (!header.qr() || header.opcode() != Opcode::query || header.id() != id_) {
    return fail(TransferFault::malformed, "a message that answers something else");
  }
  if (message.rcode() != Rcode::no_error) {
    return fail(TransferFault::refused, "the server says " + std::string(rcode_text(message.rcode())));
  }
  if (header.tc()) { return fail(TransferFault::malformed, "a truncated message"); }
  const auto& question = message.question();
  const Type asked = base_ != nullptr ? Type::IXFR : Type::AXFR;
  // RFC 5936 section 2.2.1: the first has the question, later ones may leave it out.
  if (!question && transfer_.messages == 1) {
    return fail(TransferFault::malformed, "no question in the first message");
  }
  const bool fits = !question || (equals_name(message.packet(), question->name, zone_) && question->type == asked &&
                                  question->rclass == Class::IN);
  if (!fits) { return fail(TransferFault::malformed, "the answer to another question"); }
  return {};
}

std::expected<void, TransferError> TransferReader::take_record(const MessageView& message, const RecordAt& record) {
  if (++transfer_.records > limits_.records) {
    return fail(TransferFault::too_large, "more than " + number(limits_.records) + " records");
  }
  if (state_ == State::over) { return fail(TransferFault::out_of_order, "records after the last SOA"); }
  const Name owner = message.owner(record);
  rdata_.clear();
  message.append_rdata(record, rdata_);
  const ZoneRecord data{.owner = owner, .type = record.type, .ttl = ttl_of(record), .rdata = rdata_};
  const bool is_soa = record.type == Type::SOA && record.rclass == Class::IN && owner == zone_;
  if (is_soa) { return take_soa(data); }
  if (state_ == State::start) { return fail(TransferFault::out_of_order, "the first record is not the zone's SOA"); }
  // A second SOA below the apex is another zone's.
  const bool is_ours = record.rclass == Class::IN && record.type != Type::SOA && !is_meta(record.type) &&
                       owner.view().is_at_or_below(zone_);
  if (!is_ours) {
    ++transfer_.foreign;
    return {};
  }
  return take_data(data);
}

std::expected<void, TransferError> TransferReader::take_data(const ZoneRecord& record) {
  if (state_ == State::second) {
    state_ = State::whole;
    if (auto kept = keep(records_, {.owner = zone_, .type = Type::SOA, .ttl = soa_ttl_, .rdata = new_soa_}); !kept) {
      return kept;
    }
  }
  if (state_ == State::whole) { return keep(records_, record); }
  ZoneDifference& difference = transfer_.differences.back();
  return keep(state_ == State::deletions ? difference.deleted : difference.added, record);
}

std::expected<void, TransferError> TransferReader::keep(RecordList& list, const ZoneRecord& record) {
  const std::size_t before = list.octets();
  const bool fits = list.add(record);
  held_ += list.octets() - before;
  if (fits && held_ <= limits_.octets) { return {}; }
  return fail(TransferFault::too_large, "more than " + number(limits_.octets) + " octets in memory");
}

std::expected<void, TransferError> TransferReader::take_soa(const ZoneRecord& soa) {
  switch (state_) {
    case State::start:
      return take_first(soa);
    case State::second: {
      const std::uint32_t serial = soa_view(soa.rdata).serial;
      if (base_ != nullptr && serial == base_->serial() && serial != new_serial_) {
        return begin_difference(soa, serial);
      }
      return fail(TransferFault::out_of_order, "a second SOA where the zone should begin");
    }
    case State::whole:
      if (!is_same(soa.rdata, new_soa_)) {
        return fail(TransferFault::out_of_order, "the zone ends with another SOA than it began with");
      }
      state_ = State::over;
      return {};
    default:
      return take_soa_of_difference(soa);
  }
}

std::expected<void, TransferError> TransferReader::take_first(const ZoneRecord& soa) {
  new_soa_.assign(soa.rdata.begin(), soa.rdata.end());
  soa_ttl_ = soa.ttl;
  new_serial_ = soa_view(soa.rdata).serial;
  state_ = State::second;
  if (base_ != nullptr && is_later_serial(base_->serial(), new_serial_)) {
    return fail(TransferFault::behind,
                "serial " + number(new_serial_) + " is older than ours, " + number(base_->serial()));
  }
  return {};
}

std::expected<void, TransferError> TransferReader::begin_difference(const ZoneRecord& soa, std::uint32_t serial) {
  transfer_.differences.emplace_back().from = serial;
  held_ += sizeof(ZoneDifference);
  state_ = State::deletions;
  return keep(transfer_.differences.back().deleted, soa);
}

std::expected<void, TransferError> TransferReader::take_soa_of_difference(const ZoneRecord& soa) {
  const std::uint32_t serial = soa_view(soa.rdata).serial;
  ZoneDifference& difference = transfer_.differences.back();
  if (state_ == State::deletions) {
    if (!is_later_serial(serial, difference.from)) {
      return fail(TransferFault::out_of_order,
                  "a difference from serial " + number(difference.from) + " to " + number(serial));
    }
    difference.to = serial;
    state_ = State::additions;
    return keep(difference.added, soa);
  }
  if (difference.to == new_serial_) {
    if (!is_same(soa.rdata, new_soa_)) {
      return fail(TransferFault::out_of_order, "the differences end with another SOA than they began with");
    }
    state_ = State::over;
    return {};
  }
  if (serial != difference.to) {
    return fail(TransferFault::out_of_order,
                "after serial " + number(difference.to) + " a difference from " + number(serial));
  }
  return begin_difference(soa, serial);
}

std::expected<Transfer, TransferError> TransferReader::finish() {
  if (is_up_to_date_) { return std::move(transfer_); }
  auto made = transfer_.differences.empty() ? Zone::make(zone_, std::move(records_))
                                            : zone_after(*base_, transfer_.differences);
  if (!made) { return fail(TransferFault::unfitting, std::move(made.error())); }
  if ((*made)->size() > limits_.records) {
    return fail(TransferFault::too_large, "more than " + number(limits_.records) + " records after the differences");
  }
  if ((*made)->memory() > limits_.octets) {
    return fail(TransferFault::too_large,
                "more than " + number(limits_.octets) + " octets in memory after the differences");
  }
  transfer_.zone = std::move(*made);
  transfer_.kind = transfer_.differences.empty() ? Transfer::Kind::whole : Transfer::Kind::incremental;
  if (transfer_.zone->serial() != new_serial_) {
    return fail(TransferFault::unfitting, "the differences lead to serial " + number(transfer_.zone->serial()) +
                                              " instead of " + number(new_serial_));
  }
  return std::move(transfer_);
}

}  // namespace vouch
