#include "transports/quic/stateless_replies.h"

namespace vouch {

namespace {

// RFC 9000 section 10.3.3 asks for a bound. After a restart every client of ours needs one, once.
constexpr double kResetBurst = 1000;
constexpr double kResetsPerSecond = 100;

// Version offers and refusals: whoever floods us needs no answer, each of which is an encryption and a packet.
constexpr double kRefusalBurst = 1000;
constexpr double kRefusalsPerSecond = 500;

// RFC 9000 section 10.3: no shorter than this, or it could not be taken for a packet; 43 octets look like a small one.
constexpr std::size_t kLeastReset = NGTCP2_MIN_STATELESS_RESET_RANDLEN + NGTCP2_STATELESS_RESET_TOKENLEN;
constexpr std::size_t kUsualReset = 43;

}  // namespace

StatelessReplies::StatelessReplies(QuicHome& home, Instant now)
    : home_(home), resets_(kResetBurst, kResetsPerSecond, now), refusals_(kRefusalBurst, kRefusalsPerSecond, now) {}

void StatelessReplies::send(ngtcp2_ssize written, const QuicInbox::Datagram& datagram) {
  if (written <= 0 || static_cast<std::size_t>(written) > datagram.octets.size()) { return; }
  const ngtcp2_path path{.local = datagram.local.ref(), .remote = datagram.client->ref(), .user_data = nullptr};
  home_.counters.quic.octets_sent.add(static_cast<std::uint64_t>(written));
  home_.outbox().add(static_cast<std::size_t>(written), path, 0);
}

void StatelessReplies::offer_versions(const ngtcp2_version_cid& asked, const QuicInbox::Datagram& datagram,
                                      Instant now) {
  if (datagram.octets.size() < kLeastInitial || !refusals_.take(1, now)) { return; }
  constexpr std::uint32_t kVersions[] = {NGTCP2_PROTO_VER_V1};
  const MutableBytes room = home_.outbox().room();
  send(ngtcp2_pkt_write_version_negotiation(room.data(), QuicOutbox::kPacket, u8(home_.random.below(256)), asked.scid,
                                            asked.scidlen, asked.dcid, asked.dcidlen, kVersions, std::size(kVersions)),
       datagram);
}

// Not bounded: it costs less than what it keeps away, and is a tenth of what it answers.
void StatelessReplies::ask_for_address(const ngtcp2_pkt_hd& initial, const QuicInbox::Datagram& datagram) {
  const ConnectionId ours = ConnectionId::make(home_.random, home_.setup.worker, home_.setup.workers);
  AddressTokens::Room token_room;
  const Bytes token =
      home_.tokens.make_retry(datagram.client->ref(), ours, ConnectionId(initial.dcid), since_1970(), token_room);
  if (token.empty()) { return; }
  const ngtcp2_cid our_id = ours.raw();
  const MutableBytes room = home_.outbox().room();
  send(ngtcp2_crypto_write_retry(room.data(), QuicOutbox::kPacket, initial.version, &initial.scid, &our_id,
                                 &initial.dcid, token.data(), token.size()),
       datagram);
}

void StatelessReplies::refuse(const ngtcp2_pkt_hd& initial, std::uint64_t code, const QuicInbox::Datagram& datagram,
                              Instant now) {
  if (!refusals_.take(1, now)) { return; }
  const MutableBytes room = home_.outbox().room();
  send(ngtcp2_crypto_write_connection_close(room.data(), QuicOutbox::kPacket, initial.version, &initial.scid,
                                            &initial.dcid, code, nullptr, 0),
       datagram);
}

void StatelessReplies::reset(const ConnectionId& id, const QuicInbox::Datagram& datagram, Instant now) {
  // Shorter than what it answers, so that two who know nothing of each other's connections fall silent.
  const std::size_t length = std::min(datagram.octets.size() - 1, kUsualReset);
  if (length < kLeastReset || !resets_.take(1, now)) { return; }
  const ngtcp2_cid raw = id.raw();
  std::array<Octet, NGTCP2_STATELESS_RESET_TOKENLEN> token;
  std::array<Octet, kUsualReset> noise;
  const Bytes secret = home_.setup.secrets.reset;
  if (ngtcp2_crypto_generate_stateless_reset_token(token.data(), secret.data(), secret.size(), &raw) != 0) { return; }
  home_.random.fill(noise);
  const MutableBytes room = home_.outbox().room();
  send(ngtcp2_pkt_write_stateless_reset(room.data(), QuicOutbox::kPacket, token.data(), noise.data(),
                                        length - token.size()),
       datagram);
}

}  // namespace vouch
