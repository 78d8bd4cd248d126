#include "transports/dns_stream_session.h"

namespace vouch {

namespace {
// A hundred connections that all send without pause then still leave UDP a turn every few milliseconds.
constexpr int kMessagesPerTurn = 32;
}  // namespace

StreamSession::Taken DnsStreamSession::take(Bytes fresh) {
  std::size_t used = 0;
  bool has_completed = false;
  bool is_abuse = false;
  framer_.add(fresh);
  for (int left = kMessagesPerTurn; left > 0 && !is_abuse && may_take(); --left) {
    const auto message = framer_.next();
    if (!message) { break; }
    has_completed = true;
    is_abuse = message->empty();  // 32,767 of them fit in one read, and no protocol of ours sends one
    if (!is_abuse) { used = serve(*message, used); }
  }
  framer_.settle();
  write({home().scratch.output.data(), used});
  if (is_abuse) { abuse(); }
  return {has_completed, has_completed};
}

// Returns how much of the scratch output is used now.
std::size_t DnsStreamSession::serve(Bytes message, std::size_t used) {
  auto& output = home().scratch.output;
  if (output.size() - used < StreamScratch::kAnswer) {
    write({output.data(), used});
    used = 0;
  }
  Octet* const frame = output.data() + used;
  Room room(*this, {frame + LengthFramer::kPrefix, LengthFramer::kMaxMessage}, 0);
  const std::size_t octets = home().sink.answer({message, ends().client, ends().local, home().protocol}, room);
  if (octets == 0 || octets > LengthFramer::kMaxMessage) { return used; }
  store16(frame, u16(octets));
  return used + LengthFramer::kPrefix + octets;
}

void DnsStreamSession::answer_late(Tag, Bytes message) {
  if (message.size() > LengthFramer::kMaxMessage) { return; }
  if (has_no_room_for(late_.size() + LengthFramer::kPrefix + message.size())) { send_late(); }
  if (is_closed()) { return; }
  if (has_no_room_for(late_.size() + LengthFramer::kPrefix + message.size())) {
    abuse();  // it asked for all this and reads none of it
    return;
  }
  append_frame(late_, message);
  wake_at_end_of_turn();
}

void DnsStreamSession::send_late() {
  const Buffer octets = std::exchange(late_, {});
  write(octets);
}

}  // namespace vouch
