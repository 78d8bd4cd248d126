// The reader of zone transfers, with and without TSIG, against a primary that sends what it likes: mutations of honest
// streams, of IXFR and AXFR, and raw octets. Oracle: what comes out lies in the zone, begins with its SOA and is in
// canonical order, and differences lead to the same zone by a naive application; with TSIG nothing that was changed
// after signing is ever taken.
#include <algorithm>
#include <cstdlib>
#include <set>

#include "resolver/wire/message_writer.h"
#include "resolver/zones/serial.h"
#include "resolver/zones/transfer_reader.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

constexpr std::uint16_t kId = 0x4242;
constexpr UnixTime kNow = 1767225600;
constexpr std::size_t kMaxRecords = 64;
constexpr std::size_t kMaxMessages = 8;

void require(bool holds) {
  if (!holds) { std::abort(); }
}

Buffer soa_rdata(std::uint32_t serial) {
  Buffer rdata = {0, 0};  // the root twice
  Octet numbers[20] = {};
  store32(numbers, serial);
  store32(numbers + 16, 300);
  rdata.insert(rdata.end(), std::begin(numbers), std::end(numbers));
  return rdata;
}

struct Made {
  Name owner;
  Type type = Type::A;
  Class rclass = Class::IN;
  Buffer rdata;
};

// Records that make sense often enough to reach every state.
Made make_record(FuzzInput& input) {
  Made made;
  const std::uint8_t kind = input.octet();
  made.owner = Name::of("example.");
  if (kind % 4 == 0) {
    made.type = Type::SOA;
    made.rdata = soa_rdata(input.octet() % 6U);
    if (kind >= 0xf0) { made.owner = input.name(); }
    return made;
  }
  if (kind % 4 == 1) { made.owner = input.name(); }
  const Octet label[] = {static_cast<Octet>('a' + kind % 3)};
  made.owner.prepend_label(label);
  made.rdata = {192, 0, 2, u8(input.octet() % 4U)};
  if (kind == 0xff) { made.rclass = Class::CH; }
  if (kind == 0xfe) { made.type = Type::TXT; }
  return made;
}

Buffer make_message(FuzzInput& input, Type asked) {
  std::vector<Octet> room(4096);
  MessageWriter writer(room, room.size());
  writer.header(kId, {.qr = true, .aa = true});
  if (input.octet() % 8 != 0) { writer.question(Name::of("example."), asked, Class::IN); }
  for (std::size_t count = input.octet() % 16U; count > 0 && !input.is_empty(); --count) {
    const Made made = make_record(input);
    writer.record(Section::answer, made.owner, made.type, made.rclass, 60, made.rdata);
  }
  const Bytes written = writer.finish();
  Buffer message(written.begin(), written.end());
  if (input.octet() % 8 == 0) { message[input.below(message.size())] = input.octet(); }
  return message;
}

ZonePtr base_zone() {
  RecordList records;
  records.add(Name::of("example."), Type::SOA, 60, soa_rdata(1));
  for (Octet i = 0; i < 3; ++i) {
    Name owner = Name::of("example.");
    const Octet label[] = {static_cast<Octet>('a' + i)};
    owner.prepend_label(label);
    const Octet address[] = {192, 0, 2, i};
    records.add(owner, Type::A, 60, address);
  }
  auto zone = Zone::make(Name::of("example."), std::move(records));
  require(zone.has_value());
  return *zone;
}

// Of a record, in lower case: a set of these is a zone.
std::string key_of(const ZoneRecord& record) {
  Name owner(record.owner);
  owner.lower_case();
  std::string key(text_of(owner.view().octets()));
  key += std::to_string(static_cast<int>(record.type)) + ":";
  return key.append(text_of(record.rdata));
}

std::set<std::string> keys_of(const Zone& zone) {
  std::set<std::string> keys;
  for (std::size_t i = 0; i < zone.size(); ++i) { keys.insert(key_of(zone[i])); }
  return keys;
}

void check_zone(const Zone& zone) {
  const Name apex = Name::of("example.");
  std::size_t soas = 0;
  for (std::size_t i = 0; i < zone.size(); ++i) {
    const ZoneRecord record = zone[i];
    require(record.owner.is_at_or_below(apex) && !is_meta(record.type));
    if (record.type == Type::SOA) { ++soas; }
    if (i != 0) { require(canonical_order(zone[i - 1].owner, record.owner) <= 0); }
    require(zone.contains(record) && zone.exists(record.owner));
  }
  require(soas == 1 && zone.size() <= kMaxRecords);
}

void check_differences(const Zone& base, const Transfer& transfer) {
  std::set<std::string> keys = keys_of(base);
  for (const ZoneDifference& difference : transfer.differences) {
    require(is_later_serial(difference.to, difference.from));
    for (std::size_t i = 0; i < difference.deleted.size(); ++i) {
      require(keys.erase(key_of(difference.deleted[i])) == 1);
    }
    for (std::size_t i = 0; i < difference.added.size(); ++i) { keys.insert(key_of(difference.added[i])); }
  }
  require(keys == keys_of(*transfer.zone));
}

void read_stream(FuzzInput& input, bool incremental, TsigSession* signing) {
  static const ZonePtr base = base_zone();
  const TransferLimits limits{.octets = 32768, .records = kMaxRecords, .messages = kMaxMessages};
  const Zone* const ours = incremental ? base.get() : nullptr;
  TransferReader reader(Name::of("example."), ours, kId, limits, signing);
  for (std::size_t i = 0; i <= kMaxMessages && !input.is_empty(); ++i) {
    const bool is_raw = input.octet() % 8 == 0;
    Buffer message;
    if (is_raw) {
      const Bytes octets = input.octets(512);
      message.assign(octets.begin(), octets.end());
    } else {
      message = make_message(input, incremental ? Type::IXFR : Type::AXFR);
    }
    const auto is_over = reader.take(message, kNow);
    if (!is_over) { return; }
    require(signing == nullptr);  // nobody who writes these has the key
    if (!*is_over) { continue; }
    const auto transfer = reader.finish();
    if (!transfer || transfer->zone == nullptr) { return; }
    check_zone(*transfer->zone);
    if (transfer->kind == Transfer::Kind::incremental) { check_differences(*base, *transfer); }
    return;
  }
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  const std::uint8_t mode = input.octet();
  if (mode % 8 != 0) {
    read_stream(input, (mode & 1) != 0, nullptr);
    return 0;
  }
  TsigSession signing(std::make_shared<TsigKey>(TsigKey{Name::of("k."), TsigAlgorithm::hmac_sha256, Buffer{1, 2, 3}}));
  Buffer request(kHeaderSize);
  if (!signing.sign(request, kNow)) { return 0; }
  read_stream(input, (mode & 8) != 0, &signing);
  return 0;
}
