#include "transports/dnstap/dnstap_message.h"

#include <algorithm>

namespace vouch {

namespace {

// Fields of the outer message (Dnstap) and of the inner one (Message).
constexpr std::uint8_t kIdentity = 1, kVersion = 2, kMessage = 14, kKind = 15;
constexpr std::uint8_t kType = 1, kFamily = 2, kProtocol = 3, kQueryAddress = 4, kResponseAddress = 5, kQueryPort = 6,
                       kResponsePort = 7, kQuerySeconds = 8, kQueryNanoseconds = 9, kQueryMessage = 10,
                       kResponseSeconds = 12, kResponseNanoseconds = 13, kResponseMessage = 14, kHttp = 16;
constexpr std::uint8_t kKindMessage = 1;       // the only kind there is
constexpr std::uint8_t kInet = 1, kInet6 = 2;  // families
constexpr std::size_t kMaxFields = 128;        // of the inner message, addresses and times included: 96 at most
constexpr std::size_t kMaxDns = 65'535;
constexpr std::uint8_t kVarint = 0, kLengthDelimited = 2, kFixed32 = 5;  // wire types

void put_varint(Buffer& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) { out.push_back(u8((value & 0x7f) | 0x80)); }
  out.push_back(u8(value));
}
void put_key(Buffer& out, std::uint8_t field, std::uint8_t wire_type) {
  put_varint(out, std::uint64_t{field} << 3 | wire_type);
}
void put_number(Buffer& out, std::uint8_t field, std::uint64_t value) {
  put_key(out, field, kVarint);
  put_varint(out, value);
}
void put_fixed32(Buffer& out, std::uint8_t field, std::uint32_t value) {  // little-endian, unlike all of DNS
  put_key(out, field, kFixed32);
  for (unsigned shift = 0; shift < 32; shift += 8) { out.push_back(u8(value >> shift & 0xff)); }
}
void put_length(Buffer& out, std::uint8_t field, std::size_t length) {
  put_key(out, field, kLengthDelimited);
  put_varint(out, length);
}
void put_octets(Buffer& out, std::uint8_t field, Bytes octets) {
  put_length(out, field, octets.size());
  out.insert(out.end(), octets.begin(), octets.end());
}

void put_time(Buffer& out, std::uint8_t seconds_field, std::uint8_t nanoseconds_field, DnstapMessage::Moment when) {
  using std::chrono::nanoseconds;
  const auto since = std::max(nanoseconds::zero(), nanoseconds(when.time_since_epoch()));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  put_number(out, seconds_field, static_cast<std::uint64_t>(seconds.count()));
  put_fixed32(out, nanoseconds_field, static_cast<std::uint32_t>((since - seconds).count()));
}

Buffer names(std::string_view identity, std::string_view version) {
  Buffer out;
  if (!identity.empty()) { put_octets(out, kIdentity, bytes_of(identity.substr(0, DnstapEncoder::kMaxName))); }
  put_octets(out, kVersion, bytes_of(version.substr(0, DnstapEncoder::kMaxName)));
  return out;
}

}  // namespace

// The largest message is made room for now: none that is encoded later asks for memory.
DnstapEncoder::DnstapEncoder(std::string_view identity, std::string_view version) : names_(names(identity, version)) {
  fields_.reserve(kMaxFields);
  whole_.reserve(names_.size() + kMaxFields + kMaxDns);
}

Bytes DnstapEncoder::encode(const DnstapMessage& message) {
  const bool is_response = message.response_time.has_value();
  const IpAddress& server = message.response_address.ip();
  fields_.clear();
  put_number(fields_, kType, static_cast<std::uint8_t>(message.type));
  put_number(fields_, kFamily, server.is_v4() ? kInet : kInet6);
  put_number(fields_, kProtocol, static_cast<std::uint8_t>(message.protocol));
  if (message.query_address) { put_octets(fields_, kQueryAddress, message.query_address->octets()); }
  put_octets(fields_, kResponseAddress, server.octets());
  if (message.query_port != 0) { put_number(fields_, kQueryPort, message.query_port); }
  put_number(fields_, kResponsePort, message.response_address.port());
  put_time(fields_, kQuerySeconds, kQueryNanoseconds, message.query_time);
  if (is_response) { put_time(fields_, kResponseSeconds, kResponseNanoseconds, *message.response_time); }
  if (message.http != DnstapHttp::none) { put_number(fields_, kHttp, static_cast<std::uint8_t>(message.http)); }
  put_length(fields_, is_response ? kResponseMessage : kQueryMessage, message.dns.size());

  whole_.assign(names_.begin(), names_.end());
  put_number(whole_, kKind, kKindMessage);
  put_length(whole_, kMessage, fields_.size() + message.dns.size());
  whole_.insert(whole_.end(), fields_.begin(), fields_.end());
  whole_.insert(whole_.end(), message.dns.begin(), message.dns.end());
  return whole_;
}

}  // namespace vouch
