#include "resolver/zones/transfer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "resolver/wire/message_writer.h"
#include "resolver/zones/serial.h"

namespace vouch {

namespace {

constexpr std::size_t kMaxRequest = 1024;  // two names, a SOA; the signature comes on top

std::unexpected<TransferError> fail(TransferFault fault, std::string text) {
  return std::unexpected(TransferError{fault, std::move(text)});
}

// A request that has been sent.
struct Sent {
  std::uint16_t id = 0;
  std::optional<TsigSession> signing;
  TsigSession* session() noexcept { return signing ? &*signing : nullptr; }
};

TransferError stream_error(const StreamMessage& message) {
  using Status = StreamMessage::Status;
  switch (message.status) {
    case Status::timeout:
      return {TransferFault::timeout, "no message in time"};
    case Status::closed:
      return {TransferFault::unreachable, "the server closed the connection"};
    default:
      return {TransferFault::unreachable, message.why.empty() ? "no connection" : message.why};
  }
}

class Fetching {
 public:
  Fetching(const TransferOrder& order, const TransferParts& parts)
      : order_(order), parts_(parts), end_(parts.clock.monotonic() + order.patience.whole) {}

  Task<TransferResult> run() {
    std::unique_ptr<MessageStream> stream = parts_.dialer.dial(order_.primary.address);
    if (!order_.base) { co_return co_await fetch(*stream, false); }
    const std::expected<std::uint32_t, TransferError> serial = co_await ask_serial(*stream);
    if (!serial) { co_return std::unexpected(serial.error()); }
    const std::uint32_t ours = order_.base->serial();
    if (*serial == ours) { co_return Transfer(); }
    if (!is_later_serial(*serial, ours)) {
      co_return fail(TransferFault::behind,
                     "serial " + std::to_string(*serial) + " is older than ours, " + std::to_string(ours));
    }
    if (order_.primary.incremental) {
      TransferResult changes = co_await fetch(*stream, true);
      if (changes || !is_worth_the_whole(changes.error().fault)) { co_return changes; }
      stream = parts_.dialer.dial(order_.primary.address);  // the old one may be in the midst of something
    }
    co_return co_await fetch(*stream, false);
  }

 private:
  // Whether the whole zone may come where the differences did not. A dead, slow or lying server is not asked again.
  static bool is_worth_the_whole(TransferFault fault) noexcept {
    return fault == TransferFault::refused || fault == TransferFault::malformed ||
           fault == TransferFault::out_of_order || fault == TransferFault::unfitting ||
           fault == TransferFault::too_large;
  }

  Instant deadline() const { return std::min(end_, parts_.clock.monotonic() + order_.patience.message); }

  // Writes, signs and sends a request. `soa`: for IXFR, ours, which goes into the authority section.
  std::optional<Sent> send(MessageStream& stream, Type type) {
    Sent sent;
    sent.id = parts_.random.next16();
    std::array<Octet, kMaxRequest> room;
    MessageWriter writer(room, room.size());
    writer.header(sent.id, HeaderFlags{});
    writer.question(order_.zone, type, Class::IN);
    if (type == Type::IXFR) {
      const ZoneRecord soa = order_.base->soa_record();
      if (!writer.record(Section::authority, soa.owner, Type::SOA, Class::IN, soa.ttl, soa.rdata)) {
        return std::nullopt;
      }
    }
    const Bytes written = writer.finish();
    Buffer message(written.begin(), written.end());
    if (order_.primary.key != nullptr) {
      sent.signing.emplace(order_.primary.key);
      if (!sent.signing->sign(message, parts_.clock.wall())) { return std::nullopt; }
    }
    stream.send(message);
    return sent;
  }

  Task<std::expected<std::uint32_t, TransferError>> ask_serial(MessageStream& stream) {
    std::optional<Sent> sent = send(stream, Type::SOA);
    if (!sent) { co_return fail(TransferFault::tsig, "the request cannot be signed"); }
    const StreamMessage came = co_await stream.receive(deadline());
    if (came.status != StreamMessage::Status::ok) { co_return std::unexpected(stream_error(came)); }
    co_return read_serial(came.message, *sent);
  }

  std::expected<std::uint32_t, TransferError> read_serial(Bytes message, Sent& sent) const {
    const auto view = MessageView::parse(message);
    if (!view) { return fail(TransferFault::malformed, "no DNS message in answer to SOA"); }
    if (TsigSession* const session = sent.session(); session != nullptr) {
      auto verified = session->verify(*view, parts_.clock.wall());
      if (!verified) { return fail(TransferFault::tsig, std::move(verified.error())); }
    }
    const auto& question = view->question();
    const bool fits = view->header().qr() && view->header().id() == sent.id && question &&
                      question->type == Type::SOA && equals_name(message, question->name, order_.zone);
    if (!fits) { return fail(TransferFault::malformed, "a message that answers something else"); }
    if (view->rcode() != Rcode::no_error) {
      return fail(TransferFault::refused, "the server says " + std::string(rcode_text(view->rcode())) + " to SOA");
    }
    for (const RecordAt& record : view->records()) {
      const bool is_soa = record.section == Section::answer && record.type == Type::SOA && record.rclass == Class::IN &&
                          view->owner_is(record, order_.zone);
      if (!is_soa) { continue; }
      Buffer rdata;
      view->append_rdata(record, rdata);
      return soa_view(rdata).serial;
    }
    return fail(TransferFault::refused, "the server does not know the zone");
  }

  Task<TransferResult> fetch(MessageStream& stream, bool incremental) {
    const ZonePtr base = incremental ? order_.base : nullptr;
    std::optional<Sent> sent = send(stream, incremental ? Type::IXFR : Type::AXFR);
    if (!sent) { co_return fail(TransferFault::tsig, "the request cannot be signed"); }
    TransferReader reader(order_.zone, base.get(), sent->id, order_.limits, sent->session());
    for (;;) {
      const StreamMessage came = co_await stream.receive(deadline());
      if (came.status != StreamMessage::Status::ok) { co_return std::unexpected(stream_error(came)); }
      const std::expected<bool, TransferError> is_over = reader.take(came.message, parts_.clock.wall());
      if (!is_over) { co_return std::unexpected(is_over.error()); }
      if (*is_over) { break; }
    }
    co_return reader.finish();
  }

  const TransferOrder& order_;
  const TransferParts parts_;
  const Instant end_;
};

}  // namespace

Task<TransferResult> transfer(TransferOrder order, TransferParts parts) {
  Fetching fetching(order, parts);
  co_return co_await fetching.run();
}

}  // namespace vouch
