#include "transports/quic/address_tokens.h"

namespace vouch {

namespace {

Bytes written(const AddressTokens::Room& room, ngtcp2_ssize length) noexcept {
  return length > 0 ? Bytes(room.data(), static_cast<std::size_t>(length)) : Bytes();
}

}  // namespace

Bytes AddressTokens::make_retry(const ngtcp2_addr& client, const ConnectionId& ours, const ConnectionId& original,
                                std::uint64_t now, Room& room) const noexcept {
  const ngtcp2_cid our_id = ours.raw();
  const ngtcp2_cid original_id = original.raw();
  return written(room,
                 ngtcp2_crypto_generate_retry_token(room.data(), secret_.data(), secret_.size(), NGTCP2_PROTO_VER_V1,
                                                    client.addr, client.addrlen, &our_id, &original_id, now));
}

Bytes AddressTokens::make_visit(const ngtcp2_addr& client, std::uint64_t now, Room& room) const noexcept {
  return written(room, ngtcp2_crypto_generate_regular_token(room.data(), secret_.data(), secret_.size(), client.addr,
                                                            client.addrlen, now));
}

AddressTokens::Found AddressTokens::read(const ngtcp2_pkt_hd& initial, const ngtcp2_addr& client,
                                         std::uint64_t now) const noexcept {
  const Bytes token = token_of(initial);
  if (token.empty()) { return {}; }
  if (token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY) {
    ngtcp2_cid original{};
    const int error =
        ngtcp2_crypto_verify_retry_token(&original, token.data(), token.size(), secret_.data(), secret_.size(),
                                         initial.version, client.addr, client.addrlen, &initial.dcid, kRetryLife, now);
    if (error != 0) { return {.kind = Kind::wrong_retry, .original = {}}; }
    return {.kind = Kind::retry, .original = ConnectionId(original)};
  }
  if (token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_REGULAR &&
      ngtcp2_crypto_verify_regular_token(token.data(), token.size(), secret_.data(), secret_.size(), client.addr,
                                         client.addrlen, kVisitLife, now) == 0) {
    return {.kind = Kind::visit, .original = {}};
  }
  return {};
}

}  // namespace vouch
