#include "resolver/zones/tsig.h"

#include <algorithm>
#include <array>

namespace vouch {

namespace {

constexpr std::size_t kMaxSecret = 4096;
constexpr std::uint16_t kNoError = 0, kBadSig = 16, kBadKey = 17, kBadTime = 18, kBadTrunc = 22;  // RFC 8945 section 3

struct AlgorithmRow {
  TsigAlgorithm algorithm;
  std::string_view text;
  HashKind hash;
};
constexpr AlgorithmRow kAlgorithms[] = {
    {TsigAlgorithm::hmac_sha256, "hmac-sha256", HashKind::sha256},
    {TsigAlgorithm::hmac_sha384, "hmac-sha384", HashKind::sha384},
    {TsigAlgorithm::hmac_sha512, "hmac-sha512", HashKind::sha512},
};
const AlgorithmRow& row_of(TsigAlgorithm algorithm) noexcept {
  return kAlgorithms[static_cast<std::size_t>(algorithm)];
}

Name canonical(NameView name) noexcept {
  Name lower(name);
  lower.lower_case();
  return lower;
}

Name algorithm_name(TsigAlgorithm algorithm) noexcept { return Name::of(row_of(algorithm).text); }

void put(Buffer& out, Bytes octets) { out.insert(out.end(), octets.begin(), octets.end()); }
void put16(Buffer& out, std::size_t value) {
  out.push_back(u8(value >> 8 & 0xff));
  out.push_back(u8(value & 0xff));
}
void put_time(Buffer& out, UnixTime time) {  // 48 bits
  const auto value = static_cast<std::uint64_t>(time);
  put16(out, value >> 32 & 0xffff);
  put16(out, value >> 16 & 0xffff);
  put16(out, value & 0xffff);
}

// RFC 8945 section 4.3.2: what is digested of a TSIG record beside the message.
struct Variables {
  UnixTime time = 0;
  std::uint16_t fudge = 0;
  std::uint16_t error = 0;
  Bytes other;
};
Buffer all_variables(const TsigKey& key, const Variables& variables) {
  Buffer octets;
  put(octets, canonical(key.name).view().octets());
  put16(octets, static_cast<std::size_t>(Class::ANY));
  put16(octets, 0);  // TTL
  put16(octets, 0);
  put(octets, algorithm_name(key.algorithm).view().octets());
  put_time(octets, variables.time);
  put16(octets, variables.fudge);
  put16(octets, variables.error);
  put16(octets, variables.other.size());
  put(octets, variables.other);
  return octets;
}
Buffer timers(const Variables& variables) {
  Buffer octets;
  put_time(octets, variables.time);
  put16(octets, variables.fudge);
  return octets;
}

std::string error_text(std::uint16_t error) {
  switch (error) {
    case kBadSig:
      return "BADSIG: its secret differs from ours";
    case kBadKey:
      return "BADKEY: it does not know the key, or knows it with another algorithm";
    case kBadTime:
      return "BADTIME: its clock and ours are too far apart";
    case kBadTrunc:
      return "BADTRUNC: it wants a longer MAC";
    default:
      return "error " + std::to_string(error);
  }
}

std::unexpected<std::string> fail(std::string text) { return std::unexpected(std::move(text)); }

int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z') { return c - 'A'; }
  if (c >= 'a' && c <= 'z') { return c - 'a' + 26; }
  if (c >= '0' && c <= '9') { return c - '0' + 52; }
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

}  // namespace

std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text) noexcept {
  if (text.ends_with('.')) { text.remove_suffix(1); }
  for (const AlgorithmRow& row : kAlgorithms) {
    const bool is_same = row.text.size() == text.size() &&
                         same_ignoring_case(bytes_of(row.text).data(), bytes_of(text).data(), text.size());
    if (is_same) { return row.algorithm; }
  }
  return std::nullopt;
}

std::optional<Buffer> parse_tsig_secret(std::string_view base64) {
  Buffer octets;
  std::uint32_t bits = 0;
  std::size_t characters = 0, padding = 0;
  for (const char c : base64) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') { continue; }
    ++characters;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = base64_value(c);
    if (value < 0 || padding != 0) { return std::nullopt; }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    const std::size_t have = characters % 4;  // of a group of four, the first gives no octet yet
    if (have != 1) { octets.push_back(u8(bits >> (have == 2 ? 4 : have == 3 ? 2 : 0) & 0xff)); }
    if (octets.size() > kMaxSecret) { return std::nullopt; }
  }
  const bool is_whole = characters % 4 == 0 && padding <= 2;
  if (!is_whole || octets.empty()) { return std::nullopt; }
  return octets;
}

// A TSIG record as it lies in a message.
struct TsigSession::Record {
  std::size_t begin = 0;  // offset of the record
  Name key, algorithm;
  Variables variables;
  Bytes mac;
  std::uint16_t original_id = 0;
};

bool TsigSession::sign(Buffer& message, UnixTime now) {
  const Variables variables{.time = now, .fudge = kFudge, .error = kNoError, .other = {}};
  Hasher hasher(row_of(key_->algorithm).hash, key_->secret);
  hasher.add(message);
  hasher.add(all_variables(*key_, variables));
  const auto mac = hasher.finish();
  if (!mac || message.size() < kHeaderSize) { return false; }
  const std::uint16_t id = HeaderView(message).id();

  Buffer rdata;
  put(rdata, algorithm_name(key_->algorithm).view().octets());
  put(rdata, timers(variables));
  put16(rdata, mac->size);
  put(rdata, mac->view());
  put16(rdata, id);
  put16(rdata, kNoError);
  put16(rdata, 0);  // other data

  const std::uint16_t additional = HeaderView(message).additional_count();
  store16(message.data() + 10, u16(additional + std::size_t{1}));
  put(message, key_->name.view().octets());
  put16(message, static_cast<std::size_t>(Type::TSIG));
  put16(message, static_cast<std::size_t>(Class::ANY));
  put16(message, 0);  // TTL
  put16(message, 0);
  put16(message, rdata.size());
  put(message, rdata);
  begin_next(mac->view());
  return true;
}

