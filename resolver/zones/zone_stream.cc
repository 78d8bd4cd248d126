#include "resolver/zones/zone_stream.h"

#include <vector>

#include "resolver/wire/message_writer.h"

namespace vouch {

namespace {

// Compression reaches 16 KiB back; beyond that a larger message saves little.
constexpr std::size_t kMessage = 32 * 1024;

class StreamWriter {
 public:
  explicit StreamWriter(NameView apex) : apex_(apex), room_(kMaxMessage) {}

  void add(const ZoneRecord& record) {
    if (put(record)) { return; }
    finish();
    put(record);  // alone it fits, for it came in a message
  }
  void finish() {
    if (!writer_) { return; }
    const Bytes message = writer_->finish();
    Octet length[2];
    store16(length, u16(message.size()));
    stream_.append(text_of(length)).append(text_of(message));
    writer_.reset();
  }
  std::string take() {
    finish();
    return std::move(stream_);
  }

 private:
  bool put(const ZoneRecord& record) {
    const bool is_fresh = !writer_;
    if (is_fresh) {
      writer_.emplace(room_, kMaxMessage);
      writer_->header(0, {.qr = true, .aa = true});
      writer_->question(apex_, Type::AXFR, Class::IN);
    } else if (writer_->size() > kMessage) {
      return false;
    }
    return writer_->record(Section::answer, record.owner, record.type, Class::IN, record.ttl, record.rdata);
  }

  const Name apex_;
  std::vector<Octet> room_;
  std::optional<MessageWriter> writer_;
  std::string stream_;
};

}  // namespace

std::string zone_stream(const Zone& zone) {
  StreamWriter writer(zone.apex());
  const ZoneRecord soa = zone.soa_record();
  writer.add(soa);
  for (std::size_t i = 0; i < zone.size(); ++i) {
    const bool is_soa = zone[i].type == Type::SOA;  // a zone has one
    if (!is_soa) { writer.add(zone[i]); }
  }
  writer.add(soa);
  return writer.take();
}

std::expected<ZonePtr, std::string> read_zone_stream(Bytes octets, NameView apex, const TransferLimits& limits) {
  TransferReader reader(apex, nullptr, 0, limits, nullptr);
  ByteReader stream(octets);
  bool is_over = false;
  while (!is_over && stream.left() != 0) {
    const Bytes message = stream.read(stream.read16());
    if (stream.failed()) { return std::unexpected(std::string("cut short")); }
    const auto taken = reader.take(message, 0);
    if (!taken) { return std::unexpected(taken.error().text); }
    is_over = *taken;
  }
  if (!is_over) { return std::unexpected(std::string("cut short")); }
  if (stream.left() != 0) { return std::unexpected(std::string("something follows the zone")); }
  auto transfer = reader.finish();
  if (!transfer) { return std::unexpected(std::move(transfer.error().text)); }
  return std::move(transfer->zone);
}

}  // namespace vouch
