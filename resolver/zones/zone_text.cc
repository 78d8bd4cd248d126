#include "resolver/zones/zone_text.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "resolver/wire/rdata_layout.h"
#include "resolver/wire/with_ldns.h"

namespace vouch {

namespace {

struct Freed {
  void operator()(ldns_rr* record) const noexcept { ldns_rr_free(record); }
  void operator()(ldns_rdf* field) const noexcept { ldns_rdf_deep_free(field); }
  void operator()(std::uint8_t* octets) const noexcept { std::free(octets); }
  void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

constexpr std::size_t kFixed = 10;    // type, class, TTL, RDLENGTH
constexpr std::uint32_t kTtl = 3600;  // of records before any TTL was said; RFC 1035 leaves it open

// What ldns keeps from line to line; it replaces the names, which are its own.
struct Reading {
  ~Reading() {
    ldns_rdf_deep_free(origin);
    ldns_rdf_deep_free(previous);
  }
  std::uint32_t ttl = kTtl;
  ldns_rdf* origin = nullptr;
  ldns_rdf* previous = nullptr;
  int line = 0;
};

std::unexpected<std::string> at_line(int line, std::string_view what) {
  return std::unexpected("line " + std::to_string(line) + ": " + std::string(what));
}

// Nothing: it is of no kind that a zone of class IN holds. False: the list is full.
std::optional<bool> add(const ldns_rr* record, NameView apex, RecordList& records) {
  std::uint8_t* made = nullptr;
  std::size_t size = 0;
  if (ldns_rr_get_class(record) != LDNS_RR_CLASS_IN) { return std::nullopt; }
  if (ldns_rr2wire(&made, record, LDNS_SECTION_ANSWER, &size) != LDNS_STATUS_OK) { return std::nullopt; }
  const std::unique_ptr<std::uint8_t, Freed> kept(made);
  const Bytes wire(made, size);
  const auto owner = NameView::parse(wire);
  if (!owner || wire.size() < owner->length() + kFixed) { return std::nullopt; }
  const Octet* const fixed = wire.data() + owner->length();
  const Bytes rdata = wire.subspan(owner->length() + kFixed);
  const auto type = static_cast<Type>(load16(fixed));
  const bool is_sound = !is_meta(type) && load16(fixed + 8) == rdata.size() && is_valid_rdata(type, rdata);
  if (!is_sound) { return std::nullopt; }
  return !owner->is_at_or_below(apex) || records.add(*owner, type, load32(fixed + 4), rdata);
}

}  // namespace

std::expected<ZonePtr, std::string> read_zone_text(std::string_view text, NameView apex, const TransferLimits& limits) {
  if (text.empty()) { return std::unexpected(std::string("it is empty")); }
  if (text.size() > limits.octets) {
    return std::unexpected("it has more than " + std::to_string(limits.octets) + " octets");
  }
  const std::unique_ptr<std::FILE, Freed> file(::fmemopen(const_cast<char*>(text.data()), text.size(), "r"));
  if (!file) { return std::unexpected(std::string("no memory")); }
  Reading reading;
  reading.origin = ldns_dname_new_frm_data(static_cast<std::uint16_t>(apex.length()), apex.data());
  if (reading.origin == nullptr) { return std::unexpected(std::string("no memory")); }
  RecordList records;
  while (std::feof(file.get()) == 0) {
    ldns_rr* made = nullptr;
    const ldns_status status =
        ldns_rr_new_frm_fp_l(&made, file.get(), &reading.ttl, &reading.origin, &reading.previous, &reading.line);
    const std::unique_ptr<ldns_rr, Freed> record(made);
    switch (status) {
      case LDNS_STATUS_OK:
        break;
      case LDNS_STATUS_SYNTAX_EMPTY:
      case LDNS_STATUS_SYNTAX_TTL:  // $TTL and $ORIGIN, which ldns has taken to heart
      case LDNS_STATUS_SYNTAX_ORIGIN:
        continue;
      case LDNS_STATUS_SYNTAX_INCLUDE:
        return at_line(reading.line, "$INCLUDE is not followed");
      default:
        return at_line(reading.line, ldns_get_errorstr_by_id(status));
    }
    const auto added = add(record.get(), apex, records);
    if (!added) { return at_line(reading.line, "a record that no zone of class IN can hold"); }
    if (!*added || records.size() > limits.records) {
      return at_line(reading.line, "more than " + std::to_string(limits.records) + " records");
    }
  }
  return Zone::make(apex, std::move(records));
}

}  // namespace vouch