void TsigSession::begin_next(Bytes previous_mac) {
  running_.emplace(row_of(key_->algorithm).hash, key_->secret);
  Octet length[2];
  store16(length, u16(previous_mac.size()));
  running_->add(length);
  running_->add(previous_mac);
}

// The last record of the additional section, or nothing where there is none at all.
std::expected<std::optional<TsigSession::Record>, std::string> TsigSession::find(const MessageView& message) {
  const auto& records = message.records();
  const auto count = std::ranges::count(records, Type::TSIG, &RecordAt::type);
  if (count == 0) { return std::optional<Record>(); }
  const RecordAt& last = records.back();
  const Bytes packet = message.packet();
  const bool is_last = last.type == Type::TSIG && last.section == Section::additional &&
                       std::size_t{last.rdata} + last.rdata_length == packet.size();
  if (count != 1 || !is_last || last.rclass != Class::ANY || last.ttl != 0) {
    return fail("a TSIG record out of place");
  }
  Record record;
  record.begin = last.owner.first;
  record.key = message.owner(last);
  const auto algorithm = parse_name(packet, last.rdata);
  if (!algorithm || algorithm->next > packet.size()) { return fail("a malformed TSIG record"); }
  record.algorithm = expand_name(packet, *algorithm);
  ByteReader reader(packet.subspan(algorithm->next));
  const std::uint64_t high = reader.read16();
  record.variables.time = static_cast<UnixTime>(high << 32 | reader.read32());
  record.variables.fudge = reader.read16();
  record.mac = reader.read(reader.read16());
  record.original_id = reader.read16();
  record.variables.error = reader.read16();
  record.variables.other = reader.read(reader.read16());
  if (reader.failed() || reader.left() != 0) { return fail("a malformed TSIG record"); }
  return record;
}

std::expected<void, std::string> TsigSession::check_terms(const Record& record) const {
  const std::uint16_t error = record.variables.error;
  if (record.mac.empty() && error != kNoError) { return fail("the server says " + error_text(error)); }
  if (record.key != key_->name || record.algorithm != algorithm_name(key_->algorithm)) {
    return fail("signed with key " + record.key.text() + " (" + record.algorithm.text() + ") instead of " +
                key_->name.text());
  }
  const std::size_t whole = hash_size(row_of(key_->algorithm).hash);
  if (record.mac.size() > whole) { return fail("a MAC longer than its hash"); }
  if (record.mac.size() < whole) {
    return fail("a MAC of " + std::to_string(record.mac.size()) + " octets instead of " + std::to_string(whole));
  }
  return {};
}

// RFC 8945 section 5.3: the first answers the request's MAC and covers all variables; each later one answers the MAC
// before it, the unsigned messages between, and covers the timers alone.
std::expected<void, std::string> TsigSession::check_mac(const Record& record, const MessageView& message) {
  const Bytes packet = message.packet();
  std::array<Octet, kHeaderSize> header;
  std::ranges::copy(packet.first(kHeaderSize), header.begin());
  store16(header.data(), record.original_id);
  store16(header.data() + 10, u16(message.header().additional_count() - std::size_t{1}));
  running_->add(header);
  running_->add(packet.subspan(kHeaderSize, record.begin - kHeaderSize));
  running_->add(is_first_ ? all_variables(*key_, record.variables) : timers(record.variables));
  const auto mac = running_->finish();
  if (!mac) { return fail("OpenSSL refuses " + std::string(row_of(key_->algorithm).text)); }
  if (!equal_in_constant_time(mac->view(), record.mac)) {
    return fail("a signature that the key " + key_->name.text() + " did not make");
  }
  return {};
}

std::expected<bool, std::string> TsigSession::take_unsigned(Bytes packet) {
  if (is_first_) { return fail("the first message is not signed"); }
  if (++unsigned_ > kMaxUnsigned) {
    return fail("more than " + std::to_string(kMaxUnsigned) + " messages without a signature");
  }
  running_->add(packet);
  return false;
}

std::expected<bool, std::string> TsigSession::verify(const MessageView& message, UnixTime now) {
  if (!running_) { return fail("nothing was signed"); }
  auto found = find(message);
  if (!found) { return std::unexpected(std::move(found.error())); }
  if (!*found) { return take_unsigned(message.packet()); }
  const Record& record = **found;
  if (auto terms = check_terms(record); !terms) { return std::unexpected(std::move(terms.error())); }
  if (auto mac = check_mac(record, message); !mac) { return std::unexpected(std::move(mac.error())); }
  // Only now is anything of it the server's word.
  if (record.variables.error != kNoError) { return fail("the server says " + error_text(record.variables.error)); }
  const UnixTime off = record.variables.time > now ? record.variables.time - now : now - record.variables.time;
  if (off > std::min(record.variables.fudge, kFudge)) {
    return fail("signed " + std::to_string(off) + " seconds off our clock");
  }
  is_first_ = false;
  unsigned_ = 0;
  begin_next(record.mac);
  return true;
}

}  // namespace vouch
